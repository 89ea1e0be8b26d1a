//! A batch as a rule is shown it: whole, or where that would be too much, in
//! portions.
//!
//! What a rule makes of a span, a link or the id of a message in its own memory
//! may be fifty times as large as that is in the batch. So a large batch comes in
//! several calls, and with it every batch that a rule had too little memory for.

use std::ops::Range;

use linkmend_wire::{Scan, SelectedSpan, subset, subset_of};

/// Which part of a rule's memory a batch may weigh that is shown in one call, and
/// what it may weigh at most.
const WHOLE: (usize, usize) = (8, 8 << 20);

/// The same of a portion of a larger one: half a megabyte of 64.
const PORTION: (usize, usize) = (128, 512 << 10);

/// What a span and a link weigh besides their bytes, of which they may have two.
const FOR_EACH: usize = 32;

/// The selected spans of a batch.
pub(crate) struct Exhibit<'a> {
    batch: &'a [u8],
    scan: &'a Scan,
    whole: &'a [u8],
    is_small: bool,
    /// What a portion weighs.
    portion: usize,
}

/// What is shown of a batch in one call.
pub(crate) struct Portion<'a> {
    /// Which of the selected spans.
    pub(crate) spans: Range<usize>,
    /// They, inside of what lies around them.
    pub(crate) traces: &'a [u8],
}

impl<'a> Exhibit<'a> {
    /// For a rule that may have so much `memory`. `buffer` is for a copy of the
    /// selected spans.
    pub(crate) fn new(
        batch: &'a [u8],
        scan: &'a Scan,
        memory: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Self {
        let of_memory = |(part, most): (usize, usize)| most.min(memory / part);
        let weight: usize = scan.selected().iter().map(weight).sum();
        let is_small = weight <= of_memory(WHOLE);
        let mut whole = batch;
        if is_small && !scan.all_selected() {
            buffer.clear();
            subset(batch, scan, buffer);
            whole = buffer;
        }
        Self {
            batch,
            scan,
            whole,
            is_small,
            portion: of_memory(PORTION).max(1),
        }
    }

    /// It is shown in one call, as long as the rule does not ask for too much
    /// memory then.
    pub(crate) fn is_small(&self) -> bool {
        self.is_small
    }

    /// It can be shown in portions.
    pub(crate) fn is_divisible(&self) -> bool {
        self.scan.selected().len() > 1
    }

    /// All of it, and where it is large, the spans that are not selected, too.
    pub(crate) fn whole(&self) -> Portion<'a> {
        Portion {
            spans: 0..self.scan.selected().len(),
            traces: self.whole,
        }
    }

    /// The portion that begins with a span, in `buffer`; `None` behind the last
    /// one.
    pub(crate) fn portion<'b>(&self, first: usize, buffer: &'b mut Vec<u8>) -> Option<Portion<'b>> {
        let rest = self.scan.selected().get(first..)?;
        let mut left = self.portion;
        let fits = |span: &&SelectedSpan| {
            let fits = left > 0;
            left = left.saturating_sub(weight(span));
            fits
        };
        let spans = first..first + rest.iter().take_while(fits).count();
        if spans.is_empty() {
            return None;
        }
        buffer.clear();
        subset_of(self.batch, self.scan, spans.clone(), buffer);
        Some(Portion {
            spans,
            traces: buffer,
        })
    }
}

fn weight(span: &SelectedSpan) -> usize {
    span.body().len() + FOR_EACH * (1 + span.links)
}
