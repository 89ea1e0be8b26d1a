//! A batch as a rule is shown it: whole, or where that would be too much, in
//! portions.
//!
//! What a rule makes of a span, a link or the id of a message in its own memory
//! may be fifty times as large as that is in the batch. So a large batch comes in
//! several calls, and with it every batch that a rule had too little memory for.

use std::ops::Range;

use linkmend_wire::located::{Located, Locator, Reads};
use linkmend_wire::{Scan, SelectedSpan, Selector, WireError, subset, subset_of};

/// Which part of a rule's memory a batch may weigh that is shown in one call, and
/// what it may weigh at most.
const WHOLE: (usize, usize) = (8, 8 << 20);

/// The same of what a rule is shown of its fields, which are fewer than its bytes, and worth
/// more: nothing but ids may be in a batch.
const LOCATED: (usize, usize) = (24, 5 << 19);

/// The same of a portion of a larger one: a quarter of a megabyte of 64. Where it has nothing
/// but ids of messages, the rule takes thirty times as much for them.
const PORTION: (usize, usize) = (256, 256 << 10);

/// What a span and a link weigh besides their bytes, of which they may have two.
const FOR_EACH: usize = 32;

/// What a rule is shown of spans.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// Them, inside of their resource and scope: `batch.process` of `wit/`.
    Traces(&'a [u8]),
    /// What the rule reads of them: `fields.process`.
    Fields(Located<'a>),
}

/// Where what is shown is put together. Made once and used for batch after batch.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    subset: Vec<u8>,
    locator: Locator,
    /// The locator has all selected spans of the batch that was walked over last.
    is_located: bool,
}

/// The selected spans of a batch.
pub(crate) struct Exhibit<'a> {
    batch: &'a [u8],
    scan: &'a Scan,
    /// Of a rule that is shown fields.
    reads: Option<&'a Reads>,
    whole: Shown<'a>,
    is_small: bool,
    /// What a portion weighs.
    portion: usize,
}

/// What is shown of a batch in one call.
pub(crate) struct Portion<'a> {
    /// Which of the selected spans.
    pub(crate) spans: Range<usize>,
    /// They, as the rule wants them.
    pub(crate) shown: Shown<'a>,
}

impl<'a> Exhibit<'a> {
    /// For a rule that may have so much `memory`, and is shown fields if it has
    /// `reads`. The buffers are those of the walk over `batch`.
    pub(crate) fn new(
        batch: &'a [u8],
        scan: &'a Scan,
        memory: usize,
        reads: Option<&'a Reads>,
        buffers: &'a mut Buffers,
    ) -> Self {
        let weight: usize = scan.selected().iter().map(weight).sum();
        let can_be_shown = reads.is_none() || buffers.is_located;
        let is_small = can_be_shown && weight <= of_memory(memory, WHOLE);
        let whole = match reads {
            _ if !is_small => Shown::Traces(batch),
            Some(_) => Shown::Fields(buffers.locator.located()),
            None if scan.all_selected() => Shown::Traces(batch),
            None => {
                buffers.subset.clear();
                subset(batch, scan, &mut buffers.subset);
                Shown::Traces(&buffers.subset)
            }
        };
        Self {
            batch,
            scan,
            reads,
            whole,
            is_small,
            portion: of_memory(memory, PORTION).max(1),
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

    /// The batch that the spans are of.
    pub(crate) fn batch(&self) -> &'a [u8] {
        self.batch
    }

    /// All of it, where it is small.
    pub(crate) fn whole(&self) -> Portion<'a> {
        Portion {
            spans: 0..self.scan.selected().len(),
            shown: self.whole,
        }
    }

    /// The portion that begins with a span; `None` behind the last one.
    pub(crate) fn portion<'b>(
        &self,
        first: usize,
        buffers: &'b mut Buffers,
    ) -> Option<Portion<'b>> {
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
        let shown = if let Some(reads) = self.reads {
            let locator = &mut buffers.locator;
            locator.locate(self.batch, self.scan, spans.clone(), reads);
            Shown::Fields(locator.located())
        } else {
            buffers.subset.clear();
            subset_of(self.batch, self.scan, spans.clone(), &mut buffers.subset);
            Shown::Traces(&buffers.subset)
        };
        Some(Portion { spans, shown })
    }
}

impl Buffers {
    /// Walks over a batch, for a rule that may have so much `memory`, and on the
    /// way locates what the rule is shown if it has `reads`.
    pub(crate) fn scan(
        &mut self,
        scan: &mut Scan,
        batch: &[u8],
        selector: &Selector,
        memory: usize,
        reads: Option<&Reads>,
    ) -> Result<(), WireError> {
        self.is_located = false;
        let Some(reads) = reads else {
            return scan.run(batch, selector);
        };
        let most = of_memory(memory, LOCATED);
        self.is_located = self.locator.scan(scan, batch, selector, reads, most)?;
        Ok(())
    }

    /// What they keep room for, in bytes.
    pub(crate) fn takes(&self) -> usize {
        self.subset.capacity() + self.locator.takes()
    }
}

impl Shown<'_> {
    /// What it weighs, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Traces(traces) => traces.len(),
            Self::Fields(located) => located.fields.len() + located.values.len(),
        }
    }
}

fn of_memory(memory: usize, (part, most): (usize, usize)) -> usize {
    most.min(memory / part)
}

fn weight(span: &SelectedSpan) -> usize {
    span.body().len() + FOR_EACH * (1 + span.links)
}
