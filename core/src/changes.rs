//! What became of a batch, for whoever has it in a form of its own: which of its spans
//! have other links now, and which are held back.

use linkmend_wire::Fields;
use linkmend_wire::encode::put_delimiter;
use linkmend_wire::otlp::{resource_spans, scope_spans, span, traces_data};

/// Spans whose links are others now, and spans that are held back. A place counts the
/// spans of the batch as it came, in the order of its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The places of spans with other links, in their order.
    pub edited: Vec<u32>,
    /// These spans, one after the other as fields of a `ScopeSpans`: each with all the links
    /// that it has from now on, and with its `dropped_links_count` where that changes.
    pub links: Vec<u8>,
    /// The places of spans that are held back, in their order.
    pub held: Vec<u32>,
}

impl Changes {
    /// Nothing became of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edited.is_empty() && self.held.is_empty()
    }

    /// What was done to a batch, by what it was before and after, both well-formed: spans keep
    /// their order, and all that is not their links.
    pub(crate) fn between(before: &[u8], after: &[u8]) -> Self {
        let (spans, left) = (spans_of(before), spans_of(after));
        let all_are_there = spans.len() == left.len();
        let mut left = left.into_iter().peekable();
        let mut changes = Self::default();
        for (place, old) in spans.into_iter().enumerate() {
            let now = left.next_if(|now| {
                all_are_there || *now == old || without_links(now).eq(without_links(old))
            });
            match now {
                None => changes.held.push(place as u32),
                Some(now) if now != old => changes.add(place, links_of(now)),
                Some(_) => {}
            }
        }
        changes
    }

    /// A span at this place has these links from now on: fields of it.
    pub(crate) fn add<'a>(&mut self, place: usize, links: impl Iterator<Item = &'a [u8]> + Clone) {
        self.edited.push(place as u32);
        let length = links.clone().map(<[u8]>::len).sum();
        put_delimiter(&mut self.links, scope_spans::SPANS, length);
        for field in links {
            self.links.extend_from_slice(field);
        }
    }
}

/// The fields of a span that a rule may change.
pub(crate) fn links_of(span: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    fields(span, true)
}

/// All others.
fn without_links(span: &[u8]) -> impl Iterator<Item = &[u8]> {
    fields(span, false)
}

fn fields(bytes: &[u8], of_links: bool) -> impl Iterator<Item = &[u8]> + Clone {
    let fields = Fields::new(bytes).flatten();
    let wanted = fields.filter(move |field| {
        matches!(field.number, span::LINKS | span::DROPPED_LINKS_COUNT) == of_links
    });
    wanted.filter_map(|field| bytes.get(field.start..field.end))
}

/// The spans of a batch, in their order: what is in them is passed over.
fn spans_of(traces: &[u8]) -> Vec<&[u8]> {
    let resources = messages(traces, traces_data::RESOURCE_SPANS);
    let scopes = resources.flat_map(|resource| messages(resource, resource_spans::SCOPE_SPANS));
    scopes
        .flat_map(|scope| messages(scope, scope_spans::SPANS))
        .collect()
}

fn messages(bytes: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    let fields = Fields::new(bytes).flatten();
    let wanted = fields.filter(move |field| field.number == number);
    wanted.filter_map(|field| field.bytes())
}
