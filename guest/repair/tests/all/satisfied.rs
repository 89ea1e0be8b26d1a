//! When a consumer has what serves for a link.

use super::support::*;
use linkmend_rule::{MemoryIndex, Tasks};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};

fn message(id: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text(id)),
    ]
}

fn ids(ids: &[&str]) -> Vec<(&'static str, Value)> {
    vec![
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", texts(ids)),
    ]
}

#[test]
fn by_a_link_to_the_producer_or_to_another_candidate() {
    let spans = |target| {
        vec![
            starting(producer(1, &message("a")), NOON - 2 * SECOND),
            producer(3, &message("a")),
            with_links(consumer(2, &message("a")), vec![link_to(target, &[])]),
        ]
    };
    assert_eq!(mend(spans(3)).targets(2), [3]);
    assert_eq!(mend(spans(1)).targets(2), [1]);
}

#[test]
fn by_a_link_that_names_the_message() {
    let link = link_to(9, &[("messaging.message.id", text("a"))]);
    let spans = vec![
        producer(1, &message("a")),
        with_links(consumer(2, &message("a")), vec![link]),
    ];
    assert_eq!(mend(spans).targets(2), [9]);
}

#[test]
fn by_the_parent_unless_configured_otherwise() {
    let mut received = consumer(2, &message("a"));
    received.trace_id = trace_id(1);
    received.parent_span_id = span_id(1);
    let spans = vec![producer(1, &message("a")), received];
    assert_eq!(mend(spans.clone()).added, 0);
    let with = |config| mend_with(config, vec![batch("", spans.clone())]).targets(2);
    assert_eq!(with(r#"{"same_trace": "link"}"#), [0; 0]);
    assert_eq!(
        with(r#"{"same_trace": "link", "link_to_parent": true}"#),
        [1]
    );
    assert_eq!(with(r#"{"link_to_parent": true}"#), [1]);
}

#[test]
fn by_the_trace_unless_configured_otherwise() {
    let mut received = consumer(2, &message("a"));
    received.trace_id = trace_id(1);
    received.parent_span_id = span_id(7);
    let spans = vec![producer(1, &message("a")), received];
    assert_eq!(mend(spans.clone()).added, 0);
    let outcome = mend_with(r#"{"same_trace": "link"}"#, vec![batch("", spans)]);
    assert_eq!(outcome.targets(2), [1]);
}

#[test]
fn by_links_that_do_not_say_which_message_they_are_for() {
    let one = with_links(consumer(2, &message("a")), vec![link_to(9, &[])]);
    assert_eq!(mend(vec![one.clone()]).unresolved, 0);
    // Where the producer is known, a link to anybody else is not that to it.
    assert_eq!(
        mend(vec![producer(1, &message("a")), one]).targets(2),
        [9, 1]
    );
    // A link into the consumer's own trace, or to itself, leads to no producer.
    let mut own = link_to(9, &[]);
    own.trace_id = trace_id(2);
    let one = with_links(consumer(2, &message("a")), vec![own, link_to(2, &[])]);
    assert_eq!(
        mend(vec![producer(1, &message("a")), one]).targets(2),
        [9, 2, 1]
    );
}

#[test]
fn batch_of_10_with_7_context_links_and_3_ids_only_in_an_array() {
    let mut spans: Vec<_> = ["a", "b", "c"]
        .iter()
        .zip([11, 12, 13])
        .map(|(id, number)| producer(number, &message(id)))
        .collect();
    let mut attributes = ids(&["a", "b", "c"]);
    attributes.push(("messaging.batch.message_count", int(10)));
    let links = (1..=7).map(|number| link_to(number, &[])).collect();
    spans.push(with_links(consumer(20, &attributes), links));
    let outcome = mend(spans);
    assert_eq!(outcome.targets(20), [1, 2, 3, 4, 5, 6, 7, 11, 12, 13]);
    let links = outcome.links(20);
    assert!(
        links
            .iter()
            .all(|link| link_type(link) == Some("aggregated_from"))
    );
    assert_eq!(
        value(&links[7].attributes, "messaging.message.id"),
        Some(&text("a"))
    );
}

#[test]
fn a_batch_with_as_many_links_as_messages_needs_none() {
    let mut attributes = ids(&["a"]);
    attributes.push(("messaging.batch.message_count", int(2)));
    let links = vec![link_to(8, &[]), link_to(9, &[])];
    let batch = with_links(consumer(2, &attributes), links);
    let outcome = mend(vec![batch.clone()]);
    assert_eq!((outcome.added, outcome.unresolved), (0, 0));
    assert_eq!(
        mend(vec![producer(1, &message("a")), batch]).targets(2),
        [8, 9, 1]
    );
}

#[test]
fn what_is_satisfied_is_not_kept_back() {
    let tasks = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
    let traces = TracesData {
        resource_spans: vec![batch(
            "",
            vec![
                with_links(consumer(1, &message("a")), vec![link_to(9, &[])]),
                consumer(2, &message("b")),
                consumer(3, &[("messaging.system", text("rabbitmq"))]),
                with_links(
                    consumer(4, &[("messaging.system", text("rabbitmq"))]),
                    vec![broken_link(&[("messaging.message.id", text("c"))])],
                ),
            ],
        )],
    };
    let outcome = run("{}", tasks, &traces, &mut MemoryIndex::new(), as_encoded);
    assert_eq!(outcome.deferred, [(1, 1), (3, 1)]);
}

#[test]
fn incoming_dropped_links_do_not_stand_in_the_way() {
    let mut received = consumer(2, &message("a"));
    received.dropped_links_count = 5;
    let outcome = mend(vec![producer(1, &message("a")), received]);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(outcome.span(2).dropped_links_count, 5);
}

/// A link to this span of the trace of another one.
fn link_into(trace: u64, number: u64, attributes: &[(&str, Value)]) -> Link {
    Link {
        trace_id: trace_id(trace),
        ..link_to(number, attributes)
    }
}

fn with_same_trace(spans: Vec<Span>) -> Vec<u64> {
    let config = r#"{"same_trace": "link"}"#;
    mend_with(config, vec![batch("", spans)]).targets(2)
}

#[test]
fn by_a_link_into_the_trace_of_the_producer() {
    let with = |links| {
        let received = with_links(consumer(2, &message("a")), links);
        mend(vec![producer(5, &message("a")), received]).targets(2)
    };
    assert_eq!(with(vec![link_into(5, 50, &[])]), [50]);
    let around = |link| vec![link_to(3, &[]), link, link_to(9, &[])];
    assert_eq!(with(around(link_into(5, 50, &[]))), [3, 50, 9]);
    assert_eq!(with(around(link_into(6, 50, &[]))), [3, 50, 9, 5]);
    assert_eq!(with(around(link_into(4, 50, &[]))), [3, 50, 9, 5]);
    // Who settles the message did not send it.
    let settles = [("messaging.operation.name", text("ack"))];
    assert_eq!(with(vec![link_into(5, 50, &settles)]), [50, 5]);
    // A trace whose id ends alike is another one.
    let mut other = link_to(5, &[]);
    other.trace_id[0] = 1;
    assert_eq!(with(vec![other]), [5, 5]);
}

#[test]
fn a_link_into_the_own_trace_leads_to_no_other_span_of_it() {
    let sent = Span {
        trace_id: trace_id(2),
        ..producer(1, &message("a"))
    };
    let with = |links| vec![sent.clone(), with_links(consumer(2, &message("a")), links)];
    assert_eq!(with_same_trace(with(vec![])), [1]);
    assert_eq!(with_same_trace(with(vec![link_into(2, 9, &[])])), [9, 1]);
    assert_eq!(with_same_trace(with(vec![link_into(2, 1, &[])])), [1]);
}

#[test]
fn of_several_messages_each_has_a_link_of_its_own() {
    let with = |links| {
        let received = with_links(consumer(2, &ids(&["a", "b"])), links);
        let spans = vec![
            producer(1, &message("a")),
            producer(3, &message("b")),
            received,
        ];
        mend(spans).targets(2)
    };
    assert_eq!(with(vec![link_into(1, 50, &[])]), [50, 1, 3]);
    let both = vec![link_into(1, 50, &[]), link_into(3, 51, &[])];
    assert_eq!(with(both), [50, 51]);
    assert_eq!(with(vec![link_to(1, &[])]), [1, 3]);
}

#[test]
fn a_link_to_another_send_of_one_of_several_messages_serves() {
    let early = starting(producer(1, &message("a")), NOON - 9 * SECOND);
    let mut again = producer(4, &message("a"));
    again.trace_id = trace_id(1);
    let received = with_links(consumer(2, &ids(&["a", "b"])), vec![link_to(1, &[])]);
    let spans = vec![early, again, producer(3, &message("b")), received];
    assert_eq!(mend(spans).targets(2), [1, 3]);
}

#[test]
fn links_that_name_other_messages_do_not_stand_for_this_one() {
    let named = |id| link_to(9, &[("messaging.message.id", text(id))]);
    let unresolved = |links| mend(vec![with_links(consumer(2, &message("a")), links)]).unresolved;
    assert_eq!(unresolved(vec![named("b")]), 1);
    assert_eq!(unresolved(vec![named("b"), link_to(8, &[])]), 0);
    assert_eq!(unresolved(vec![link_into(2, 8, &[])]), 1);
    assert_eq!(unresolved(vec![named("a")]), 0);
    let settles = [("messaging.operation.name", text("ack"))];
    assert_eq!(unresolved(vec![link_to(8, &settles)]), 1);
}

#[test]
fn new_links_have_the_trace_state_of_their_producers() {
    let sent = |number, id, state: &str| {
        let mut sent = producer(number, &message(id));
        sent.trace_state = state.into();
        sent
    };
    let spans = vec![
        sent(11, "a", "one=1"),
        sent(12, "b", ""),
        sent(13, "c", "three=33"),
        consumer(2, &ids(&["a", "b", "c"])),
    ];
    let outcome = mend(spans);
    let states: Vec<_> = outcome
        .links(2)
        .iter()
        .map(|link| &*link.trace_state)
        .collect();
    assert_eq!(states, ["one=1", "", "three=33"]);
}

#[test]
fn a_trace_state_that_is_no_text_is_none() {
    fn damaged(bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let place = bytes.windows(5).position(|five| five == b"one=1").unwrap();
        bytes[place] = 0xff;
        bytes
    }
    let mut sent = producer(1, &message("a"));
    sent.trace_state = "one=1".into();
    let traces = TracesData {
        resource_spans: vec![batch("", vec![sent, consumer(2, &message("a"))])],
    };
    let tasks = Tasks::REMEMBER | Tasks::MEND;
    let outcome = run("{}", tasks, &traces, &mut MemoryIndex::new(), damaged);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(outcome.links(2)[0].trace_state, "");
}
