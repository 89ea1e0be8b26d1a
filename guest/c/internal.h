/* What the parts of the helper have in common. */
#ifndef LINKMEND_INTERNAL_H
#define LINKMEND_INTERNAL_H

#include "linkmend.h"

/* A list that grows: `list` is one of the interface, with ptr and len. */
#define PUSH(list, capacity, item)                                                             \
  do {                                                                                         \
    if ((list).len == (capacity)) {                                                            \
      (capacity) = (capacity) ? 2 * (capacity) : 16;                                           \
      void *grown = malloc((capacity) * sizeof *(list).ptr);                                   \
      if ((list).len) memcpy(grown, (list).ptr, (list).len * sizeof *(list).ptr);              \
      (list).ptr = grown;                                                                      \
    }                                                                                          \
    (list).ptr[(list).len++] = (item);                                                         \
  } while (0)

/* The keys of the spans of a batch, span by span. */
struct lm_keys {
  span_rule_list_list_string_t messages;
  size_t capacity;
  /* Where those of this span begin, and how many more it named. */
  size_t first;
  uint32_t left_out;
};

/* The edits of a span go straight into the verdict. */
struct lm_edits {
  linkmend_rule_types_verdict_t *verdict;
  size_t edits, attributes, notes, deferrals, awaited, texts;
  const lm_span_t *span;
  uint32_t number;
  /* Where its edits begin. */
  size_t first;
};

/* The span that is looked at, for what is said of a failure. */
extern const lm_span_t *lm_at;

/* The configuration: what is wrong with it, once that is known. */
struct lm_config {
  struct {
    lm_text_t key;
    /* Where its value begins; the JSON of it. */
    lm_text_t value;
    bool is_taken;
  } *members;
  size_t count;
  const char *fault;
};

lm_config_t lm_config_read(lm_text_t json);
/* What is wrong with it; NULL when nothing is. */
const char *lm_config_done(lm_config_t *config);

/* Texts one after the other, until an end of NULL. */
const char *lm_joined(const char *first, ...);
bool lm_is_text(lm_text_t text, const char *other);

#endif
