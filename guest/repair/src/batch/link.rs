//! The links of a span, and which message each is for.

use super::{Batch, Incoming};
use crate::columns::at;
use crate::facts::LinkFacts;
use crate::keys::Side;
use crate::kind::{Alias, LinkType, by_alias, by_ref_type};
use crate::records::{LinkRecord, OwnType, Run, Slot};
use crate::role::{self, Role};
use crate::texts::put_text;
use crate::value::Value;

impl Batch {
    /// Takes in a link, and answers whether a custom recipe or a context on it
    /// says that its span works on something.
    pub(super) fn add_link<'a>(
        &mut self,
        incoming: &Incoming<'_, 'a>,
        mut link: LinkFacts<'a>,
    ) -> bool {
        let span = &incoming.span.message;
        // A settler is not mended: its keys are for comparing only.
        let keys_are_wanted = !link.is_valid() && incoming.part.role != Role::Settler;
        let mut slot = Slot::default();
        let names = link.message.names_messages();
        let first = self.keys_of_links(keys_are_wanted).len();
        if names {
            link.message.inherit(span);
            let Self {
                maker,
                wanted,
                link_keys,
                asides,
                ..
            } = self;
            let keys = if keys_are_wanted { wanted } else { link_keys };
            let environment = incoming.origin.environment;
            slot.grounds = maker.put_keys(&link.message, environment, Side::Consumer, keys);
            if keys_are_wanted {
                let first = asides.len();
                asides.extend_from_slice(&maker.asides);
                slot.asides = Run::since(first, asides);
            }
        }
        let mut names_work = false;
        if keys_are_wanted && link.message.traceparent().is_usable() || !link.extra.is_empty() {
            names_work = self.read_link_columns(incoming, &link, &mut slot, keys_are_wanted);
        }
        slot.keys = Run::since(first, self.keys_of_links(keys_are_wanted));
        let own_type = self.own_type(&link);
        self.links.push(LinkRecord {
            trace_id: link.trace_id,
            span_id: link.span_id,
            is_bare: link.attribute_count == 0 && !link.has_trace_state,
            attribute_count: link.attribute_count,
            digest: link.digest,
            type_digest: link.type_digest,
            is_marked: link.is_marked,
            own_type,
            said: role::of_link(&link.message),
            slot,
            keys_are_wanted,
        });
        names_work
    }

    fn keys_of_links(&self, are_wanted: bool) -> &Vec<linkmend_rule::MessageKey> {
        if are_wanted {
            &self.wanted
        } else {
            &self.link_keys
        }
    }

    /// Reads the contexts and the keys of custom recipes on a link; of arrays
    /// the first element, since a link is for one message.
    fn read_link_columns(
        &mut self,
        incoming: &Incoming<'_, '_>,
        link: &LinkFacts<'_>,
        slot: &mut Slot,
        keys_are_wanted: bool,
    ) -> bool {
        let mut columns = core::mem::take(&mut self.columns);
        columns.clear();
        let extra = &incoming.config.extra;
        if keys_are_wanted {
            columns.read_usual_headers(extra, &link.message, &mut self.texts);
        }
        let usual = columns.count();
        if keys_are_wanted {
            columns.read_contexts(extra, link.extra, &mut self.texts);
        }
        for recipe in incoming.recipes(Role::Consumer) {
            let names_it = |name: &u16| at(link.extra, *name).is_usable();
            if !recipe.2.attributes.iter().any(names_it) {
                continue;
            }
            let values = completed(link.extra, incoming.span.extra);
            columns.read_recipe(recipe, incoming.origin, &values, &mut self.maker, None);
        }
        let first = columns.iter().filter_map(|column| column.first());
        let mut names_work = false;
        for (place, element) in first.enumerate() {
            slot.carried = slot.carried.or(element.carried);
            slot.grounds.client_assigned |= element.key.is_some();
            names_work |= place >= usual;
            let keys = if keys_are_wanted {
                &mut self.wanted
            } else {
                &mut self.link_keys
            };
            keys.extend(element.key);
        }
        self.columns = columns;
        names_work
    }

    /// The order is that of domain knowledge first: what the link says in
    /// words of ours or of `OpenTracing` goes before a vendor's.
    fn own_type(&mut self, link: &LinkFacts<'_>) -> Option<OwnType> {
        if let Some(kind) = by_ref_type(link.ref_type) {
            return Some(OwnType::Type(kind));
        }
        match by_alias(link.alias.value) {
            Some(Alias::Type(kind)) => Some(OwnType::Type(kind)),
            Some(Alias::Text(word)) => Some(OwnType::Text(put_text(word, &mut self.texts))),
            None => link.is_retry.then_some(OwnType::Type(LinkType::RetryOf)),
        }
    }
}

/// What a link leaves out of several attributes, its span may have for all of
/// its messages.
fn completed<'a>(link: &[Value<'a>], span: &[Value<'a>]) -> Vec<Value<'a>> {
    let of_span = |place: usize| {
        let value = span.get(place).copied().unwrap_or_default();
        if value.is_array() {
            Value::Absent
        } else {
            value
        }
    };
    let values = link.iter().enumerate();
    let values = values.map(|(place, value)| {
        if value.is_usable() {
            *value
        } else {
            of_span(place)
        }
    });
    values.collect()
}
