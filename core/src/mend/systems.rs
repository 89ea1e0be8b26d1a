//! What is done to the links of a span, by its messaging system.

use linkmend_wire::SelectedSpan;

use super::attributes::Attributes;
use super::subject::Subject;
use crate::counts::Counts;
use crate::interface::{Action, DropReason, Edit};
use crate::origin::messaging_system;

/// Counts the edits of one span. They may still be refused; so are the counts
/// of the batch then.
pub(super) fn count(
    subject: &Subject<'_>,
    span: &SelectedSpan,
    edits: &[Edit],
    attributes: &Attributes,
    counts: &mut Counts,
) {
    let system = messaging_system(subject.batch, span.body());
    let counts = counts.systems.of(&system);
    for edit in edits {
        match edit.action {
            Action::AddLink => counts.links_added += 1,
            Action::ReplaceContext => counts.links_repaired += 1,
            Action::DropLink => match edit.reason {
                DropReason::Invalid => counts.links_dropped_invalid += 1,
                DropReason::Duplicate => counts.links_dropped_duplicate += 1,
                DropReason::OverLimit => counts.links_cut += 1,
                DropReason::Unwanted => counts.links_dropped_unwanted += 1,
            },
            Action::AddAttributes => {}
        }
        if edit.action != Action::DropLink
            && let Some(value) = attributes.type_value(edit)
        {
            counts.count_type(value, 1);
        }
    }
}
