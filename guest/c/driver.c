/* What calls a rule: one batch, one call of the index for each of hashing, remembering
 * and looking up. */
#include "internal.h"
#include "memory.h"

/* How much later than the span its producer may seem to start, in nanoseconds. */
#define CLOCK_SKEW 5000000000u
/* The messages of one span that are looked at. */
#define MOST_KEYS 1024u

typedef exports_linkmend_rule_spans_traces_t traces_t;
typedef linkmend_rule_types_tasks_t tasks_t;
typedef linkmend_rule_index_list_message_key_t hashes_t;

static lm_wants_t wants;

/* ---- who it is, and what it wants ---- */

void exports_linkmend_rule_lifecycle_describe(linkmend_rule_types_about_t *about) {
  about->name = lm_text(lm_about.name);
  about->version = lm_text(lm_about.version);
  about->summary = lm_text(lm_about.summary);
  memory_release();
}

static void add(span_rule_list_string_t *list, const char *const *texts, const char *ending) {
  size_t capacity = list->len;
  for (; texts != NULL && *texts != NULL; texts++) {
    PUSH(*list, capacity, lm_text(lm_joined(*texts, ending, NULL)));
  }
}

bool exports_linkmend_rule_lifecycle_configure(span_rule_string_t *json,
                                               linkmend_rule_types_plan_t *plan,
                                               span_rule_string_t *fault) {
  static const char *const TYPE[] = {"link.type", NULL};
  lm_config_t config = lm_config_read(*json);
  lm_configure(&config);
  const char *text = lm_config_done(&config);
  memset(plan, 0, sizeof *plan);
  if (text != NULL) {
    *fault = lm_text(text);
  } else {
    wants = lm_wants();
    plan->selector.kinds = wants.kinds;
    plan->selector.with_links = wants.with_links;
    add(&plan->selector.attribute_keys, wants.attributes, "");
    add(&plan->selector.attribute_prefixes, wants.prefixes, "");
    add(&plan->reads, wants.attributes, "");
    add(&plan->reads, wants.prefixes, "*");
    add(&plan->reads, wants.reads, "");
    add(&plan->reads, TYPE, "");
    plan->uses_index = true;
    plan->type_attribute = lm_text("link.type");
  }
  memory_release();
  return text == NULL;
}

/* ---- what a rule is given ---- */

const lm_value_t *lm_attribute(const lm_span_t *span, const char *key) {
  for (size_t i = 0; i < span->raw->attributes.len; i++) {
    if (lm_is_text(span->raw->attributes.ptr[i].key, key)) {
      return &span->raw->attributes.ptr[i].value;
    }
  }
  return NULL;
}

void lm_add_key(lm_keys_t *keys, const char *family, lm_text_t id) {
  if (id.len == 0) {
    return;
  }
  if (keys->messages.len - keys->first == MOST_KEYS) {
    keys->left_out++;
    return;
  }
  span_rule_string_t *parts = malloc(2 * sizeof *parts);
  parts[0] = lm_text(family);
  parts[1] = id;
  span_rule_list_string_t message = {parts, 2};
  PUSH(keys->messages, keys->capacity, message);
}

static lm_text_t decimal(int64_t number) {
  uint8_t *digits = malloc(20), *at = digits + 20;
  uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
  do {
    *--at = (uint8_t)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (number < 0) {
    *--at = '-';
  }
  return (lm_text_t){at, (size_t)(digits + 20 - at)};
}

void lm_add_ids(lm_keys_t *keys, const char *family, const lm_value_t *value) {
  switch (value == NULL ? EXPORTS_LINKMEND_RULE_SPANS_VALUE_OTHER : value->tag) {
  case EXPORTS_LINKMEND_RULE_SPANS_VALUE_TEXT:
    lm_add_key(keys, family, value->val.text);
    break;
  case EXPORTS_LINKMEND_RULE_SPANS_VALUE_INTEGER:
    lm_add_key(keys, family, decimal(value->val.integer));
    break;
  case EXPORTS_LINKMEND_RULE_SPANS_VALUE_TEXTS:
    for (size_t i = 0; i < value->val.texts.len; i++) {
      lm_add_key(keys, family, value->val.texts.ptr[i]);
    }
    break;
  case EXPORTS_LINKMEND_RULE_SPANS_VALUE_INTEGERS:
    for (size_t i = 0; i < value->val.integers.len; i++) {
      lm_add_key(keys, family, decimal(value->val.integers.ptr[i]));
    }
    break;
  }
}

static bool is_early(const lm_span_t *span, const lm_producer_t *producer) {
  return producer->start <= span->raw->start_time_unix_nano + CLOCK_SKEW;
}

static bool is_span(const lm_span_t *span, const lm_producer_t *producer) {
  return producer->trace_id_high == span->raw->trace_id_high &&
         producer->trace_id_low == span->raw->trace_id_low &&
         producer->span_id == span->raw->span_id;
}

const lm_producer_t *lm_nearest(const lm_span_t *span, const lm_message_t *message) {
  const lm_producer_t *nearest = NULL;
  for (size_t i = 0; i < message->count; i++) {
    const lm_producer_t *producer = &message->producers[i];
    if (is_early(span, producer) && !is_span(span, producer) &&
        (nearest == NULL || producer->start > nearest->start)) {
      nearest = producer;
    }
  }
  return nearest;
}

/* ---- one batch ---- */

typedef struct {
  lm_span_t *spans;
  size_t count;
  /* The keys of span i are those from ends[i - 1] on, up to ends[i]. */
  lm_keys_t keys;
  size_t *ends;
  uint32_t *left_out;
} named_t;

typedef void naming_t(const lm_span_t *span, lm_keys_t *keys);

static named_t name(lm_span_t *spans, size_t count, naming_t *naming) {
  named_t named = {.spans = spans, .count = count};
  named.ends = malloc(count * sizeof *named.ends);
  named.left_out = malloc(count * sizeof *named.left_out);
  for (size_t i = 0; i < count; i++) {
    named.keys.first = named.keys.messages.len;
    named.keys.left_out = 0;
    lm_at = &spans[i];
    naming(&spans[i], &named.keys);
    named.ends[i] = named.keys.messages.len;
    named.left_out[i] = named.keys.left_out;
  }
  lm_at = NULL;
  return named;
}

static size_t begin_of(const named_t *named, size_t span) {
  return span == 0 ? 0 : named->ends[span - 1];
}

static hashes_t hash(named_t *named) {
  hashes_t hashes = {NULL, 0};
  if (named->keys.messages.len > 0) {
    linkmend_rule_index_hash(&named->keys.messages, &hashes);
  }
  return hashes;
}

static bool is_valid(const lm_span_t *span) {
  return span->raw->span_id != 0 && (span->raw->trace_id_high | span->raw->trace_id_low) != 0;
}

static bool remember(lm_span_t *spans, size_t count) {
  named_t named = name(spans, count, lm_produces);
  hashes_t hashes = hash(&named);
  linkmend_rule_index_list_producer_t producers = {NULL, 0};
  size_t capacity = 0;
  for (size_t i = 0; i < count; i++) {
    for (size_t key = begin_of(&named, i); is_valid(&spans[i]) && key < named.ends[i]; key++) {
      lm_producer_t producer = {
          .key = hashes.ptr[key],
          .trace_id_high = spans[i].raw->trace_id_high,
          .trace_id_low = spans[i].raw->trace_id_low,
          .span_id = spans[i].raw->span_id,
          .start = spans[i].raw->start_time_unix_nano,
          .end = spans[i].raw->end_time_unix_nano,
          .flags = spans[i].raw->flags,
      };
      PUSH(producers, capacity, producer);
    }
  }
  span_rule_list_u8_t no_texts = {NULL, 0};
  linkmend_rule_index_index_error_t error;
  return producers.len == 0 || linkmend_rule_index_remember(&producers, &no_texts, &error);
}

/* What is known of each key; false when the index does not answer. */
static bool recall(hashes_t *hashes, lm_message_t **found) {
  *found = malloc(hashes->len * sizeof **found);
  if (hashes->len == 0) {
    return true;
  }
  linkmend_rule_index_recalled_t recalled;
  linkmend_rule_index_index_error_t error;
  if (!linkmend_rule_index_recall(hashes, &recalled, &error)) {
    return false;
  }
  const lm_producer_t *next = recalled.producers.ptr;
  for (size_t key = 0; key < hashes->len; key++) {
    /* 5 stands for more than the 4 that are given. */
    uint8_t given = recalled.counts.ptr[key] < 4 ? recalled.counts.ptr[key] : 4;
    (*found)[key] = (lm_message_t){next, given};
    next += given;
  }
  return true;
}

/* Only the span itself is no producer of what it awaits. */
static bool is_missing(const lm_span_t *span, const lm_message_t *message) {
  return message->count == 0 || (message->count == 1 && is_span(span, message->producers));
}

static void mend_span(named_t *named, size_t number, const hashes_t *hashes, lm_message_t *found,
                      tasks_t tasks, lm_edits_t *edits) {
  const lm_span_t *span = &named->spans[number];
  size_t begin = begin_of(named, number), end = named->ends[number];
  edits->span = span;
  edits->number = (uint32_t)number;
  edits->first = edits->verdict->edits.len;
  uint32_t missing = 0, late = 0;
  linkmend_rule_types_deferral_t deferral = {(uint32_t)number,
                                             (uint32_t)edits->verdict->keys.len, 0};
  bool defers = tasks & LINKMEND_RULE_TYPES_TASKS_DEFER;
  for (size_t key = begin; key < end; key++) {
    if (is_missing(span, &found[key])) {
      missing++;
      if (defers) {
        PUSH(edits->verdict->keys, edits->awaited, hashes->ptr[key]);
        deferral.key_count++;
      }
    } else {
      late += lm_nearest(span, &found[key]) == NULL;
    }
  }
  if (deferral.key_count > 0) {
    PUSH(edits->verdict->deferrals, edits->deferrals, deferral);
    return;
  }
  lm_note(edits, LINKMEND_RULE_TYPES_NOTE_KIND_UNRESOLVED, missing);
  lm_note(edits, LINKMEND_RULE_TYPES_NOTE_KIND_TOO_LATE, late);
  lm_note(edits, LINKMEND_RULE_TYPES_NOTE_KIND_TOO_MANY, named->left_out[number]);
  lm_at = span;
  lm_mend(span, found + begin, end - begin, edits);
  lm_at = NULL;
}

static bool mend(lm_span_t *spans, size_t count, tasks_t tasks,
                 linkmend_rule_types_verdict_t *verdict) {
  named_t named = name(spans, count, lm_awaits);
  hashes_t hashes = hash(&named);
  lm_message_t *found;
  if (!recall(&hashes, &found)) {
    return false;
  }
  lm_edits_t edits = {.verdict = verdict};
  for (size_t i = 0; i < count; i++) {
    mend_span(&named, i, &hashes, found, tasks, &edits);
  }
  return true;
}

bool exports_linkmend_rule_spans_process(tasks_t tasks, traces_t *traces,
                                         linkmend_rule_types_verdict_t *verdict,
                                         span_rule_string_t *fault) {
  memset(verdict, 0, sizeof *verdict);
  size_t count = traces->spans.len;
  lm_span_t *spans = malloc(count * sizeof *spans);
  for (size_t i = 0; i < count; i++) {
    spans[i].raw = &traces->spans.ptr[i];
    spans[i].origin = &traces->origins.ptr[spans[i].raw->origin];
  }
  bool is_well = true;
  if (tasks & LINKMEND_RULE_TYPES_TASKS_REMEMBER) {
    is_well = remember(spans, count);
  }
  if (is_well && tasks & LINKMEND_RULE_TYPES_TASKS_MEND) {
    is_well = mend(spans, count, tasks, verdict);
  }
  if (!is_well) {
    *fault = lm_text("the message index does not answer");
  }
  memory_release();
  return is_well;
}

/* The bindings want the object file with the types to be linked in; here `linkmend rule
 * component --wit` puts the types into the module. */
void __component_type_object_force_link_span_rule(void) {}
