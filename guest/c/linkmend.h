/* What a link rule for linkmend is written with in C.
 *
 * A rule defines lm_about and the functions below it; linkmend shows it the spans that
 * it wants, and the rule says what is to become of their links. There is no libc:
 * malloc gives memory until the call is over, and nothing has to be freed. What is
 * below is the world `span-rule` of wit/rule.wit. */
#ifndef LINKMEND_H
#define LINKMEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "span_rule.h"

typedef span_rule_string_t lm_text_t;
typedef exports_linkmend_rule_spans_value_t lm_value_t;
typedef exports_linkmend_rule_spans_link_t lm_link_t;
typedef linkmend_rule_index_producer_t lm_producer_t;

/* Span kinds, with OTLP's numbers. */
enum { LM_INTERNAL = 1, LM_SERVER, LM_CLIENT, LM_PRODUCER, LM_CONSUMER };

/* A span: `raw` has all of it, its links as well. */
typedef struct {
  const exports_linkmend_rule_spans_span_t *raw;
  const exports_linkmend_rule_spans_origin_t *origin;
} lm_span_t;

/* What a span names: see lm_add_key and lm_add_ids. */
typedef struct lm_keys lm_keys_t;

/* A key that a span awaits, and the producers that are known of it, best first. */
typedef struct {
  const lm_producer_t *producers;
  size_t count;
} lm_message_t;

/* What is to become of the links of a span. */
typedef struct lm_edits lm_edits_t;

/* Why a link is dropped, and why one is not there. */
typedef linkmend_rule_types_drop_reason_t lm_reason_t;
typedef linkmend_rule_types_note_kind_t lm_note_t;

typedef struct lm_config lm_config_t;

/* ---- what a rule defines ---- */

typedef struct {
  const char *name, *version, *summary;
} lm_about_t;

/* Who it is. The name has 1 to 64 of `a-z 0-9 - _ .`. */
extern const lm_about_t lm_about;

/* Which spans it is shown, and what of them. All that is missing is 0. */
typedef struct {
  /* Spans of these kinds: 1 << LM_CONSUMER | ... */
  uint8_t kinds;
  /* Spans with an attribute of one of these keys; lists end with NULL. */
  const char *const *attributes;
  const char *const *prefixes;
  /* Spans that have links. */
  bool with_links;
  /* Attributes that it reads beside them; a last `*` stands for any ending. */
  const char *const *reads;
} lm_wants_t;

/* Takes the configuration; keys that it does not ask for are refused. */
void lm_configure(lm_config_t *config);
/* Called once, after lm_configure. */
lm_wants_t lm_wants(void);
/* Names what this span brought into being: a job, a request. */
void lm_produces(const lm_span_t *span, lm_keys_t *keys);
/* Names what this span works off, or was caused by. */
void lm_awaits(const lm_span_t *span, lm_keys_t *keys);
/* Says what is to become of the links of a span. There is a message for each key that
 * lm_awaits named, in their order. */
void lm_mend(const lm_span_t *span, const lm_message_t *found, size_t count, lm_edits_t *edits);

/* ---- what it is given ---- */

/* A text that is not empty, of the configuration; `missing` where the key is not there. */
const char *lm_config_text(lm_config_t *config, const char *key, const char *missing);
/* true or false. */
bool lm_config_flag(lm_config_t *config, const char *key, bool missing);

/* The value of an attribute that the rule reads; NULL where the span does not have it. */
const lm_value_t *lm_attribute(const lm_span_t *span, const char *key);

/* Names something by one id. One that is empty names nothing. */
void lm_add_key(lm_keys_t *keys, const char *family, lm_text_t id);
/* Names something by each id in a value: a text, an integer, an array of them. */
void lm_add_ids(lm_keys_t *keys, const char *family, const lm_value_t *value);

/* The producer that started last, but not after the span. NULL when there is none. */
const lm_producer_t *lm_nearest(const lm_span_t *span, const lm_message_t *message);

/* Appends a link with one attribute. It does nothing when the span has one to there, when
 * it would point at the span itself, and when `producer` is NULL. */
void lm_link(lm_edits_t *edits, const lm_producer_t *producer, const char *key, const char *value);
/* Removes a link of the span, by its number. */
void lm_drop(lm_edits_t *edits, size_t link, lm_reason_t reason);
/* Counts a reason why a link is not there; linkmend reports how often. */
void lm_note(lm_edits_t *edits, lm_note_t kind, uint32_t count);

/* ---- what it says ---- */

/* A line for its author: `linkmend rule test` and its like show it. */
void lm_say(const char *text);
void lm_say_text(const char *before, lm_text_t text);
void lm_say_number(const char *before, int64_t number);

/* Fails on the batch, and says where and why. */
#define LM_FAIL(why) lm_fail(__FILE__, __LINE__, why)
#define LM_CHECK(is) ((is) ? (void)0 : LM_FAIL("LM_CHECK(" #is ")"))
_Noreturn void lm_fail(const char *file, int line, const char *why);

/* A text of C, as the interface wants it. */
lm_text_t lm_text(const char *text);

#endif
