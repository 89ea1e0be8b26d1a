//! What is cut out of an input, or stands in the way of it.

use crate::batch::Content;
use crate::fault::{FaultKind, Position};

use super::source::Source;

/// What a splitter finds: a place and what lies there.
pub(super) type Part = Result<(Position, Content), Broken>;

/// What a splitter cannot read.
pub(super) struct Broken {
    pub(super) position: Position,
    pub(super) kind: FaultKind,
    pub(super) ends_input: bool,
}

/// The end of an input: a fault if it ends inside `what`, or for another
/// reason than that it is over.
pub(super) fn end(
    source: &mut Source,
    position: Position,
    what: Option<&'static str>,
) -> Option<Part> {
    let kind = match (source.failure(), what) {
        (Some(error), _) => FaultKind::Read(error),
        (None, Some(what)) => FaultKind::Truncated { what },
        (None, None) => return None,
    };
    Some(Err(Broken {
        position,
        kind,
        ends_input: true,
    }))
}
