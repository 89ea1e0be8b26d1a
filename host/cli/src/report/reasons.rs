//! Why links were not made, for people.

use std::fmt::Write as _;

use linkmend::plain;
use linkmend_process::{AdvisedReason, Summary};

use super::{plural, thousands};

/// So many reasons are worth the reader's time; `--summary` has more.
const MOST: usize = 5;
/// A name longer than that is cut, so that lines stay aligned.
const WIDEST: usize = 32;

/// The most frequent reasons and what to do about each, in some lines; nothing
/// when there are none.
pub(super) fn readable(summary: &Summary) -> String {
    let shown = summary.reasons.get(..MOST).unwrap_or(&summary.reasons);
    if shown.is_empty() {
        return String::new();
    }
    let mut text =
        "\nWhy links were not made, by reason, service and messaging system:\n".to_owned();
    let rows: Vec<Row<'_>> = shown.iter().map(Row::new).collect();
    let widest = |width: fn(&Row<'_>) -> usize| rows.iter().map(width).max().unwrap_or_default();
    let reason = widest(|row| row.reason.len());
    let service = widest(|row| row.service.chars().count());
    let system = widest(|row| row.system.chars().count());
    for row in &rows {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:>14}  {:<reason$}  {:<service$}  {:<system$}  {}",
            row.count, row.reason, row.service, row.system, row.advice
        );
    }
    let more = summary.reasons.len() - shown.len() + summary.reasons_left_out;
    if more > 0 {
        let more = plural(more as u64, "more line is", "more lines are");
        let _ = writeln!(text, "{:>14}  {more} in the file of --summary", "...");
    }
    text + "`linkmend process --explain SPAN_ID FILE` says why for one span, `--explain all` for every one.\n"
}

/// What stands in a line.
struct Row<'a> {
    count: String,
    reason: &'static str,
    service: String,
    system: String,
    advice: &'a str,
}

impl<'a> Row<'a> {
    fn new(reason: &'a AdvisedReason) -> Self {
        let line = &reason.line;
        Self {
            count: thousands(line.count),
            reason: line.reason.as_str(),
            service: cell(&line.service),
            system: cell(&line.messaging_system),
            advice: reason.advice,
        }
    }
}

/// A name out of the data, in one cell of a table.
fn cell(name: &str) -> String {
    let name = plain(name);
    match name.char_indices().nth(WIDEST) {
        Some(_) => name.chars().take(WIDEST - 3).chain("...".chars()).collect(),
        None => name.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use linkmend::{Counts, Reason};
    use linkmend_advice::Producers;

    use super::*;

    fn summary(services: u64) -> Summary {
        let mut counts = Counts::default();
        for number in 1..=services {
            let service = format!("s{}", "-".repeat(number as usize));
            counts
                .reasons
                .add(Reason::TooLate, &service, "kafka", number * 1_000);
        }
        Summary::new(counts, &Producers::default(), 0, 0)
    }

    #[test]
    fn nothing_is_said_when_all_links_were_made() {
        assert_eq!(readable(&summary(0)), "");
    }

    #[test]
    fn lines_are_aligned_and_say_what_to_do() {
        let text = readable(&summary(2));
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines.first().is_some_and(
                |line| line.starts_with("         2,000  too_late  s--  kafka  Correct")
            ),
            "{text}"
        );
        assert!(
            lines.get(1).is_some_and(
                |line| line.starts_with("         1,000  too_late  s-   kafka  Correct")
            ),
            "{text}"
        );
        assert!(
            lines
                .last()
                .is_some_and(|line| line.contains("--explain SPAN_ID")),
            "{text}"
        );
    }

    #[test]
    fn only_the_most_frequent_are_listed() {
        let text = readable(&summary(30));
        assert_eq!(text.matches("too_late").count(), 5, "{text}");
        assert!(text.contains("30,000  too_late"), "{text}");
        assert!(!text.contains("25,000  too_late"), "{text}");
        assert!(
            text.contains("25 more lines are in the file of --summary"),
            "{text}"
        );
    }

    #[test]
    fn names_out_of_the_data_cannot_break_the_table() {
        assert_eq!(cell("a\u{1b}[2J\nb"), "a\\u{1b}[2J\\nb");
        assert_eq!(cell(&"x".repeat(33)), format!("{}...", "x".repeat(29)));
        assert_eq!(cell(&"x".repeat(32)), "x".repeat(32));
    }
}
