//! What a rule answers, as it lies in the rule's memory: the lists of a `verdict` by the
//! canonical ABI of the component model, each copied as it is. They are flat, and so are
//! read here, by the same code for every host.

use linkmend_core::interface::{
    Action, Attribute, Deferral, DropReason, Edit, Explanation, Note, NoteKind, SpanContext,
    ValueKind, Verdict,
};

use crate::numbers::{Numbers, OF_KEY, items};

/// Lists of a verdict.
const LISTS: usize = 7;

/// The sizes of their items.
const OF_EDIT: usize = 64;
const OF_ATTRIBUTE: usize = 32;
const OF_NOTE: usize = 12;
const OF_DEFERRAL: usize = 12;
const OF_EXPLANATION: usize = 12;

/// Reads a verdict: seven lengths in bytes, and then the lists. `None` where it does not fit
/// the interface.
pub(crate) fn read(bytes: &[u8]) -> Option<Verdict> {
    let mut lengths = Numbers(bytes.get(..LISTS * 4)?);
    let mut rest = bytes.get(LISTS * 4..)?;
    let mut list = || {
        let (list, after) = rest.split_at_checked(lengths.u32() as usize)?;
        rest = after;
        Some(list)
    };
    let verdict = Verdict {
        edits: items(list()?, OF_EDIT, edit)?,
        attributes: items(list()?, OF_ATTRIBUTE, attribute)?,
        notes: items(list()?, OF_NOTE, note)?,
        deferrals: items(list()?, OF_DEFERRAL, |numbers| Some(deferral(numbers)))?,
        keys: items(list()?, OF_KEY, |mut numbers| Some(numbers.key()))?,
        texts: list()?.to_vec(),
        explanations: items(list()?, OF_EXPLANATION, |numbers| {
            Some(explanation(numbers))
        })?,
    };
    rest.is_empty().then_some(verdict)
}

fn edit(mut numbers: Numbers<'_>) -> Option<Edit> {
    let (span, link) = (numbers.u32(), numbers.u32());
    let action = match numbers.u8() {
        0 => Action::AddLink,
        1 => Action::ReplaceContext,
        2 => Action::DropLink,
        3 => Action::AddAttributes,
        _ => return None,
    };
    let reason = match numbers.u8() {
        0 => DropReason::Invalid,
        1 => DropReason::Duplicate,
        2 => DropReason::OverLimit,
        3 => DropReason::Unwanted,
        _ => return None,
    };
    numbers.skip(6);
    let context = SpanContext {
        trace_id_high: numbers.u64(),
        trace_id_low: numbers.u64(),
        span_id: numbers.u64(),
        trace_state: numbers.text(),
        flags: numbers.u32(),
    };
    numbers.skip(4);
    Some(Edit {
        span,
        link,
        action,
        reason,
        context,
        first_attribute: numbers.u32(),
        attribute_count: numbers.u32(),
    })
}

fn attribute(mut numbers: Numbers<'_>) -> Option<Attribute> {
    let key = numbers.text();
    let kind = match numbers.u8() {
        0 => ValueKind::Text,
        1 => ValueKind::Boolean,
        2 => ValueKind::Integer,
        3 => ValueKind::Double,
        _ => return None,
    };
    numbers.skip(3);
    let text = numbers.text();
    numbers.skip(4);
    Some(Attribute {
        key,
        kind,
        text,
        bits: numbers.u64(),
    })
}

fn note(mut numbers: Numbers<'_>) -> Option<Note> {
    let span = numbers.u32();
    let kind = match numbers.u8() {
        0 => NoteKind::Unresolved,
        1 => NoteKind::TooLate,
        2 => NoteKind::TooMany,
        3 => NoteKind::Ambiguous,
        4 => NoteKind::NoRoom,
        5 => NoteKind::Incomplete,
        6 => NoteKind::Unnamed,
        _ => return None,
    };
    numbers.skip(3);
    Some(Note {
        span,
        kind,
        count: numbers.u32(),
    })
}

fn deferral(mut numbers: Numbers<'_>) -> Deferral {
    Deferral {
        span: numbers.u32(),
        first_key: numbers.u32(),
        key_count: numbers.u32(),
    }
}

fn explanation(mut numbers: Numbers<'_>) -> Explanation {
    Explanation {
        span: numbers.u32(),
        text: numbers.text(),
    }
}
