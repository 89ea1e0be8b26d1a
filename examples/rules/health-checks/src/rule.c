/* Drops links that point at spans of health checks. See README.md. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "paths.h"
#include "span_rule.h"

/* The names that the bindings make of the interface are long. */
typedef exports_linkmend_rule_spans_span_t span_t;
typedef exports_linkmend_rule_spans_link_t link_t;
typedef exports_linkmend_rule_spans_list_span_t spans_t;
typedef linkmend_rule_index_producer_t producer_t;
typedef linkmend_rule_index_list_message_key_t keys_t;
typedef linkmend_rule_types_edit_t edit_t;

#define REMEMBER LINKMEND_RULE_TYPES_TASKS_REMEMBER
#define MEND LINKMEND_RULE_TYPES_TASKS_MEND

#define SERVER 2
#define CLIENT 3

/* What a key is made of: the family, the trace id and the span id. */
#define PARTS 3
#define TRACE_DIGITS 32
#define SPAN_DIGITS 16

#define TEXT(literal) {(uint8_t *)(literal), sizeof(literal) - 1}

static span_rule_string_t attributes[] = {
    TEXT("url.path"),
    TEXT("http.route"),
    TEXT("http.target"),
};

/* The keys of a batch: of the health checks in it, and behind them of the spans
 * that its links point at. */
typedef struct {
  span_rule_list_string_t *messages;
  size_t count;
} asked_t;

/* ---- who it is, and what it wants ---- */

void exports_linkmend_rule_lifecycle_describe(linkmend_rule_types_about_t *about) {
  static const linkmend_rule_types_about_t ABOUT = {
      .name = TEXT("health-checks"),
      .version = TEXT("1.0.0"),
      .summary = TEXT("Drops links that point at spans of health checks."),
  };
  *about = ABOUT;
  memory_release();
}

bool exports_linkmend_rule_lifecycle_configure(span_rule_string_t *config,
                                               linkmend_rule_types_plan_t *plan,
                                               span_rule_string_t *fault) {
  const char *text = paths_configure((const char *)config->ptr, config->len);
  memset(plan, 0, sizeof *plan);
  span_rule_list_string_t all = {attributes, sizeof attributes / sizeof *attributes};
  plan->selector.attribute_keys = all;
  plan->selector.with_links = true;
  plan->uses_index = true;
  plan->reads = all;
  if (text != NULL) {
    span_rule_string_set(fault, text);
  }
  memory_release();
  return text == NULL;
}

/* ---- what it looks at ---- */

/* Its attributes are those that it reads, and no others. */
static bool is_health_check(const span_t *span) {
  if (span->kind != SERVER && span->kind != CLIENT) {
    return false;
  }
  for (size_t i = 0; i < span->attributes.len; i++) {
    const exports_linkmend_rule_spans_value_t *value = &span->attributes.ptr[i].value;
    if (value->tag == EXPORTS_LINKMEND_RULE_SPANS_VALUE_TEXT &&
        paths_match((const char *)value->val.text.ptr, value->val.text.len)) {
      return true;
    }
  }
  return false;
}

static bool are_valid(uint64_t high, uint64_t low, uint64_t span_id) {
  return (high | low) != 0 && span_id != 0;
}

static bool is_known(const span_t *span) {
  return are_valid(span->trace_id_high, span->trace_id_low, span->span_id) && is_health_check(span);
}

static bool points_somewhere(const link_t *link) {
  return are_valid(link->trace_id_high, link->trace_id_low, link->span_id);
}

/* ---- keys ---- */

static uint8_t *put_hex(uint8_t *at, uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4) {
    *at++ = (uint8_t) "0123456789abcdef"[(number >> shift) & 15];
  }
  return at;
}

static void ask(asked_t *asked, uint64_t high, uint64_t low, uint64_t span_id) {
  static const span_rule_string_t FAMILY = TEXT("health-check");
  uint8_t *digits = malloc(TRACE_DIGITS + SPAN_DIGITS);
  put_hex(put_hex(put_hex(digits, high), low), span_id);
  span_rule_string_t *parts = malloc(PARTS * sizeof *parts);
  parts[0] = FAMILY;
  parts[1] = (span_rule_string_t){digits, TRACE_DIGITS};
  parts[2] = (span_rule_string_t){digits + TRACE_DIGITS, SPAN_DIGITS};
  asked->messages[asked->count++] = (span_rule_list_string_t){parts, PARTS};
}

/* ---- what it does ---- */

/* Adds the health checks among the spans; their keys come first. */
static bool remember(const spans_t *spans, const keys_t *keys, size_t checks) {
  if (checks == 0) {
    return true;
  }
  producer_t *producers = malloc(checks * sizeof *producers);
  size_t count = 0;
  for (size_t i = 0; i < spans->len; i++) {
    const span_t *span = &spans->ptr[i];
    if (!is_known(span)) {
      continue;
    }
    producers[count] = (producer_t){
        .key = keys->ptr[count],
        .trace_id_high = span->trace_id_high,
        .trace_id_low = span->trace_id_low,
        .span_id = span->span_id,
        .start = span->start_time_unix_nano,
        .end = span->end_time_unix_nano,
        .flags = span->flags,
    };
    count++;
  }
  linkmend_rule_index_list_producer_t list = {producers, count};
  span_rule_list_u8_t no_texts = {NULL, 0};
  linkmend_rule_index_index_error_t error;
  return linkmend_rule_index_remember(&list, &no_texts, &error);
}

/* Drops the links whose targets are known; their keys are the last ones. */
static bool drop_links(const spans_t *spans, const keys_t *keys, size_t checks,
                       linkmend_rule_types_list_edit_t *edits) {
  keys_t of_links = {keys->ptr + checks, keys->len - checks};
  if (of_links.len == 0) {
    return true;
  }
  linkmend_rule_index_recalled_t recalled;
  linkmend_rule_index_index_error_t error;
  if (!linkmend_rule_index_recall(&of_links, &recalled, &error)) {
    return false;
  }
  edits->ptr = malloc(of_links.len * sizeof *edits->ptr);
  size_t asked = 0;
  for (size_t i = 0; i < spans->len; i++) {
    for (size_t j = 0; j < spans->ptr[i].links.len; j++) {
      if (!points_somewhere(&spans->ptr[i].links.ptr[j])) {
        continue;
      }
      if (recalled.counts.ptr[asked++] > 0) {
        edits->ptr[edits->len++] = (edit_t){
            .span = (uint32_t)i,
            .link = (uint32_t)j,
            .action = LINKMEND_RULE_TYPES_ACTION_DROP_LINK,
            .reason = LINKMEND_RULE_TYPES_DROP_REASON_UNWANTED,
        };
      }
    }
  }
  return true;
}

/* Asks for the keys of health checks, when they are to be remembered, and for
 * those of links, when they are to be mended. */
static size_t ask_all(asked_t *asked, const spans_t *spans, linkmend_rule_types_tasks_t tasks) {
  size_t links = 0;
  for (size_t i = 0; i < spans->len; i++) {
    links += spans->ptr[i].links.len;
  }
  asked->messages = malloc((spans->len + links) * sizeof *asked->messages);
  for (size_t i = 0; tasks & REMEMBER && i < spans->len; i++) {
    const span_t *span = &spans->ptr[i];
    if (is_known(span)) {
      ask(asked, span->trace_id_high, span->trace_id_low, span->span_id);
    }
  }
  size_t checks = asked->count;
  for (size_t i = 0; tasks & MEND && i < spans->len; i++) {
    for (size_t j = 0; j < spans->ptr[i].links.len; j++) {
      const link_t *link = &spans->ptr[i].links.ptr[j];
      if (points_somewhere(link)) {
        ask(asked, link->trace_id_high, link->trace_id_low, link->span_id);
      }
    }
  }
  return checks;
}

bool exports_linkmend_rule_spans_process(linkmend_rule_types_tasks_t tasks,
                                         exports_linkmend_rule_spans_traces_t *traces,
                                         linkmend_rule_types_verdict_t *verdict,
                                         span_rule_string_t *fault) {
  memset(verdict, 0, sizeof *verdict);
  asked_t asked = {NULL, 0};
  size_t checks = ask_all(&asked, &traces->spans, tasks);
  bool is_well = true;
  if (asked.count > 0) {
    span_rule_list_list_string_t messages = {asked.messages, asked.count};
    keys_t keys;
    linkmend_rule_index_hash(&messages, &keys);
    is_well = remember(&traces->spans, &keys, checks) &&
              drop_links(&traces->spans, &keys, checks, &verdict->edits);
  }
  if (!is_well) {
    span_rule_string_set(fault, "the message index does not answer");
  }
  memory_release();
  return is_well;
}
