//! What a verdict is about.

use std::ops::Range;

use linkmend_wire::{Scan, SelectedSpan};

use crate::error::VerdictError;
use crate::interface::Tasks;
use crate::limits::Limits;

/// A batch, or a portion of it, and who looks at it.
pub(crate) struct Subject<'a> {
    pub(crate) batch: &'a [u8],
    pub(crate) scan: &'a Scan,
    /// Which of the selected spans were shown.
    pub(crate) spans: Range<usize>,
    pub(crate) tasks: Tasks,
    pub(crate) limits: &'a Limits,
    /// The attribute that says why a link exists.
    pub(crate) type_attribute: &'a str,
    /// Whatever is dropped, the span tells of it.
    pub(crate) count_all_drops: bool,
    /// What is done is counted by messaging system, too.
    pub(crate) counts_systems: bool,
}

impl<'a> Subject<'a> {
    /// The span that a rule names.
    pub(super) fn selected(&self, number: u32) -> Result<&'a SelectedSpan, VerdictError> {
        let shown = self.scan.selected().get(self.spans.clone());
        let shown = shown.unwrap_or_default();
        shown.get(number as usize).ok_or(VerdictError::NoSuchSpan {
            span: number,
            given: shown.len(),
        })
    }
}
