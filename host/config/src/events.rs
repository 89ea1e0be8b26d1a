//! The events of the parser, as every reader of a text takes them.

use saphyr_parser::{Event, Marker, Parser, ScanError, Span, StrInput};

use crate::error::ConfigError;

/// How deep values may lie in each other.
const DEEPEST: usize = 64;

/// The next event.
pub(crate) fn next<'t>(
    parser: &mut Parser<'t, StrInput<'t>>,
) -> Result<(Event<'t>, Span), ConfigError> {
    match parser.next_event() {
        Some(event) => Ok(event?),
        // The last event is told before it ends.
        None => Err(ScanError::new_str(Marker::new(0, 1, 0), "it ends too early").into()),
    }
}

/// Values may lie so deep.
pub(crate) fn check_depth(depth: usize, at: Marker) -> Result<(), ConfigError> {
    if depth > DEEPEST {
        let text = format!("values lie in each other more than {DEEPEST} deep");
        return Err(ConfigError::at(at, text));
    }
    Ok(())
}
