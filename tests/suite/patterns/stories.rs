//! The patterns of asynchronous work: what linkmend makes of each is what the
//! folder has as `after.jsonl`, and that is what its README tells.

use linkmend_tests::arms::{Arm, Order};
use linkmend_tests::rule_test;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};

use super::{mend, read, spans, without_links};

/// A span that has links: its label, `link.type` of all of them, and the
/// labels of the spans that they lead to, in order.
type Linked = (&'static str, &'static str, &'static [&'static str]);

/// Holds `after.jsonl` against `before.jsonl`, and against the truth: all
/// spans that have links, in the order of the file.
fn expect(arm: Arm, order: Order, folder: &str, truth: &[Linked]) -> Vec<TracesData> {
    let before = read(folder, "before.jsonl");
    let after = read(folder, "after.jsonl");

    let processor = arm.processor(&rule(folder));
    let (mended, _) = mend(&processor, order, &before);
    assert_eq!(mended, after);
    let (again, _) = mend(&processor, order, &after);
    assert_eq!(again, after);

    assert_eq!(without_links(&after), without_links(&before));
    let found: Vec<_> = spans(&after)
        .filter(|span| !span.links.is_empty())
        .map(|span| (label(span), link_type(span), targets(&after, span)))
        .collect();
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    let truth: Vec<(_, _, Vec<String>)> = truth
        .iter()
        .map(|(span, kind, targets)| (span.to_string(), kind.to_string(), owned(targets)))
        .collect();
    assert_eq!(found, truth);
    after
}

/// The rule's configuration: the folder's, if it has one.
fn rule(folder: &str) -> String {
    let path = super::path(folder, "rule.yaml");
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::to_string(linkmend_config::read(&text).unwrap().value()).unwrap(),
        Err(_) => "{}".into(),
    }
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// What a span is called in its story, by an attribute that linkmend does not
/// know.
fn label(span: &Span) -> String {
    match text(&span.attributes, "story.name") {
        Some(name) => format!("{}: {name}", span.name),
        None => span.name.clone(),
    }
}

/// What all links of a span say of themselves.
fn link_type(span: &Span) -> String {
    let kinds = span
        .links
        .iter()
        .map(|link| text(&link.attributes, "link.type"));
    let mut kinds: Vec<_> = kinds.collect();
    kinds.dedup();
    let [Some(kind)] = kinds[..] else {
        panic!("{}: {kinds:?}", label(span));
    };
    kind.to_owned()
}

/// Where the links of a span lead to; `4 x ` before what several in a row do.
fn targets(batches: &[TracesData], span: &Span) -> Vec<String> {
    let mut targets: Vec<(usize, String)> = Vec::new();
    for link in &span.links {
        let target = label(target(batches, link));
        match targets.last_mut() {
            Some((count, last)) if *last == target => *count += 1,
            _ => targets.push((1, target)),
        }
    }
    let written = targets.into_iter().map(|(count, target)| match count {
        1 => target,
        _ => format!("{count} x {target}"),
    });
    written.collect()
}

fn target<'a>(batches: &'a [TracesData], link: &Link) -> &'a Span {
    let mut spans = spans(batches);
    let is_target = |span: &&Span| span.trace_id == link.trace_id && span.span_id == link.span_id;
    spans.find(is_target).unwrap()
}

/// The span with this label; there is one.
fn the<'a>(batches: &'a [TracesData], name: &str) -> &'a Span {
    let found: Vec<_> = spans(batches).filter(|span| label(span) == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}

fn is_repaired(link: &Link) -> bool {
    let mut attributes = link.attributes.iter();
    attributes.any(|attribute| attribute.key == "link.repaired")
}

rule_test! {
    fn each_order_is_linked_to_its_publishing(arm, order) {
        expect(arm, order, "producer-consumer", &[
            ("fulfil process: order 1", "triggered_by", &["orders publish: order 1"]),
            ("fulfil process: order 2", "triggered_by", &["orders publish: order 2"]),
            ("fulfil process: order 3", "triggered_by", &["orders publish: order 3"]),
            ("fulfil process: order 4", "triggered_by", &["orders publish: order 4"]),
            ("fulfil process: order 5", "triggered_by", &["orders publish: order 5"]),
            ("fulfil process: order 6", "triggered_by", &["orders publish: order 6"]),
            ("fulfil process: order 7", "triggered_by", &["orders publish: order 7"]),
            ("fulfil process: order 5", "triggered_by", &["orders publish: order 5"]),
        ]);
    }
}

rule_test! {
    fn a_batch_is_linked_to_all_of_its_messages_up_to_128(arm, order) {
        let after = expect(arm, order, "batch", &[
            ("readings process: 160 ids", "aggregated_from", &[
                "40 x readings send: station 1",
                "40 x readings send: station 2",
                "40 x readings send: station 3",
                "8 x readings send: station 4",
            ]),
            ("readings process: 140 links", "aggregated_from", &[
                "35 x readings send: station 1",
                "35 x readings send: station 2",
                "35 x readings send: station 3",
                "23 x readings send: station 4",
            ]),
            ("pictures process: all ids in an array", "aggregated_from", &[
                "pictures send: sea 1",
                "pictures send: sea 2",
                "pictures send: snow 1",
                "pictures send: snow 2",
                "pictures send: cake 1",
                "pictures send: cake 2",
            ]),
            ("pictures process: ids on links, and one more", "aggregated_from", &[
                "pictures send: sea 3",
                "pictures send: snow 3",
                "pictures send: snow 4",
                "pictures send: cake 3",
            ]),
        ]);
        // Links that never were are not counted, and links that were are.
        assert_eq!(the(&after, "readings process: 160 ids").dropped_links_count, 0);
        assert_eq!(the(&after, "readings process: 140 links").dropped_links_count, 12);
    }
}

rule_test! {
    fn every_consumer_of_an_event_is_linked_to_its_emitter(arm, order) {
        expect(arm, order, "fan-out", &[
            ("send welcome mail: ann", "triggered_by", &["account.created emit: ann"]),
            ("send welcome mail: bob", "triggered_by", &["account.created emit: bob"]),
            ("send welcome mail: eve", "triggered_by", &["account.created emit: eve"]),
            ("add contact: ann", "triggered_by", &["account.created emit: ann"]),
            ("add contact: bob", "triggered_by", &["account.created emit: bob"]),
            ("add contact: eve", "triggered_by", &["account.created emit: eve"]),
            ("book sale: north 1", "triggered_by", &["sale.made emit: north 1"]),
            ("book sale: north 2", "triggered_by", &["sale.made emit: north 2"]),
            ("book sale: south 1", "triggered_by", &["sale.made emit: south 1"]),
            ("book sale: south 2", "triggered_by", &["sale.made emit: south 2"]),
            ("reorder: north 1", "triggered_by", &["sale.made emit: north 1"]),
            ("reorder: north 2", "triggered_by", &["sale.made emit: north 2"]),
            ("reorder: south 1", "triggered_by", &["sale.made emit: south 1"]),
            ("reorder: south 2", "triggered_by", &["sale.made emit: south 2"]),
            ("check account: ann", "triggered_by", &["account.created emit: ann"]),
            ("check account: bob", "triggered_by", &["account.created emit: bob"]),
            ("check account: eve", "triggered_by", &["account.created emit: eve"]),
        ]);
    }
}

rule_test! {
    fn a_job_is_linked_to_the_requests_that_it_works_off(arm, order) {
        expect(arm, order, "scheduled-job", &[
            ("render report: north 1", "triggered_by", &["POST /reports: north 1"]),
            ("render report: north 2", "triggered_by", &["POST /reports: north 2"]),
            ("render report: north 3", "triggered_by", &["POST /reports: north 3"]),
            ("render report: north 4", "triggered_by", &["POST /reports: north 4"]),
            ("render report: north 5", "triggered_by", &["POST /reports: north 5"]),
            ("nightly reports: north", "aggregated_from", &[
                "POST /reports: north 1",
                "POST /reports: north 2",
                "POST /reports: north 3",
                "POST /reports: north 4",
                "POST /reports: north 5",
            ]),
            ("render report: south 1", "triggered_by", &["POST /reports: south 1"]),
            ("render report: south 2", "triggered_by", &["POST /reports: south 2"]),
            ("nightly reports: south", "aggregated_from", &[
                "POST /reports: south 1",
                "POST /reports: south 2",
            ]),
        ]);
    }
}

rule_test! {
    fn an_aggregator_keeps_its_links_and_their_order(arm, order) {
        let after = expect(arm, order, "aggregation", &[
            ("results aggregate: apple", "aggregated_from", &[
                "results send: apple, shard 1",
                "results send: apple, shard 2",
                "results send: apple, shard 3",
                "results send: apple, shard 4",
            ]),
            ("results aggregate: pear", "aggregated_from", &[
                "results send: pear, shard 1",
                "results send: pear, shard 2",
                "results send: pear, shard 3",
                "results send: pear, shard 4",
            ]),
            ("results aggregate: plum", "aggregated_from", &[
                "results send: plum, shard 1",
                "results send: plum, shard 2",
                "results send: plum, shard 3",
            ]),
            ("daily trend: trend", "aggregated_from", &[
                "results send: plum, shard 1",
                "results send: plum, shard 2",
                "results send: plum, shard 3",
                "results send: plum, shard 4",
            ]),
        ]);
        let repaired = |name| -> Vec<_> {
            the(&after, name).links.iter().map(is_repaired).collect()
        };
        assert_eq!(repaired("results aggregate: apple"), [false, true, true, false]);
        assert_eq!(repaired("results aggregate: pear"), [false, false, false, true]);
        assert_eq!(repaired("results aggregate: plum"), [true, true, true]);
    }
}

rule_test! {
    fn a_captured_header_becomes_a_link(arm, order) {
        let after = expect(arm, order, "context-in-headers", &[
            ("measurements process: alarm 1", "triggered_by", &[
                "measurements send: measurement 1",
            ]),
            ("measurements process: alarm 2", "triggered_by", &[
                "measurements send: measurement 2",
            ]),
            ("measurements process: alarm 3", "triggered_by", &[
                "measurements send: measurement 3",
            ]),
            ("measurements process: alarm 4", "triggered_by", &[
                "measurements send: measurement 4",
            ]),
            ("measurements process: all at once", "aggregated_from", &[
                "measurements send: measurement 1",
                "measurements send: measurement 2",
                "measurements send: measurement 3",
                "measurements send: measurement 4",
                "measurements send: measurement 5",
                "measurements send: measurement 6",
                "measurements send: measurement 7",
                "measurements send: measurement 8",
            ]),
        ]);
        let state = |name| the(&after, name).links[0].trace_state.as_str();
        assert_eq!(state("measurements process: alarm 1"), "");
        assert_eq!(state("measurements process: alarm 2"), "shop=blue,region=eu");
    }
}

rule_test! {
    fn a_stored_context_becomes_a_link(arm, order) {
        expect(arm, order, "context-in-database", &[
            ("export item: item 1", "triggered_by", &["INSERT work_items: item 1"]),
            ("export item: item 2", "triggered_by", &["INSERT work_items: item 2"]),
            ("export item: item 3", "triggered_by", &["INSERT work_items: item 3"]),
            ("export item: item 4", "triggered_by", &["INSERT work_items: item 4"]),
            ("export items: items 5 to 8", "aggregated_from", &[
                "INSERT work_items: item 5",
                "INSERT work_items: item 6",
                "INSERT work_items: item 7",
                "INSERT work_items: item 8",
            ]),
        ]);
    }
}
