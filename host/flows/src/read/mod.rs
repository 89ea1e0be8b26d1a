//! What spans say of messages, read from OTLP bytes as they are.

mod facts;
mod keys;
mod library;
mod pair;
mod role;

use linkmend_wire::otlp::{resource_spans, scope_spans, traces_data};
use linkmend_wire::walk::Walk;

use crate::flow::ToldEnd;
use crate::words::LinkWords;
use facts::ServiceFacts;
use keys::Keys;

pub(crate) use facts::{LinkFacts, SpanFacts};
pub(crate) use keys::{is_same, tail};
pub(crate) use role::Role;

/// Reads spans. Made once and used for batch after batch.
#[derive(Debug)]
pub(crate) struct Reader {
    keys: Keys,
}

/// How many links a span may have that is looked at.
const MOST_LINKS: u32 = 4_096;

impl Reader {
    /// Of spans that were mended by rules that call things like this.
    pub(crate) fn new(words: &LinkWords) -> Self {
        Self {
            keys: Keys::new(words),
        }
    }

    /// What another host tells of a span.
    pub(crate) fn told<'a>(&'a self, end: &ToldEnd<'a>) -> SpanFacts<'a> {
        SpanFacts::told(end, &self.keys)
    }

    /// Calls `take` for each span of a batch, but for those that linkmend made
    /// itself, and those with more links than a span may have anywhere. A batch
    /// was checked before; of one that is not well-formed, it reads what it can.
    /// `scope` says whose spans each resource has.
    pub(crate) fn spans(
        &self,
        batch: &[u8],
        scope: impl Fn(u32) -> u64,
        mut take: impl FnMut(&SpanFacts<'_>),
    ) {
        let resources = Walk::new(batch).all(traces_data::RESOURCE_SPANS);
        for (number, of_resource) in (0..).zip(resources) {
            let mut service = ServiceFacts {
                resource: number,
                scope: scope(number),
                ..ServiceFacts::default()
            };
            // Some write it behind its spans.
            for resource in Walk::new(of_resource).all(resource_spans::RESOURCE) {
                service.read(resource, &self.keys);
            }
            for of_scope in Walk::new(of_resource).all(resource_spans::SCOPE_SPANS) {
                for span in Walk::new(of_scope).all(scope_spans::SPANS) {
                    let facts = SpanFacts::read(span, service, &self.keys);
                    let is_wanted = !facts.message.is_projected && facts.context().is_valid();
                    if is_wanted && facts.link_count() <= MOST_LINKS {
                        take(&facts);
                    }
                }
            }
        }
    }
}
