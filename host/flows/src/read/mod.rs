//! What spans say of messages: located fields of OTLP bytes.

mod facts;
mod keys;
mod library;
mod role;

use std::ops::Range;

use linkmend_wire::located::{Item, Located, Locator, Reads};
use linkmend_wire::{Scan, SelectedSpan, Selector};

use crate::words::LinkWords;
use facts::ServiceFacts;
use keys::Keys;

pub(crate) use facts::{LinkFacts, SpanFacts};
pub(crate) use role::Role;

/// Reads spans. Made once and used for batch after batch.
#[derive(Debug)]
pub(crate) struct Reader {
    scan: Scan,
    locator: Locator,
    selector: Selector,
    reads: Reads,
    keys: Keys,
}

/// What is located of a batch at a time, in bytes, and in spans of a batch of which
/// that would be too much.
const MOST_BYTES: usize = 8 << 20;
const MOST_SPANS: usize = 1_000;
/// How many links a span may have that is looked at.
const MOST_LINKS: usize = 4_096;
/// How much is kept for the next batch.
const KEPT_BYTES: usize = 4 << 20;

impl Reader {
    /// Of all spans.
    pub(crate) fn of_all(words: &LinkWords) -> Self {
        let (keys, reads) = Keys::new(words);
        Self {
            scan: Scan::new(),
            locator: Locator::default(),
            selector: Selector::all(),
            reads,
            keys,
        }
    }

    /// Of those that may have to do with messages.
    pub(crate) fn of_messages(words: &LinkWords) -> Self {
        Self {
            selector: keys::selector(),
            ..Self::of_all(words)
        }
    }

    /// Calls `take` for each span of a batch, but for those that linkmend made
    /// itself, and those with more links than a span may have anywhere. A batch
    /// that is not well-formed has none: it was checked.
    pub(crate) fn spans(&mut self, batch: &[u8], mut take: impl FnMut(&SpanFacts<'_>)) {
        let Self {
            scan,
            locator,
            selector,
            reads,
            keys,
        } = self;
        match locator.scan(scan, batch, selector, reads, MOST_BYTES) {
            Ok(true) => each(locator.located(), keys, &mut take),
            Ok(false) => {
                for spans in parts(scan.selected()) {
                    locator.locate(batch, scan, spans, reads);
                    each(locator.located(), keys, &mut take);
                }
            }
            Err(_) => {}
        }
        scan.shrink();
        if locator.takes() > KEPT_BYTES {
            *locator = Locator::default();
        }
    }
}

/// Which spans are located at a time, where all of them would be too much.
fn parts(spans: &[SelectedSpan]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let few_links = spans.iter().enumerate();
    let few_links = few_links.filter(|(_, span)| span.links <= MOST_LINKS);
    for (number, _) in few_links {
        match parts.last_mut() {
            Some(last) if last.end == number && last.len() < MOST_SPANS => last.end += 1,
            _ => parts.push(number..number + 1),
        }
    }
    parts
}

fn each(located: Located<'_>, keys: &Keys, take: &mut impl FnMut(&SpanFacts<'_>)) {
    let mut service = ServiceFacts::default();
    for item in located.items() {
        match item {
            Item::Resource(attributes) => service = ServiceFacts::read(attributes, keys),
            Item::Scope(..) => {}
            Item::Span(span) => {
                let facts = SpanFacts::read(&span, service, keys);
                if !facts.message.is_projected && facts.context.is_valid() {
                    take(&facts);
                }
            }
        }
    }
}
