//! What spans of one place in a service have in common, each kept once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::find::ByHash;
use crate::flow::Site;
use crate::read::{SpanFacts, is_same, tail};

/// What is kept of a text: names come from the data.
const MOST_BYTES: usize = 256;
/// So many are found without a search.
const NEAR: usize = 256;
/// An odd number, which carries all bits of what it is multiplied by upwards.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number of the next site of the process.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Sites, each once, up to a number; then they begin anew.
#[derive(Debug)]
pub(crate) struct Sites {
    names: HashSet<Arc<str>>,
    /// By the hash of all that they have in common.
    known: ByHash<Arc<Site>>,
    /// By a shorter hash: one site each, the last one.
    near: Vec<Option<Arc<Site>>>,
    most: usize,
    empty: Arc<str>,
}

impl Sites {
    /// `most`: so many different names are kept, and as many sites.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            names: HashSet::new(),
            known: ByHash::default(),
            near: vec![None; NEAR],
            most,
            empty: Arc::from(""),
        }
    }

    /// The site of a span.
    pub(crate) fn of(&mut self, span: &SpanFacts<'_>) -> Arc<Site> {
        let place = place(span) % NEAR;
        if let Some(Some(near)) = self.near.get(place)
            && is_of(near, span)
        {
            return Arc::clone(near);
        }
        let site = self.find(span);
        if let Some(near) = self.near.get_mut(place) {
            *near = Some(Arc::clone(&site));
        }
        site
    }

    fn find(&mut self, span: &SpanFacts<'_>) -> Arc<Site> {
        let hash = hash(span);
        if let Some(known) = self.known.get(&hash)
            && is_of(known, span)
        {
            return Arc::clone(known);
        }
        let site = Arc::new(self.make(span));
        if self.known.len() >= self.most {
            self.known.clear();
        }
        self.known.insert(hash, Arc::clone(&site));
        site
    }

    fn make(&mut self, span: &SpanFacts<'_>) -> Site {
        let service = self.name(span.service.name);
        Site {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            service_hash: xxh3_64(service.as_bytes()),
            service,
            namespace: self.name(span.service.namespace),
            name: self.name(span.head.name),
            operation: self.name(span.message.operation()),
            system: self.name(span.message.system),
            destination: self.name(span.message.destination),
            kind: span.head.kind,
        }
    }

    /// The text, the first 256 bytes of it, with U+FFFD for what is no UTF-8.
    fn name(&mut self, text: &[u8]) -> Arc<str> {
        if text.is_empty() {
            return Arc::clone(&self.empty);
        }
        let text = cut(text);
        if let Some(known) = self.names.get(&*text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(&*text);
        if self.names.len() >= self.most {
            self.names.clear();
        }
        self.names.insert(Arc::clone(&new));
        new
    }
}

/// Sites of one service seldom have names and destinations that end alike.
fn place(span: &SpanFacts<'_>) -> usize {
    let of = tail(span.head.name) ^ tail(span.message.destination).rotate_left(23);
    let mixed = (of ^ span.service.hash ^ u64::from(span.head.kind)).wrapping_mul(MIX);
    (mixed >> 48) as usize
}

fn hash(span: &SpanFacts<'_>) -> u64 {
    let of = [
        span.head.name,
        span.message.destination,
        span.message.operation(),
        span.message.system,
    ];
    let seed = span.service.hash ^ u64::from(span.head.kind);
    of.into_iter()
        .fold(seed, |seed, text| xxh3_64_with_seed(text, seed))
}

fn is_of(site: &Site, span: &SpanFacts<'_>) -> bool {
    site.kind == span.head.kind
        && is_same(site.name.as_bytes(), span.head.name)
        && is_same(site.destination.as_bytes(), span.message.destination)
        && is_same(site.operation.as_bytes(), span.message.operation())
        && is_same(site.system.as_bytes(), span.message.system)
        && is_same(site.service.as_bytes(), span.service.name)
        && is_same(site.namespace.as_bytes(), span.service.namespace)
}

/// A text that comes once: an id.
pub(crate) fn once(text: &[u8]) -> Arc<str> {
    Arc::from(&*cut(text))
}

fn cut(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text.get(..MOST_BYTES).unwrap_or(text))
}
