//! Room that is used again, from span to span and from batch to batch: allocating is a large
//! part of what a batch of one span takes.

use linkmend_rule::{Context, MessageKey};

use crate::answer::Written;
use crate::links::{Fate, Row};
use crate::missing::{Linked, Outcome};
use crate::records::Slot;
use crate::room::again;

/// What deciding over a batch takes. Empty between two batches, but for its room.
#[derive(Debug, Default)]
pub struct Scratch<'b> {
    pub(super) written: Written<'b>,
    pub(super) span: AtHand<'b>,
}

/// What is known of the span at hand.
#[derive(Debug, Default)]
pub(super) struct AtHand<'b> {
    /// What becomes of its links.
    pub(super) fates: Vec<Fate<'b>>,
    /// The links that it gets, and for which message.
    pub(super) added: Vec<(Context<'b>, &'b Slot)>,
    /// What became of its messages, one by one.
    pub(super) outcomes: Vec<Outcome>,
    /// Keys that no producer is known of.
    pub(super) pending: Vec<MessageKey>,
    pub(super) order: Vec<Row>,
    pub(super) linked: Linked,
}

impl Scratch<'_> {
    /// For another batch, whose texts live longer or less long.
    pub(super) fn again<'c>(self) -> Scratch<'c> {
        let AtHand {
            fates,
            added,
            outcomes,
            pending,
            order,
            linked,
        } = self.span;
        Scratch {
            written: self.written.again(),
            span: AtHand {
                fates: again(fates),
                added: again(added),
                outcomes,
                pending,
                order,
                linked,
            },
        }
    }
}

impl AtHand<'_> {
    /// For the next span.
    pub(super) fn clear(&mut self) {
        self.fates.clear();
        self.added.clear();
        self.outcomes.clear();
        self.pending.clear();
    }
}
