//! How many links a span may have, and what is counted.

use super::support::*;
use linkmend_rule::{MemoryIndex, Tasks};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};

fn message(id: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text(id)),
    ]
}

fn linked(count: u64) -> Span {
    let links = (0..count)
        .map(|number| link_to(100 + number, &[]))
        .collect();
    with_links(span(2, 1, &[]), links)
}

#[test]
fn of_129_and_5000_links_the_first_128_stay() {
    for count in [128, 129, 5000] {
        let outcome = mend(vec![linked(count)]);
        let first: Vec<_> = (100..228).collect();
        assert_eq!(outcome.targets(2), first);
        assert_eq!(outcome.cut as u64, count - 128);
        assert_eq!(u64::from(outcome.span(2).dropped_links_count), count - 128);
    }
}

#[test]
fn a_full_span_gets_no_link() {
    let mut attributes = message("a");
    attributes.push(("messaging.batch.message_count", int(1000)));
    let received = Span {
        kind: 5,
        attributes: consumer(2, &attributes).attributes,
        ..linked(128)
    };
    let outcome = mend(vec![producer(1, &message("a")), received]);
    assert_eq!((outcome.added, outcome.no_room), (0, 0));
    assert_eq!(outcome.links(2).len(), 128);
}

#[test]
fn what_does_not_fit_is_told() {
    let ids: Vec<_> = (0..200).map(|id| format!("id {id}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let attributes = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", texts(&ids)),
    ];
    let outcome = mend(vec![producer(1, &attributes), consumer(2, &attributes)]);
    assert_eq!((outcome.added, outcome.no_room), (128, 72));
    assert_eq!(outcome.span(2).dropped_links_count, 0);
    let config = r#"{"max_links": 3}"#;
    let spans = vec![producer(1, &attributes), consumer(2, &attributes)];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!((outcome.added, outcome.no_room), (3, 197));
}

#[test]
fn no_links_at_all() {
    let spans = vec![
        producer(1, &message("a")),
        consumer(3, &message("a")),
        linked(2),
    ];
    let outcome = mend_with(r#"{"max_links": 0}"#, vec![batch("", spans)]);
    assert_eq!((outcome.cut, outcome.added), (2, 0));
    assert_eq!(outcome.span(2).dropped_links_count, 2);
}

#[test]
fn the_type_does_not_depend_on_the_limit() {
    let outcome = mend_with(r#"{"max_links": 1}"#, vec![batch("", vec![linked(3)])]);
    assert_eq!(link_type(&outcome.links(2)[0]), Some("aggregated_from"));
}

#[test]
fn invalid_and_duplicate_links_make_room_before_the_cut() {
    let mut received = linked(128);
    received.links.insert(0, broken_link(&[]));
    received.links.insert(5, received.links[3].clone());
    let outcome = mend(vec![received]);
    assert_eq!((outcome.invalid, outcome.duplicate, outcome.cut), (1, 1, 0));
    assert_eq!(outcome.links(2).len(), 128);
}

#[test]
fn dropped_links_count_near_its_end() {
    let mut full = linked(200);
    full.dropped_links_count = u32::MAX - 1;
    assert_eq!(mend(vec![full]).span(2).dropped_links_count, u32::MAX);
}

#[test]
fn links_full_of_attributes_get_none() {
    let names: Vec<_> = (0..128).map(|n| format!("a{n}")).collect();
    let attributes: Vec<_> = names.iter().map(|name| (name.as_str(), int(1))).collect();
    let links = vec![link_to(9, &attributes), link_to(8, &attributes[..127])];
    let outcome = mend(vec![with_links(span(2, 1, &[]), links)]);
    let counts: Vec<_> = outcome
        .links(2)
        .iter()
        .map(|link| link.attributes.len())
        .collect();
    assert_eq!(counts, [128, 128]);

    let mut attributes = attributes;
    attributes[0] = ("messaging.message.id", text("a"));
    let links = vec![broken_link(&attributes[..127])];
    let received = with_links(consumer(2, &message("a")[..1]), links);
    let outcome = mend(vec![producer(1, &message("a")), received]);
    assert_eq!(outcome.links(2)[0].attributes.len(), 128);
    assert_eq!(link_type(&outcome.links(2)[0]), Some("triggered_by"));
}

fn mend_one(config: &str, span: Span) -> Outcome {
    mend_with(config, vec![batch("", vec![span])])
}

#[test]
fn the_last_links_stay_when_that_is_wanted() {
    let outcome = mend_one(r#"{"keep_links": "last"}"#, linked(130));
    assert_eq!(outcome.targets(2), (102..230).collect::<Vec<_>>());
    assert_eq!((outcome.cut, outcome.span(2).dropped_links_count), (2, 2));
}

#[test]
fn an_original_link_is_kept_for_a_made_one_at_either_end() {
    let ids = ["a", "b", "c"];
    let of = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", texts(&ids)),
    ];
    let named = |(number, id)| producer(number, &message(id));
    for (keep, added) in [("first", 11), ("last", 13)] {
        let mut spans: Vec<_> = (11..).zip(ids).map(named).collect();
        spans.push(with_links(
            consumer(2, &of),
            vec![link_to(100, &[]), link_to(101, &[])],
        ));
        let config = format!(r#"{{"max_links": 3, "keep_links": "{keep}"}}"#);
        let outcome = mend_with(&config, vec![batch("", spans)]);
        assert_eq!(outcome.targets(2), [100, 101, added]);
        assert_eq!((outcome.no_room, outcome.cut), (2, 0));
    }
}

#[test]
fn the_only_link_that_is_kept_is_repaired_at_either_end() {
    for (keep, links) in [
        (
            "first",
            vec![broken_link(&[("x", int(1))]), broken_link(&[("x", int(2))])],
        ),
        (
            "last",
            vec![broken_link(&[("x", int(2))]), broken_link(&[("x", int(1))])],
        ),
    ] {
        let received = with_links(consumer(2, &message("a")), links);
        let spans = vec![producer(1, &message("a")), received];
        let config =
            format!(r#"{{"max_links": 1, "invalid_links": "keep", "keep_links": "{keep}"}}"#);
        let outcome = mend_with(&config, vec![batch("", spans)]);
        assert_eq!(outcome.targets(2), [1], "{keep}");
        assert_eq!(value(&outcome.links(2)[0].attributes, "x"), Some(&int(1)));
    }
}

#[test]
fn links_to_one_span_are_merged_before_any_is_cut() {
    let links = |count: u64| {
        let link = |number| {
            let id = format!("m{number}");
            link_to(100 + number / 10, &[("messaging.message.id", text(&id))])
        };
        with_links(consumer(2, &[]), (0..count).map(link).collect())
    };
    let config = r#"{"merge_links": true, "max_links": 20}"#;
    let outcome = mend_one(config, links(20));
    assert_eq!(outcome.links(2).len(), 20, "there is room");
    let outcome = mend_one(config, links(21));
    assert_eq!(outcome.targets(2), [100, 101, 102]);
    assert_eq!((outcome.duplicate, outcome.cut), (18, 0));
    let last = r#"{"merge_links": true, "max_links": 20, "keep_links": "last"}"#;
    let outcome = mend_one(last, links(21));
    let id = value(&outcome.links(2)[0].attributes, "messaging.message.id");
    assert_eq!(id, Some(&text("m9")));
    let outcome = mend_one(r#"{"merge_links": true, "max_links": 2}"#, links(30));
    assert_eq!((outcome.duplicate, outcome.cut), (27, 1));
}

#[test]
fn new_links_to_one_span_are_merged_too() {
    let ids: Vec<_> = (0..10).map(|id| format!("id {id}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let of = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", texts(&ids)),
    ];
    let spans = vec![producer(1, &of), consumer(2, &of)];
    let outcome = mend_with(
        r#"{"merge_links": true, "max_links": 5}"#,
        vec![batch("", spans)],
    );
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!((outcome.added, outcome.no_room), (1, 0));
}

#[test]
fn what_is_invalid_or_doubled_is_counted_when_that_is_wanted() {
    let mut span = linked(3);
    span.links.push(broken_link(&[]));
    span.links.push(link_to(100, &[]));
    span.dropped_links_count = 7;
    assert_eq!(mend(vec![span.clone()]).span(2).dropped_links_count, 7);
    let outcome = mend_one(r#"{"count_invalid_in_dropped": true}"#, span);
    assert_eq!(outcome.span(2).dropped_links_count, 9);
}

#[test]
fn as_many_new_links_as_fit_are_not_merged() {
    let of = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", texts(&["a", "b", "c"])),
    ];
    let spans = vec![
        producer(1, &of),
        with_links(consumer(2, &of), vec![link_to(9, &[])]),
    ];
    let with = |max| {
        let config = format!(r#"{{"merge_links": true, "max_links": {max}}}"#);
        mend_with(&config, vec![batch("", spans.clone())]).targets(2)
    };
    assert_eq!(with(4), [9, 1, 1, 1]);
    assert_eq!(with(3), [9, 1]);
}

#[test]
fn a_full_span_is_not_kept_back() {
    let received = with_links(
        consumer(2, &message("a")),
        (0..128)
            .map(|number| link_to(2, &[("x", int(number))]))
            .collect(),
    );
    let traces = TracesData {
        resource_spans: vec![batch("", vec![received])],
    };
    let tasks = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
    let outcome = run("{}", tasks, &traces, &mut MemoryIndex::new(), as_encoded);
    assert_eq!((outcome.deferred.len(), outcome.unresolved), (0, 1));
}

#[test]
fn links_into_traces_that_share_a_half_of_their_ids_are_not_merged() {
    let into = |high: u64, low: u64| {
        let trace = u128::from(high) << 64 | u128::from(low);
        let mut link = link_to(9, &[]);
        link.trace_id = trace.to_be_bytes().to_vec();
        link
    };
    let links = vec![into(1, 5), into(2, 5), into(1, 6), into(1, 5)];
    let outcome = mend(vec![with_links(span(2, 1, &[]), links)]);
    assert_eq!((outcome.links(2).len(), outcome.duplicate), (3, 1));
    let mut links = vec![
        into(1, 5),
        into(2, 5),
        into(1, 6),
        into(1, 6),
        link_to(8, &[]),
    ];
    for (number, link) in (0..).zip(&mut links) {
        link.attributes.push(kv("x", int(number)));
    }
    let config = r#"{"merge_links": true, "max_links": 4}"#;
    let outcome = mend_one(config, with_links(span(2, 1, &[]), links));
    assert_eq!((outcome.links(2).len(), outcome.duplicate), (4, 1));
}
