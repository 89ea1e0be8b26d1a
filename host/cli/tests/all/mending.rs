//! What becomes of traces.

use serde_json::json;

use crate::place::Place;
use crate::traces::{self, consuming, expected, links, producing, traces, without_links};

#[test]
fn every_missing_link_is_made_and_nothing_else_changes() {
    let place = Place::with("in.jsonl", traces());
    place.process("in.jsonl -o out.jsonl").well();
    let mended = place.read("out.jsonl");
    assert_eq!(links(&mended), expected());
    assert_eq!(without_links(&mended), without_links(traces().as_bytes()));
}

#[test]
fn lines_without_a_new_link_stay_as_they_are_to_the_byte() {
    let place = Place::with("in.jsonl", traces());
    place.process("in.jsonl -o out.jsonl").well();
    let mended = place.text("out.jsonl");
    assert!(mended.starts_with(&producing()));
}

#[test]
fn a_second_run_changes_nothing() {
    let place = Place::with("in.jsonl", traces());
    place.process("in.jsonl -o once.jsonl").well();
    place.process("once.jsonl -o twice.jsonl").well();
    assert!(place.read("once.jsonl") == place.read("twice.jsonl"));
    let figures = place.figures("once.jsonl -o twice.jsonl");
    assert_eq!(figures["links_added"], 0);
    assert_eq!(figures["links_typed"], 0);
    assert_eq!(figures["links_out"], 20);
}

#[test]
fn a_consumer_that_comes_first_finds_its_producer() {
    let place = Place::with("in.jsonl", consuming() + &producing());
    place.process("in.jsonl -o out.jsonl").well();
    assert_eq!(links(&place.read("out.jsonl")), expected());
}

#[test]
fn a_consumer_whose_parent_is_the_producer_needs_no_link() {
    let mut consumer = traces::consumer(0);
    consumer["traceId"] = json!(traces::trace_id(1_000));
    consumer["parentSpanId"] = json!(traces::inner(0));
    let text = traces::line(traces::producers(0)) + &traces::line([consumer]);
    let place = Place::with("in.jsonl", &text);
    place.process("in.jsonl -o out.jsonl").well();
    assert_eq!(place.text("out.jsonl"), text);
}

#[test]
fn a_span_whose_own_id_is_invalid_gets_no_link_and_loses_invalid_ones() {
    let mut short = traces::consumer(3);
    short["traceId"] = json!("5B8EFFF798038103D269B633813FC6");
    short["links"] =
        json!([{"traceId": "5B8EFFF798038103D269B633813FC6", "spanId": "EEE19B7EC3C1B174"}]);
    let text = traces::line(traces::producers(3)) + &traces::line([short]);
    let place = Place::with("in.jsonl", &text);
    place.process("in.jsonl -o out.jsonl").well();
    assert_eq!(links(&place.read("out.jsonl")), []);
    let spans = place.text("out.jsonl").matches("spanId").count();
    assert_eq!(
        spans,
        text.matches("spanId").count() - 1,
        "the link's is gone"
    );
}

#[test]
fn a_link_whose_id_is_too_short_is_dropped() {
    let mut broken = traces::consumer(900);
    broken["links"] = json!([
        {"traceId": "5B8EFFF798038103D269B633813FC6", "spanId": "EEE19B7EC3C1B174"},
        {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174"}
    ]);
    let place = Place::with("in.jsonl", traces::line([broken]));
    let figures = place.figures("in.jsonl -o out.jsonl");
    assert_eq!(figures["links_in"], 2);
    assert_eq!(figures["links_dropped_invalid"], 1);
    assert_eq!(figures["links_out"], 1);
    let spans = traces::spans(&place.read("out.jsonl"));
    let kept = spans[0]["links"][0]["traceId"].as_str().unwrap();
    assert!(kept.eq_ignore_ascii_case("5B8EFFF798038103D269B633813FC60C"));
}

#[test]
fn a_link_with_an_invalid_context_is_repaired_in_place() {
    let mut broken = traces::consumer(3);
    broken["links"] =
        json!([{"traceId": "00000000000000000000000000000000", "spanId": "0000000000000000"}]);
    let place = Place::with(
        "in.jsonl",
        traces::line(traces::producers(3)) + &traces::line([broken]),
    );
    let figures = place.figures("in.jsonl -o out.jsonl");
    assert_eq!(figures["links_repaired"], 1);
    assert_eq!(figures["links_added"], 0);
    assert_eq!(links(&place.read("out.jsonl"))[0].to, traces::inner(3));
}

#[test]
fn ids_in_upper_case_are_the_same_ids() {
    let text = traces().replace("0000feed", "0000FEED");
    let place = Place::with("in.jsonl", &text);
    place.process("in.jsonl -o out.jsonl").well();
    let found = links(&place.read("out.jsonl"));
    assert_eq!(found.len(), 20);
    assert_eq!(
        without_links(&place.read("out.jsonl")),
        without_links(text.as_bytes())
    );
}

#[test]
fn one_thread_and_many_write_the_same_bytes() {
    let many: String = (0..400)
        .map(|message| {
            traces::line(traces::producers(message)) + &traces::line([traces::consumer(message)])
        })
        .collect();
    let place = Place::with("in.jsonl", many);
    place.process("in.jsonl -o one.jsonl -j 1").well();
    place.process("in.jsonl -o eight.jsonl -j 8").well();
    assert_eq!(links(&place.read("one.jsonl")).len(), 400);
    assert!(place.read("one.jsonl") == place.read("eight.jsonl"));
}

#[test]
fn the_limit_of_links_cuts_and_is_no_failure() {
    let place = Place::with("in.jsonl", traces());
    let figures = place.figures("in.jsonl -o out.jsonl --limit max_links=3");
    assert_eq!(figures["rule_faults"], 0);
    assert_eq!(figures["links_cut"], 5);
    assert_eq!(figures["links_out"], 15);
}
