//! The figures at the end, for people.

mod reasons;

use std::fmt::Write as _;
use std::time::Duration;

use linkmend_process::Summary;

/// The summary in some lines.
pub fn readable(summary: &Summary, elapsed: Duration) -> String {
    let mut text = String::new();
    for line in lines(summary, elapsed) {
        if line.figure == 0 && !line.always {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{:>14}  {}", thousands(line.figure), line.what);
        if !line.more.is_empty() {
            let _ = write!(text, "  ({})", line.more);
        }
        text.push('\n');
    }
    text + &reasons::readable(summary)
}

struct Line {
    figure: u64,
    what: &'static str,
    more: String,
    /// Nothing is worth a line, too.
    always: bool,
}

#[allow(
    clippy::too_many_lines,
    reason = "a list, one entry a line of the report"
)]
fn lines(summary: &Summary, elapsed: Duration) -> Vec<Line> {
    let counts = &summary.counts;
    let line = |always, figure, what, more: &str| Line {
        figure,
        what,
        more: more.to_owned(),
        always,
    };
    let batches = plural(counts.batches, "batch", "batches");
    let took = format!("{batches} in {}", duration(elapsed));
    vec![
        line(true, counts.spans, "spans", &took),
        line(true, counts.links_in, "links came in", ""),
        line(true, counts.links_added, "added", "found by message id"),
        line(
            false,
            counts.links_repaired,
            "repaired in place",
            "invalid context, message id known",
        ),
        line(
            false,
            counts.links_dropped_invalid,
            "dropped",
            "invalid context",
        ),
        line(
            false,
            counts.links_dropped_duplicate,
            "dropped",
            "duplicate",
        ),
        line(
            false,
            counts.links_dropped_unwanted,
            "dropped",
            "unwanted, by the rule",
        ),
        line(
            false,
            counts.links_cut,
            "cut",
            "over the limit of links a span",
        ),
        line(true, counts.links_out, "links went out", ""),
        line(
            false,
            counts.links_typed,
            "were told why they exist",
            &types(summary),
        ),
        line(
            false,
            counts.unresolved,
            "messages without a link",
            "their producer was not found",
        ),
        line(
            false,
            counts.ambiguous,
            "messages without a link",
            "several producers, and no way to choose",
        ),
        line(
            false,
            counts.incomplete,
            "messages without a link",
            "named, but not well enough to tell them from others",
        ),
        line(
            false,
            counts.unnamed,
            "messages without a link",
            &format!(
                "of {}",
                plural(
                    counts.unnamed_spans,
                    "consumer that names no message",
                    "consumers that name no message"
                )
            ),
        ),
        line(
            false,
            counts.spans_invalid,
            "spans whose own trace id or span id is invalid",
            "nothing can be linked to them",
        ),
        line(
            false,
            summary.rejected_inputs,
            "inputs or parts of inputs could not be read",
            "see above",
        ),
        line(false, counts.rule_faults, "failures of rules", "see above"),
        line(
            false,
            summary.batches_unmended,
            "batches went on as they came",
            "a rule failed on them",
        ),
        line(
            false,
            summary.batches_dropped,
            "batches left out",
            "a rule failed on them",
        ),
    ]
}

fn types(summary: &Summary) -> String {
    let types = summary.counts.by_link_type.iter();
    let types: Vec<String> = types
        .map(|(name, count)| format!("{} {name}", thousands(*count)))
        .collect();
    types.join(", ")
}

/// A number and what it counts.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    let name = if count == 1 { one } else { many };
    format!("{} {name}", thousands(count))
}

/// In the unit that people would use.
fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0 => format!("{} ms", elapsed.as_millis()),
        1..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// With commas.
pub fn thousands(number: u64) -> String {
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

#[cfg(test)]
mod tests {
    use linkmend::Counts;
    use linkmend_advice::Producers;

    use super::*;

    #[test]
    fn durations_have_the_unit_that_people_would_use() {
        let text = |millis| duration(Duration::from_millis(millis));
        assert_eq!(text(7), "7 ms");
        assert_eq!(text(999), "999 ms");
        assert_eq!(text(1_000), "1.0 s");
        assert_eq!(text(59_940), "59.9 s");
        assert_eq!(text(61_000), "1 min 1 s");
        assert_eq!(text(7_260_000), "2 h 1 min");
    }

    #[test]
    fn numbers_have_commas() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn lines_without_a_figure_are_left_out_but_for_the_balance() {
        let text = readable(&Summary::default(), Duration::from_millis(3));
        assert_eq!(
            text,
            "             0  spans  (0 batches in 3 ms)\n             \
             0  links came in\n             \
             0  added  (found by message id)\n             \
             0  links went out\n"
        );
    }

    #[test]
    fn messages_of_consumers_that_name_none_are_not_consumers() {
        let mut counts = Counts::default();
        (counts.unnamed, counts.unnamed_spans) = (14, 1);
        let summary = Summary::new(counts, &Producers::default(), 0, 0);
        let text = readable(&summary, Duration::ZERO);
        assert!(
            text.contains("14  messages without a link  (of 1 consumer that names no message)"),
            "{text}"
        );
    }

    #[test]
    fn what_is_wrong_is_told() {
        let mut counts = Counts::default();
        (counts.batches, counts.unresolved, counts.rule_faults) = (1, 1_500, 2);
        let summary = Summary::new(counts, &Producers::default(), 0, 0);
        let text = readable(&summary, Duration::ZERO);
        assert!(text.contains("1 batch in"), "{text}");
        assert!(
            text.contains("1,500  messages without a link  (their producer was not found)"),
            "{text}"
        );
        assert!(text.contains("2  failures of rules"), "{text}");
        assert!(!text.contains("dropped"), "{text}");
    }
}
