//! One span, several messages: which facts belong to which.

use crate::facts::{Fact, ID_FACTS, MessageFacts};
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
    let mut rest = *facts;
    for fact in ID_FACTS {
        if facts.value(fact).is_array() {
            rest.remove(fact);
        }
    }
    rest.remove(Fact::Ids);
    if joined {
        rest.remove(Fact::Id);
    }
    if rest.names_messages() {
        each(&rest);
    }
    for fact in ID_FACTS {
        rest.remove(fact);
    }
    if let Some(text) = joined_ids(facts) {
        for id in text.split(|&byte| byte == b',') {
            rest.set(Fact::Id, Value::Text(id));
            each(&rest);
        }
        rest.remove(Fact::Id);
    }
    for fact in ID_FACTS {
        let value = facts.value(fact);
        let is_one_id = fact == Fact::Ids && value.is_scalar();
        if !value.is_array() && !is_one_id {
            continue;
        }
        // An array of ids is one of ids, under whichever name.
        let fact = if fact == Fact::Ids { Fact::Id } else { fact };
        value.for_each_element(|element| {
            rest.set(fact, element);
            each(&rest);
        });
        rest.remove(fact);
    }
}

/// More than one message may be named.
#[inline]
#[must_use]
pub fn names_several(facts: &MessageFacts<'_>) -> bool {
    facts.has(Fact::Ids) || facts.names_in_arrays() || joined_ids(facts).is_some()
}

/// Several ids in one string.
#[inline]
fn joined_ids<'a>(facts: &MessageFacts<'a>) -> Option<&'a [u8]> {
    let system = facts.system().text().unwrap_or_default();
    if !joins_ids(system) {
        return None;
    }
    facts.id().text().filter(|text| text.contains(&b','))
}
