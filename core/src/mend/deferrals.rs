//! The spans that a rule wants to have kept back.

use super::subject::Subject;
use crate::error::VerdictError;
use crate::interface::{Edit, MessageKey, Verdict};

/// How many keys a span may wait for: more than a thousand messages have, in
/// all the ways that each may be named.
const MOST_KEYS: usize = 16_384;

/// A span that is to be held.
#[derive(Debug)]
pub(crate) struct Deferred {
    /// Which of the selected.
    pub(crate) span: u32,
    /// What it waits for, each once.
    pub(crate) keys: Box<[MessageKey]>,
}

/// Checks the deferrals of a verdict; they are put in the order of their spans.
/// One long list of keys may be named for every span, so what they come to is
/// bounded too, with what was `awaited` in the portions before.
pub(super) fn read(
    subject: &Subject<'_>,
    verdict: &Verdict,
    awaited: &mut usize,
) -> Result<Vec<Deferred>, VerdictError> {
    let limit = subject.limits.output;
    let mut deferred = Vec::with_capacity(verdict.deferrals.len().min(1 << 16));
    for deferral in &verdict.deferrals {
        let span = deferral.span;
        subject.selected(span)?;
        let keys = keys(verdict, deferral.first_key, deferral.key_count)?;
        if keys.len() > MOST_KEYS {
            return Err(VerdictError::TooManyKeys {
                span,
                keys: keys.len(),
                limit: MOST_KEYS,
            });
        }
        *awaited = awaited.saturating_add(size_of_val(keys));
        if *awaited > limit {
            return Err(VerdictError::TooMuchAwaited { limit });
        }
        deferred.push(Deferred {
            span,
            keys: distinct(keys),
        });
    }
    deferred.sort_by_key(|deferred| deferred.span);
    for pair in deferred.windows(2) {
        if let [one, other] = pair
            && one.span == other.span
        {
            return Err(VerdictError::DeferredTwice { span: one.span });
        }
    }
    Ok(deferred)
}

fn keys(verdict: &Verdict, first: u32, count: u32) -> Result<&[MessageKey], VerdictError> {
    if count == 0 {
        return Ok(&[]);
    }
    let first = first as usize;
    let range = first..first.saturating_add(count as usize);
    let keys = verdict.keys.get(range);
    keys.ok_or(VerdictError::BadRange { list: "keys" })
}

fn distinct(keys: &[MessageKey]) -> Box<[MessageKey]> {
    let mut keys = keys.to_vec();
    keys.sort_unstable_by_key(|key| (key.high, key.low));
    keys.dedup();
    keys.into()
}

/// The span is among them.
pub(super) fn has(deferred: &[Deferred], span: u32) -> bool {
    let found = deferred.binary_search_by_key(&span, |deferred| deferred.span);
    found.is_ok()
}

/// A deferred span comes again: what is done to it now would be done twice.
pub(super) fn check_unedited(deferred: &[Deferred], edits: &[Edit]) -> Result<(), VerdictError> {
    match edits.first() {
        Some(edit) if has(deferred, edit.span) => {
            Err(VerdictError::DeferredAndEdited { span: edit.span })
        }
        _ => Ok(()),
    }
}
