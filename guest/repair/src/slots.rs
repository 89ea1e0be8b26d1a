//! One span, several messages: which facts belong to which.

use crate::facts::MessageFacts;
use crate::system::joins_ids;
use crate::value::Value;

/// How many messages of one span are looked at.
pub const MAX_MESSAGES: usize = 1024;

/// Calls `each` with the facts of every message that a span names, each fact a
/// scalar: first those of the span itself, then the elements of its arrays.
pub fn for_each_message<'a>(facts: &MessageFacts<'a>, mut each: impl FnMut(&MessageFacts<'a>)) {
    if !names_several(facts) {
        if facts.names_messages() {
            each(facts);
        }
        return;
    }
    let joined = joined_ids(facts).is_some();
    let ids = facts.id_facts().map(|fact| fact.value);
    let mut rest = *facts;
    for fact in rest.id_facts_mut() {
        if fact.value.is_array() {
            fact.value = Value::Absent;
        }
    }
    rest.ids.value = Value::Absent;
    if joined {
        rest.id.value = Value::Absent;
    }
    if rest.names_messages() {
        each(&rest);
    }
    for fact in rest.id_facts_mut() {
        fact.value = Value::Absent;
    }
    if let Some(text) = joined_ids(facts) {
        for id in text.split(|&byte| byte == b',') {
            rest.id.value = Value::Text(id);
            each(&rest);
        }
        rest.id.value = Value::Absent;
    }
    for (place, value) in ids.into_iter().enumerate() {
        let is_one_id = place == IDS && value.is_scalar();
        if !value.is_array() && !is_one_id {
            continue;
        }
        value.for_each_element(|element| {
            let mut message = rest;
            // An array of ids is one of ids, under whichever name.
            let place = if place == IDS { 0 } else { place };
            if let Some(fact) = message.id_facts_mut().into_iter().nth(place) {
                fact.value = element;
            }
            each(&message);
        });
    }
}

/// The place of `messaging.message.ids` among the facts that name messages.
const IDS: usize = 1;

/// More than one message may be named.
#[inline]
#[must_use]
pub fn names_several(facts: &MessageFacts<'_>) -> bool {
    facts.ids.value.is_usable()
        || facts.id_facts().iter().any(|fact| fact.value.is_array())
        || joined_ids(facts).is_some()
}

/// Several ids in one string.
#[inline]
fn joined_ids<'a>(facts: &MessageFacts<'a>) -> Option<&'a [u8]> {
    let system = facts.system.value.text().unwrap_or_default();
    if !joins_ids(system) {
        return None;
    }
    facts.id.value.text().filter(|text| text.contains(&b','))
}
