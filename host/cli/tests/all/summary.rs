//! The figures, for programs and for people.

use serde_json::{Value, json};

use crate::place::Place;
use crate::traces::{self, consumer, line, producers, traces};

const KEYS: [&str; 22] = [
    "ambiguous",
    "batches",
    "batches_unmended",
    "by_link_type",
    "incomplete",
    "links_added",
    "links_cut",
    "links_dropped_duplicate",
    "links_dropped_invalid",
    "links_dropped_unwanted",
    "links_in",
    "links_out",
    "links_repaired",
    "links_typed",
    "reasons",
    "reasons_left_out",
    "rejected_inputs",
    "rule_faults",
    "spans",
    "spans_invalid",
    "unnamed",
    "unresolved",
];

/// `links_in + links_added = links_out + dropped + cut`.
#[track_caller]
fn balances(figures: &Value) {
    let figure = |name: &str| figures[name].as_u64().unwrap();
    assert_eq!(
        figure("links_in") + figure("links_added"),
        figure("links_out")
            + figure("links_dropped_invalid")
            + figure("links_dropped_duplicate")
            + figure("links_dropped_unwanted")
            + figure("links_cut"),
        "{figures}"
    );
}

/// A trace with something of everything.
fn everything() -> String {
    let link = json!({"traceId": traces::trace_id(77), "spanId": traces::span_id(77)});
    let mut twice = consumer(900);
    twice["links"] = json!([link, link, {"traceId": "", "spanId": ""}]);
    traces() + &line([twice])
}

#[test]
fn the_figures_have_exactly_these_keys() {
    let place = Place::with("in.jsonl", everything());
    let figures = place.figures("in.jsonl -o out.jsonl");
    let mut keys: Vec<&str> = figures
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, KEYS);
}

#[test]
fn the_figures_are_right_and_balance() {
    let place = Place::with("in.jsonl", everything());
    let figures = place.figures("in.jsonl -o out.jsonl");
    balances(&figures);
    for (name, figure) in [
        ("spans", 40 + 12 + 1 + 1),
        ("batches", 5 + 3 + 1 + 1),
        ("links_in", 3),
        ("links_added", 20),
        ("links_dropped_invalid", 1),
        ("links_dropped_duplicate", 1),
        ("links_cut", 0),
        ("links_out", 21),
        ("links_typed", 21),
        ("rejected_inputs", 0),
        ("rule_faults", 0),
        ("batches_unmended", 0),
    ] {
        assert_eq!(figures[name], figure, "{name}: {figures}");
    }
    assert_eq!(
        figures["by_link_type"],
        json!({"aggregated_from": 8, "triggered_by": 13})
    );
    balances(&place.figures("in.jsonl -o out.jsonl --limit max_links=2"));
    balances(&place.figures("in.jsonl -n --limit max_links=0"));
}

/// Guarantees: a span that no link can lead to is not passed over in silence.
#[test]
fn spans_with_invalid_ids_of_their_own_are_told_of() {
    let mut nameless = consumer(100);
    nameless["spanId"] = json!("");
    let place = Place::with("in.jsonl", traces() + &line([nameless]));
    let done = place.process("in.jsonl -n");
    let told = "1  spans whose own trace id or span id is invalid  (nothing can be linked to them)";
    assert!(done.stderr.contains(told), "{}", done.stderr);
    let figures = place.figures("in.jsonl -n");
    assert_eq!(
        (&figures["spans_invalid"], &figures["unresolved"]),
        (&json!(1), &json!(0))
    );
}

#[test]
fn reasons_are_told_with_what_to_do_about_them() {
    // Nobody produces these.
    let consumers = (100..103).map(consumer);
    let place = Place::with("in.jsonl", traces() + &line(consumers));
    let figures = place.figures("in.jsonl -n");
    assert_eq!(figures["unresolved"], 3);
    assert_eq!(figures["reasons_left_out"], 0);
    let reasons = figures["reasons"].as_array().unwrap();
    assert_eq!(reasons.len(), 1, "{figures}");
    let mut reason = reasons[0].clone();
    let advice = reason["advice"].take();
    let advice = advice.as_str().unwrap();
    let first = "Give the producer's file too: the producers in the inputs name other messages.";
    assert!(advice.starts_with(first), "{advice}");
    assert_eq!(
        reason,
        json!({"reason": "unresolved", "service": "orders", "messaging_system": "rabbitmq", "language": "-", "count": 3, "advice": null})
    );
    let done = place.process("in.jsonl -n").well();
    for part in [
        "3  messages without a link  (their producer was not found)",
        "\nWhy links were not made, by reason, service and messaging system:\n",
        "\n             3  unresolved  orders  rabbitmq  Give the producer's file too:",
        "`linkmend process --explain SPAN_ID FILE` says why for one span",
    ] {
        assert!(
            done.stderr.contains(part),
            "no `{part}` in:\n{}",
            done.stderr
        );
    }
}

#[test]
fn people_read_only_what_there_is() {
    let place = Place::with("in.jsonl", traces());
    let done = place.process("in.jsonl -o out.jsonl").well();
    let lines: Vec<&str> = done.stderr.lines().map(str::trim_start).collect();
    assert!(
        lines[0].starts_with("54  spans  (9 batches in ") || lines[0].starts_with("53  spans"),
        "{lines:?}"
    );
    assert_eq!(
        lines[1..],
        [
            "0  links came in",
            "20  added  (found by message id)",
            "20  links went out",
            "20  were told why they exist  (8 aggregated_from, 12 triggered_by)",
        ]
    );
}

#[test]
fn quiet_says_only_what_went_wrong() {
    let place = Place::with("in.jsonl", traces());
    assert_eq!(place.process("in.jsonl -o out.jsonl -q").well().stderr, "");
    let done = place.process("in.jsonl missing -o out.jsonl -q");
    assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
}

#[test]
fn an_index_that_is_too_small_is_told() {
    let place = Place::with(
        "in.jsonl",
        (0..100)
            .map(|message| line(producers(message)))
            .collect::<String>(),
    );
    place.process("in.jsonl -n --max-index-entries 10").fails(
        0,
        &[
            "did not fit into the index",
            "raise --max-index-entries (now 10)",
        ],
    );
}

#[test]
fn there_is_no_bar_where_there_is_no_terminal() {
    let place = Place::with("in.jsonl", traces());
    let done = place.process("in.jsonl -o out.jsonl").well();
    assert!(
        !done.stderr.contains(['\u{1b}', '\r', '\u{2588}']),
        "{:?}",
        done.stderr
    );
}
