/* What a rule answers for a span: whatever is asked for, linkmend can do it, and doing it
 * to its own output changes nothing. */
#include "internal.h"

#define MOST_LINKS 128
#define TRACE_FLAGS 0xffu
#define REMOTE 0x300u

typedef linkmend_rule_types_edit_t edit_t;

static linkmend_rule_types_text_t add_text(lm_edits_t *edits, lm_text_t text) {
  span_rule_list_u8_t *texts = &edits->verdict->texts;
  linkmend_rule_types_text_t place = {(uint32_t)texts->len, (uint32_t)text.len};
  for (size_t i = 0; i < text.len; i++) {
    PUSH(*texts, edits->texts, text.ptr[i]);
  }
  return place;
}

static const edit_t *of_link(const lm_edits_t *edits, size_t link) {
  for (size_t i = edits->first; i < edits->verdict->edits.len; i++) {
    const edit_t *edit = &edits->verdict->edits.ptr[i];
    if (edit->action == LINKMEND_RULE_TYPES_ACTION_DROP_LINK && edit->link == link) {
      return edit;
    }
  }
  return NULL;
}

static size_t count(const lm_edits_t *edits) {
  size_t links = edits->span->raw->links.len;
  for (size_t i = edits->first; i < edits->verdict->edits.len; i++) {
    bool drops = edits->verdict->edits.ptr[i].action == LINKMEND_RULE_TYPES_ACTION_DROP_LINK;
    links += drops ? -1 : 1;
  }
  return links;
}

static bool is_linked(const lm_edits_t *edits, const lm_producer_t *to) {
  for (size_t i = 0; i < edits->span->raw->links.len; i++) {
    const lm_link_t *link = &edits->span->raw->links.ptr[i];
    if (link->trace_id_high == to->trace_id_high && link->trace_id_low == to->trace_id_low &&
        link->span_id == to->span_id && of_link(edits, i) == NULL) {
      return true;
    }
  }
  for (size_t i = edits->first; i < edits->verdict->edits.len; i++) {
    const linkmend_rule_types_span_context_t *context = &edits->verdict->edits.ptr[i].context;
    if (context->trace_id_high == to->trace_id_high &&
        context->trace_id_low == to->trace_id_low && context->span_id == to->span_id) {
      return true;
    }
  }
  return false;
}

void lm_link(lm_edits_t *edits, const lm_producer_t *producer, const char *key,
             const char *value) {
  if (producer == NULL || is_linked(edits, producer)) {
    return;
  }
  if (count(edits) >= MOST_LINKS) {
    lm_note(edits, LINKMEND_RULE_TYPES_NOTE_KIND_NO_ROOM, 1);
    return;
  }
  edit_t edit = {
      .span = edits->number,
      .action = LINKMEND_RULE_TYPES_ACTION_ADD_LINK,
      .context = {.trace_id_high = producer->trace_id_high,
                  .trace_id_low = producer->trace_id_low,
                  .span_id = producer->span_id,
                  .flags = (producer->flags & TRACE_FLAGS) | REMOTE},
      .first_attribute = (uint32_t)edits->verdict->attributes.len,
      .attribute_count = key != NULL,
  };
  if (key != NULL) {
    linkmend_rule_types_attribute_t attribute = {
        .key = add_text(edits, lm_text(key)),
        .kind = LINKMEND_RULE_TYPES_VALUE_KIND_TEXT,
        .text = add_text(edits, lm_text(value)),
    };
    PUSH(edits->verdict->attributes, edits->attributes, attribute);
  }
  PUSH(edits->verdict->edits, edits->edits, edit);
}

void lm_drop(lm_edits_t *edits, size_t link, lm_reason_t reason) {
  LM_CHECK(link < edits->span->raw->links.len);
  if (of_link(edits, link) != NULL) {
    return;
  }
  edit_t edit = {
      .span = edits->number,
      .link = (uint32_t)link,
      .action = LINKMEND_RULE_TYPES_ACTION_DROP_LINK,
      .reason = reason,
  };
  PUSH(edits->verdict->edits, edits->edits, edit);
}

void lm_note(lm_edits_t *edits, lm_note_t kind, uint32_t count) {
  if (count > 0) {
    linkmend_rule_types_note_t note = {edits->number, kind, count};
    PUSH(edits->verdict->notes, edits->notes, note);
  }
}
