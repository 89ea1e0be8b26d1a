/* {{name}}: links every piece of work to the span that created it.
 *
 * Both carry the same id in an attribute: a request that creates a job, say, and the job
 * itself, hours later and in a trace of its own. */
#include "linkmend.h"

const lm_about_t lm_about = {
    .name = "{{name}}",
    .version = "0.1.0",
    .summary = "Links the spans that work a job off to the span that created it.",
};

/* The attribute with the id of the job. */
static const char *attribute;

/* Keys that are not asked for here are refused, by name. */
void lm_configure(lm_config_t *config) {
  attribute = lm_config_text(config, "attribute", "job.id");
}

lm_wants_t lm_wants(void) {
  static const char *attributes[2];
  attributes[0] = attribute;
  return (lm_wants_t){.attributes = attributes};
}

void lm_produces(const lm_span_t *span, lm_keys_t *keys) {
  int32_t kind = span->raw->kind;
  if (kind == LM_PRODUCER || kind == LM_CLIENT || kind == LM_SERVER) {
    lm_add_ids(keys, "job", lm_attribute(span, attribute));
  }
}

void lm_awaits(const lm_span_t *span, lm_keys_t *keys) {
  if (span->raw->kind == LM_CONSUMER || span->raw->kind == LM_INTERNAL) {
    lm_add_ids(keys, "job", lm_attribute(span, attribute));
  }
}

void lm_mend(const lm_span_t *span, const lm_message_t *found, size_t count, lm_edits_t *edits) {
  for (size_t i = 0; i < count; i++) {
    lm_link(edits, lm_nearest(span, &found[i]), "link.type", "triggered_by");
  }
}
