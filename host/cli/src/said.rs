//! What rules say while spans are explained.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use linkmend::{Listener, Said};

use crate::terminal::tell;

/// A rule that says something of each span would fill any terminal.
const MOST_LINES: u64 = 1_000;

/// Tells on standard error what rules say, marked as theirs.
pub fn listener() -> Listener {
    let told = AtomicU64::new(0);
    Arc::new(move |said| tell_of(said, &told))
}

fn tell_of(said: &Said<'_>, told: &AtomicU64) {
    let rule = match said.rule {
        "" => "a rule".to_owned(),
        name => format!("rule `{name}`"),
    };
    for line in said.lines {
        match told.fetch_add(1, Ordering::Relaxed) {
            ..MOST_LINES => tell(format_args!("{rule} says ({}): {}", line.level, line.text)),
            MOST_LINES => tell(format_args!(
                "rules say more; {MOST_LINES} lines of it are shown"
            )),
            _ => return,
        }
    }
    if said.left_out > 0 {
        tell(format_args!("{rule} says {} more lines", said.left_out));
    }
}
