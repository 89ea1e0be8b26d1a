//! What a rule says of spans to people.

use super::subject::Subject;
use crate::error::VerdictError;
use crate::explain::Said;
use crate::interface::Verdict;

/// Checks the explanations of a verdict. One large text may be named for every
/// span, so what they come to is looked at before it is read, with what was said
/// of the portions before.
pub(super) fn read(
    subject: &Subject<'_>,
    verdict: &Verdict,
    all: &mut usize,
) -> Result<Said, VerdictError> {
    let limit = subject.limits.output;
    let first = subject.spans.start as u32;
    let mut said = Said::new();
    for explanation in &verdict.explanations {
        subject.selected(explanation.span)?;
        *all = all.saturating_add(explanation.text.length as usize);
        if *all > limit {
            return Err(VerdictError::TooMuchExplained { limit });
        }
        let bytes = explanation.text.of(&verdict.texts);
        let bytes = bytes.ok_or(VerdictError::BadRange { list: "texts" })?;
        let text = str::from_utf8(bytes).map_err(|_| VerdictError::BadText)?;
        said.push((first + explanation.span, text.to_owned()));
    }
    // Stable: what is said of one span stays in its order.
    said.sort_by_key(|(span, _)| *span);
    Ok(said)
}
