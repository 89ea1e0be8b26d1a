//! What a rule found and could not mend.

use super::deferrals::{self, Deferred};
use super::subject::Subject;
use crate::counts::Counts;
use crate::error::VerdictError;
use crate::interface::Verdict;
use crate::origin::{Resources, messaging_system};
use crate::reasons::{Reason, Whose};

/// Counts the notes of a verdict. Whose span it was is read only here, for
/// spans that have notes. Those of a deferred span are not the last word.
pub(super) fn count(
    subject: &Subject<'_>,
    verdict: &Verdict,
    deferred: &[Deferred],
    counts: &mut Counts,
) -> Result<(), VerdictError> {
    if verdict.notes.is_empty() {
        return Ok(());
    }
    let mut resources = Resources::of(subject.batch);
    for notes in verdict.notes.chunk_by(|a, b| a.span == b.span) {
        let Some(number) = notes.first().map(|note| note.span) else {
            continue;
        };
        let span = subject.selected(number)?.body();
        if deferrals::has(deferred, number) {
            continue;
        }
        let owner = resources.owner_at(span.start);
        let (service, language) =
            owner.map_or(("", ""), |owner| (&*owner.service, &*owner.language));
        let system = messaging_system(subject.batch, span);
        let whose = Whose {
            service,
            messaging_system: &system,
            language,
        };
        for note in notes {
            let (reason, count) = (note.kind.into(), u64::from(note.count));
            counts.count_reason(reason, count);
            counts.reasons.add_of(reason, &whose, count);
            if subject.counts_systems && reason == Reason::NoRoom {
                let of_system = counts.systems.of(&system);
                of_system.links_added += count;
                of_system.links_cut += count;
            }
        }
    }
    Ok(())
}
