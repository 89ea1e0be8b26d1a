//! Spans with more links than a rule is shown.
//!
//! A link takes two bytes of a batch, and a rule keeps a hundred for each. So a
//! span that has thousands of them is cut down before a rule sees it, to more
//! than the span may have in the end: what goes is what every rule would drop,
//! and is counted as such.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use bytes::Bytes;
use linkmend_wire::encode::put_varint_field;
use linkmend_wire::links::Link;
use linkmend_wire::otlp::span;
use linkmend_wire::{Field, Fields, Patch, Scan, splice};
use xxhash_rust::xxh3::xxh3_128;

use crate::counts::Counts;
use crate::limits::Limits;

/// How many links of a span a rule is shown, for each that the span may have.
const FOR_EACH: usize = 8;

/// How many links the spans of a batch may have that a rule is shown.
pub(crate) const MOST_IN_BATCH: usize = 1 << 19;

/// The batch without the links that are too many for one span; `None` when
/// there are none. The first and the last are left, since some rules keep the
/// one, some the other. `count_all`: `dropped_links_count` tells of links that
/// were invalid or said twice, too.
pub(crate) fn thin_out(
    batch: &[u8],
    scan: &Scan,
    limits: &Limits,
    count_all: bool,
    counts: &mut Counts,
) -> Option<Bytes> {
    let most = limits.max_links.saturating_mul(FOR_EACH);
    let mut patches = Vec::new();
    let mut fresh = Vec::new();
    for (number, span) in scan.selected().iter().enumerate() {
        if span.links <= most {
            continue;
        }
        let start = fresh.len();
        let left = Left::of(batch, span.body(), most);
        left.count(counts);
        left.write(batch, span.body(), count_all, &mut fresh);
        patches.push(Patch {
            span: number,
            kept: 0..0,
            body: start..fresh.len(),
        });
    }
    if patches.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    splice(batch, scan, &patches, &fresh, &mut out);
    Some(out.into())
}

/// What is left of the links of a span.
struct Left {
    /// Where those begin that stay, in their order.
    stay: Vec<usize>,
    invalid: u64,
    duplicate: u64,
    over_limit: u64,
    dropped_before: u64,
}

impl Left {
    fn of(batch: &[u8], body: Range<usize>, most: usize) -> Self {
        let mut left = Self {
            stay: Vec::new(),
            invalid: 0,
            duplicate: 0,
            over_limit: 0,
            dropped_before: 0,
        };
        let mut seen = HashSet::new();
        let mut valid = Ends::new(most);
        let mut repairable = Ends::new(most);
        for field in Fields::within(batch, body).flatten() {
            if field.number == span::DROPPED_LINKS_COUNT {
                left.dropped_before = field.number_value().unwrap_or_default();
            }
            let Some(message) = link(&field) else {
                continue;
            };
            let link = Link::read(message);
            let is_valid = link.is_valid();
            if !is_valid && link.attributes().next().is_none() {
                left.invalid += 1;
            } else if !seen.insert(xxh3_128(message)) {
                left.duplicate += 1;
            } else if is_valid {
                left.over_limit += valid.push(field.start);
            } else {
                left.invalid += repairable.push(field.start);
            }
        }
        // Those that are invalid have what room the others leave.
        let room = most.saturating_sub(valid.len());
        left.invalid += repairable.shorten(room);
        left.stay.extend(valid.places().chain(repairable.places()));
        left.stay.sort_unstable();
        left
    }

    fn count(&self, counts: &mut Counts) {
        counts.links_dropped_invalid += self.invalid;
        counts.links_dropped_duplicate += self.duplicate;
        counts.links_cut += self.over_limit;
    }

    /// Writes the fields of the span anew.
    fn write(&self, batch: &[u8], body: Range<usize>, count_all: bool, out: &mut Vec<u8>) {
        let mut told = self.over_limit;
        if count_all {
            told += self.invalid + self.duplicate;
        }
        // A uint32: readers take the low 32 bits.
        let before = u64::from(self.dropped_before as u32);
        let dropped = (before + told).min(u64::from(u32::MAX));
        let mut stay = self.stay.iter().copied().peekable();
        for field in Fields::within(batch, body).flatten() {
            let goes = match field.number {
                span::LINKS => stay.next_if_eq(&field.start).is_none(),
                span::DROPPED_LINKS_COUNT => told > 0,
                _ => false,
            };
            if !goes {
                out.extend_from_slice(batch.get(field.start..field.end).unwrap_or_default());
            }
        }
        if told > 0 {
            put_varint_field(out, span::DROPPED_LINKS_COUNT, dropped);
        }
    }
}

fn link<'b>(field: &Field<'b>) -> Option<&'b [u8]> {
    field.bytes().filter(|_| field.number == span::LINKS)
}

/// The first and the last of many, half of each.
struct Ends {
    most: usize,
    first: Vec<usize>,
    last: VecDeque<usize>,
}

impl Ends {
    fn new(most: usize) -> Self {
        Self {
            most,
            first: Vec::new(),
            last: VecDeque::new(),
        }
    }

    /// Adds one; how many go for it.
    fn push(&mut self, place: usize) -> u64 {
        if self.first.len() < self.most / 2 {
            self.first.push(place);
            return 0;
        }
        self.last.push_back(place);
        self.shorten(self.most)
    }

    fn len(&self) -> usize {
        self.first.len() + self.last.len()
    }

    /// Leaves so many; how many go.
    fn shorten(&mut self, most: usize) -> u64 {
        let mut gone = 0;
        while self.len() > most {
            if self.last.pop_front().is_none() {
                self.first.pop();
            }
            gone += 1;
        }
        gone
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        self.first.iter().chain(&self.last).copied()
    }
}
