//! Contexts that came with the parent of a consumer, and what the spans below a
//! poll tell of it.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

const LOCAL: u32 = 0x101;
const REMOTE: u32 = 0x301;
const UNKNOWN: u32 = 0x1;

fn message() -> Vec<(&'static str, Value)> {
    vec![
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("7")),
    ]
}

fn operation(word: &str) -> [(&'static str, Value); 1] {
    [("messaging.operation", text(word))]
}

fn below(parent: &Span, flags: u32, mut child: Span) -> Span {
    child.trace_id.clone_from(&parent.trace_id);
    child.parent_span_id.clone_from(&parent.span_id);
    child.flags = flags;
    child
}

/// The parent of this span is in another process.
fn from_elsewhere(mut span: Span) -> Span {
    (span.parent_span_id, span.flags) = (span_id(99), REMOTE);
    span
}

fn poll() -> Span {
    starting(consumer(2, &operation("receive")), NOON - SECOND / 2)
}

fn works(messages: i64) -> Span {
    let mut attributes = message();
    attributes.push(("messaging.batch.message_count", int(messages)));
    consumer(3, &attributes)
}

/// The links of `child`, and whether nothing is said to be missing.
fn outcome(parent: &Span, child: &Span) -> (Vec<u64>, u32) {
    let spans = vec![producer(1, &message()), child.clone(), parent.clone()];
    let twice = read_twice("{}", vec![batch("", spans.clone())]);
    let outcome = mend(spans);
    assert_eq!(outcome.targets(3), twice.targets(3));
    (outcome.targets(3), outcome.unresolved + outcome.unnamed)
}

#[test]
fn a_context_that_came_with_a_poll_serves_the_one_below_it() {
    let parent = from_elsewhere(poll());
    let one = below(&parent, LOCAL, works(1));
    assert_eq!(outcome(&parent, &one), (vec![], 0));
    // Of several messages one context is not all.
    let two = below(&parent, LOCAL, works(2));
    assert_eq!(outcome(&parent, &two).0, [1]);
    let linked = with_links(one.clone(), vec![link_to(9, &[])]);
    assert_eq!(outcome(&parent, &linked).0, [9, 1], "it has a link");
    for flags in [UNKNOWN, REMOTE] {
        let two = below(&parent, flags, works(2));
        assert_eq!(outcome(&parent, &two).0, [1]);
    }
    let unknown = below(&parent, UNKNOWN, works(1));
    assert_eq!(outcome(&parent, &unknown).0, [1]);
    let spans = vec![producer(1, &message()), one, parent];
    let config = r#"{"link_to_parent": true}"#;
    assert_eq!(mend_with(config, vec![batch("", spans)]).targets(3), [1]);
}

#[test]
fn a_parent_without_a_context_from_elsewhere_brings_none() {
    for parent in [poll(), below(&span(8, 2, &[]), LOCAL, poll())] {
        let child = below(&parent, LOCAL, works(1));
        assert_eq!(outcome(&parent, &child).0, [1]);
    }
    // Who processes has its message for itself.
    let parent = from_elsewhere(consumer(2, &operation("process")));
    let child = below(&parent, LOCAL, works(1));
    assert_eq!(outcome(&parent, &child).0, [1]);
    for parent in [producer(2, &[]), span(2, 3, &operation("settle"))] {
        let parent = from_elsewhere(parent);
        let child = below(&parent, LOCAL, works(1));
        assert_eq!(outcome(&parent, &child).0, [1]);
    }
    // The parent of another span.
    let parent = from_elsewhere(poll());
    let mut child = below(&parent, LOCAL, works(1));
    child.parent_span_id = span_id(4);
    assert_eq!(outcome(&parent, &child).0, [1]);
}

#[test]
fn a_consumer_by_its_kind_alone_receives() {
    let parent = from_elsewhere(consumer(2, &[]));
    let child = below(&parent, LOCAL, works(1));
    assert_eq!(outcome(&parent, &child), (vec![], 0));
}

#[test]
fn a_parent_with_links_to_all_of_its_messages_brings_them_all() {
    let count = [("messaging.batch.message_count", int(2))];
    let linked = |links| with_links(consumer(2, &count), links);
    let child = |parent: &Span| below(parent, LOCAL, works(2));
    let all = linked(vec![link_to(8, &[]), link_to(9, &[])]);
    assert_eq!(outcome(&all, &child(&all)), (vec![], 0));
    let settles = [("messaging.operation.name", text("ack"))];
    let mut own = link_to(8, &[]);
    own.trace_id = trace_id(2);
    for links in [
        vec![],
        vec![link_to(8, &[])],
        vec![link_to(8, &[]), link_to(9, &settles)],
        vec![link_to(8, &[]), broken_link(&[("x", int(1))])],
        vec![link_to(8, &[]), own],
    ] {
        let parent = linked(links);
        assert_eq!(outcome(&parent, &child(&parent)).0, [1]);
    }
    // One that says what it does with its messages does it itself.
    let mut polls = linked(vec![link_to(8, &[]), link_to(9, &[])]);
    polls
        .attributes
        .push(kv("messaging.operation", text("receive")));
    assert_eq!(outcome(&polls, &child(&polls)).0, [1]);
    // Of a parent that is for no message that is known there is nothing to tell.
    let none = with_links(consumer(2, &[]), vec![link_to(8, &[])]);
    assert_eq!(outcome(&none, &child(&none)).0, [1]);
}

#[test]
fn the_subscription_of_pubsub_in_go_receives() {
    let subscription = |name: &str, attributes: &[(&str, Value)]| {
        let mut span = span(2, 1, attributes);
        span.name = name.into();
        from_elsewhere(span)
    };
    let id = [("messaging.message.id", text("7"))];
    let of = |parent: Span| {
        let child = below(&parent, LOCAL, works(1));
        outcome(&parent, &child).0
    };
    assert_eq!(of(subscription("orders subscribe", &id)), [0; 0]);
    assert_eq!(of(subscription("orders", &id)), [1]);
    assert_eq!(of(subscription("orders subscribe", &[])), [1]);
}

#[test]
fn a_consumer_that_names_nothing_has_what_came_with_its_parent() {
    let unnamed = |parent: &Span| {
        let child = below(parent, LOCAL, consumer(3, &[]));
        mend(vec![parent.clone(), child]).unnamed
    };
    assert_eq!(unnamed(&from_elsewhere(poll())), 0);
    assert_eq!(unnamed(&poll()), 1);
}

#[test]
fn spans_are_told_apart_by_all_of_their_ids() {
    let of = |trace: u128, number: u64, span: Span| Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: number.to_be_bytes().to_vec(),
        ..span
    };
    let (low, high) = (u128::from(u64::MAX), u128::from(u64::MAX) << 64);
    for (one, other) in [
        ((1 << 64 | 5, 7), (2 << 64 | 5, 7)),
        ((high | 5, 7), (low | high, 7)),
        ((high | low, 7), (high | low, 9)),
        ((high, 7), (high, 9)),
        ((high | 1 << 9, 7), (high, 7)),
        ((1 << 120 | 5, 7), (5, 7)),
    ] {
        let parent = from_elsewhere(of(one.0, one.1, poll()));
        let child = |trace, number| {
            let child = Span {
                parent_span_id: u64::to_be_bytes(number).to_vec(),
                flags: LOCAL,
                ..of(trace, 0x3333, consumer(3, &message()))
            };
            let spans = vec![parent.clone(), producer(1, &message()), child];
            mend(spans).spans[2].links.len()
        };
        assert_eq!(child(one.0, one.1), 0);
        assert_eq!(child(other.0, other.1), 1, "{one:x?} {other:x?}");
    }
}

/// A poll of so many messages, and what is said of it when data is read twice.
fn unnamed(parent: &Span, children: Vec<Span>) -> u32 {
    let mut spans = vec![parent.clone()];
    spans.extend(children);
    read_twice("{}", vec![batch("", spans)]).unnamed
}

#[test]
fn those_below_a_poll_tell_of_its_messages() {
    let count = ("messaging.batch.message_count", int(2));
    let mut poll = poll();
    assert_eq!(unnamed(&poll, vec![]), 0, "it may have got none");
    poll.attributes.push(kv(count.0, count.1));
    assert_eq!(unnamed(&poll, vec![]), 2);
    assert_eq!(mend(vec![poll.clone()]).unnamed, 0, "they may come later");
    let linked = || with_links(consumer(3, &operation("process")), vec![link_to(9, &[])]);
    let child = |flags| vec![below(&poll, flags, linked())];
    assert_eq!(unnamed(&poll, child(LOCAL)), 0);
    assert_eq!(unnamed(&poll, child(UNKNOWN)), 0);
    assert_eq!(unnamed(&poll, child(REMOTE)), 2);
    let mut stranger = below(&poll, LOCAL, linked());
    stranger.parent_span_id = span_id(4);
    assert_eq!(unnamed(&poll, vec![stranger]), 2);
    let sends = below(&poll, LOCAL, producer(3, &[]));
    assert_eq!(unnamed(&poll, vec![sends]), 2, "it sends on");
    let inner = below(&poll, LOCAL, span(3, 1, &[]));
    assert_eq!(unnamed(&poll, vec![inner]), 2, "it is of no concern");
}

#[test]
fn those_below_any_consumer_tell_of_its_messages() {
    let parent = consumer(2, &operation("process"));
    let child = below(&parent, LOCAL, consumer(3, &message()));
    assert_eq!(unnamed(&parent, vec![]), 1);
    assert_eq!(unnamed(&parent, vec![child]), 0);
}

#[test]
fn each_poll_is_told_of_by_its_own() {
    let receive = [
        ("messaging.operation", text("receive")),
        ("messaging.batch.message_count", int(2)),
    ];
    let polls = [2, 4, 6].map(|number| consumer(number, &receive));
    let child = |parent: &Span, number| {
        let span = with_links(consumer(number, &[]), vec![link_to(9, &[])]);
        below(parent, LOCAL, span)
    };
    let mut spans = polls.to_vec();
    spans.extend([child(&polls[0], 3), child(&polls[2], 7)]);
    assert_eq!(read_twice("{}", vec![batch("", spans)]).unnamed, 2);
}

#[test]
fn what_works_on_a_message_of_pubsub_in_go_is_linked_where_its_context_was_lost() {
    let id = [
        ("messaging.system", text("gcp_pubsub")),
        ("messaging.message.id", text("7")),
    ];
    let named = |name: &str, mut span: Span| {
        span.name = name.into();
        span
    };
    // INTERNAL, and without an operation: what is below it is who consumes.
    let subscribe = named("orders-sub subscribe", span(2, 1, &id));
    let process = below(&subscribe, LOCAL, consumer(3, &id));
    let process = named("orders-sub process", process);
    let outcome = mend(vec![producer(1, &id), process, subscribe]);
    assert_eq!((outcome.targets(2), outcome.targets(3)), (vec![], vec![1]));
}
