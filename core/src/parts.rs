//! A batch in calls of bounded size, and one verdict of the answers.

use std::ops::Range;

use crate::error::{FaultReason, VerdictError};
use crate::interface::{Tasks, Text, Verdict};

/// Spans of a call. What a guest makes of a span may take kilobytes in its
/// memory, and batches have any number of them.
const MOST_SPANS: usize = 1024;

/// Shows so many spans to a rule that is shown records, in as many calls as it takes: each
/// is told which of them. All of them are remembered before the first one is mended.
///
/// # Errors
///
/// That of a call; and when the answers do not fit together.
pub fn in_parts(
    spans: usize,
    tasks: Tasks,
    most_output: usize,
    mut call: impl FnMut(Tasks, Range<usize>) -> Result<Verdict, FaultReason>,
) -> Result<Verdict, FaultReason> {
    if spans <= MOST_SPANS {
        return call(tasks, 0..spans);
    }
    let parts = || (0..spans).step_by(MOST_SPANS);
    let parts = || parts().map(|first| first..spans.min(first + MOST_SPANS));
    let mut rest = tasks;
    if tasks.contains(Tasks::REMEMBER | Tasks::MEND) {
        rest = tasks & !Tasks::REMEMBER;
        for part in parts() {
            let verdict = call(Tasks::REMEMBER, part)?;
            if !verdict.edits.is_empty() || !verdict.deferrals.is_empty() {
                return Err(refused(VerdictError::UnwantedEdits));
            }
        }
    }
    let mut all = Verdict::default();
    for part in parts() {
        let (first, given) = (part.start, part.len());
        append(&mut all, call(rest, part)?, first, given)?;
        if size(&all) > most_output {
            let limit = most_output;
            return Err(FaultReason::Output { limit });
        }
    }
    Ok(all)
}

/// Appends the verdict on `given` spans from number `first` on. What it names
/// must be there: it would be another part's otherwise.
fn append(all: &mut Verdict, part: Verdict, first: usize, given: usize) -> Result<(), FaultReason> {
    let texts = Shift::over(&all.texts, &part.texts, "texts")?;
    let attributes = Shift::over(&all.attributes, &part.attributes, "attributes")?;
    let keys = Shift::over(&all.keys, &part.keys, "keys")?;
    let span = |number: u32| match number as usize {
        place if place < given => Ok((first + place) as u32),
        _ => Err(refused(VerdictError::NoSuchSpan {
            span: number,
            given,
        })),
    };
    for mut edit in part.edits {
        edit.span = span(edit.span)?;
        edit.context.trace_state = texts.text(edit.context.trace_state)?;
        edit.first_attribute = attributes.shift(edit.first_attribute, edit.attribute_count)?;
        all.edits.push(edit);
    }
    for mut attribute in part.attributes {
        attribute.key = texts.text(attribute.key)?;
        attribute.text = texts.text(attribute.text)?;
        all.attributes.push(attribute);
    }
    for mut note in part.notes {
        note.span = span(note.span)?;
        all.notes.push(note);
    }
    for mut deferral in part.deferrals {
        deferral.span = span(deferral.span)?;
        deferral.first_key = keys.shift(deferral.first_key, deferral.key_count)?;
        all.deferrals.push(deferral);
    }
    for mut explanation in part.explanations {
        explanation.span = span(explanation.span)?;
        explanation.text = texts.text(explanation.text)?;
        all.explanations.push(explanation);
    }
    all.keys.extend(part.keys);
    all.texts.extend(part.texts);
    Ok(())
}

/// How ranges of a list move when it is appended to another one.
struct Shift {
    list: &'static str,
    by: usize,
    length: usize,
}

impl Shift {
    fn over<T>(before: &[T], list: &[T], name: &'static str) -> Result<Self, FaultReason> {
        let shift = Self {
            list: name,
            by: before.len(),
            length: list.len(),
        };
        match u32::try_from(before.len() + list.len()) {
            Ok(_) => Ok(shift),
            Err(_) => Err(refused(VerdictError::BadRange { list: name })),
        }
    }

    /// An empty range may be anywhere.
    fn shift(&self, first: u32, count: u32) -> Result<u32, FaultReason> {
        if count == 0 {
            return Ok(0);
        }
        let end = (first as usize).checked_add(count as usize);
        match end {
            Some(end) if end <= self.length => Ok(first + self.by as u32),
            _ => Err(refused(VerdictError::BadRange { list: self.list })),
        }
    }

    fn text(&self, text: Text) -> Result<Text, FaultReason> {
        let offset = self.shift(text.offset, text.length)?;
        Ok(Text {
            offset,
            length: text.length,
        })
    }
}

fn refused(error: VerdictError) -> FaultReason {
    FaultReason::Verdict(error)
}

/// What a verdict takes, in bytes.
fn size(verdict: &Verdict) -> usize {
    size_of_val(verdict.edits.as_slice())
        + size_of_val(verdict.attributes.as_slice())
        + size_of_val(verdict.notes.as_slice())
        + size_of_val(verdict.deferrals.as_slice())
        + size_of_val(verdict.keys.as_slice())
        + size_of_val(verdict.explanations.as_slice())
        + verdict.texts.len()
}

#[cfg(test)]
mod tests;
