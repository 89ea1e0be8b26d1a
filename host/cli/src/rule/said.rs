//! What a rule said, for its author.

use linkmend::plain;
use linkmend_workbench::Lines;

use crate::terminal::say;

/// How many different lines are shown.
const MOST_LINES: usize = 20;

/// Shows the lines below what the rule was doing, marked as the rule's.
pub fn show(said: &Lines) {
    for line in said.lines.iter().take(MOST_LINES) {
        let times = match line.times {
            1 => String::new(),
            times => format!("  (said {times} times)"),
        };
        say(format_args!(
            "  the rule says ({}): {}{times}",
            line.level,
            plain(&line.text)
        ));
    }
    let more = said.lines.iter().skip(MOST_LINES).map(|line| line.times);
    let more = said.left_out + more.sum::<u64>();
    if more > 0 {
        say(format_args!("  the rule says: and {more} more lines"));
    }
}
