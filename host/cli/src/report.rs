//! The figures at the end, for people.

use std::fmt::Write as _;
use std::time::Duration;

use linkmend_process::Summary;

/// The summary in some lines.
pub fn readable(summary: &Summary, elapsed: Duration) -> String {
    let mut text = String::new();
    let mut line = |figure: u64, what: &str, more: &str| {
        let more = if more.is_empty() {
            String::new()
        } else {
            format!("  ({more})")
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:>14}  {what}{more}", thousands(figure));
    };
    line(
        summary.spans,
        "spans",
        &format!(
            "{} batches in {}",
            thousands(summary.batches),
            seconds(elapsed)
        ),
    );
    line(summary.links_in, "links came in", "");
    line(summary.links_added, "added", "found by message id");
    line(
        summary.links_repaired,
        "repaired in place",
        "invalid context, message id known",
    );
    line(summary.links_dropped_invalid, "dropped", "invalid context");
    line(summary.links_dropped_duplicate, "dropped", "duplicate");
    line(summary.links_cut, "cut", "over the limit of a span");
    line(summary.links_out, "links went out", "");
    line(
        summary.links_typed,
        "were told why they exist",
        &types(summary),
    );
    for (figure, what, more) in problems(summary) {
        if figure > 0 {
            line(figure, what, more);
        }
    }
    text
}

/// What is worth a line only when there is some of it.
fn problems(summary: &Summary) -> [(u64, &'static str, &'static str); 5] {
    [
        (
            summary.unresolved,
            "messages without a link",
            "their producer is nowhere in the inputs",
        ),
        (
            summary.ambiguous,
            "messages without a link",
            "several producers, and no way to choose",
        ),
        (
            summary.rejected_inputs,
            "inputs or parts of inputs could not be read",
            "see above",
        ),
        (summary.rule_faults, "failures of rules", "see above"),
        (
            summary.batches_dropped,
            "batches left out",
            "a rule failed on them",
        ),
    ]
}

fn types(summary: &Summary) -> String {
    let types = summary.by_link_type.iter();
    let types: Vec<String> = types
        .map(|(name, count)| format!("{} {name}", thousands(*count)))
        .collect();
    types.join(", ")
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
