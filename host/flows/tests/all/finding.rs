//! Which flows are found, in files and in what passes.

use std::time::{Duration, Instant};

use linkmend_flows::{
    Flow, FlowRef, Gathered, Joined, LinkWords, Passing, PassingOptions, Sums, SumsOptions, ToldEnd,
};

use crate::spans::{Span, batch};

/// The numbers of producer and consumer, and how they were joined.
type Way = (u64, u64, Joined);

fn ways<'a>(flows: impl IntoIterator<Item = &'a Flow>) -> Vec<Way> {
    let number = |end: &linkmend_flows::End| u64::from_be_bytes(end.context.span);
    let flows = flows.into_iter();
    let mut ways: Vec<Way> = flows
        .map(|flow| (number(&flow.producer), number(&flow.consumer), flow.joined))
        .collect();
    ways.sort_unstable();
    ways
}

fn in_files(batches: &[Vec<Span>]) -> Vec<Flow> {
    let mut gathered = Gathered::new(1_000);
    for spans in batches {
        gathered.take(&batch(spans));
    }
    gathered.find().flows
}

fn passing(options: PassingOptions, batches: &[(Duration, Vec<Span>)]) -> Vec<(Flow, bool)> {
    let begun = Instant::now();
    let mut passing = Passing::new(options, begun);
    let mut found = Vec::new();
    for (at, spans) in batches {
        let take = |flow: FlowRef<'_>, is_new| found.push((flow.to_flow(), is_new));
        passing.take(&batch(spans), begun + *at, take);
    }
    found
}

/// Both find the same, whatever comes first.
fn found(spans: &[Span]) -> Vec<Way> {
    let each: Vec<Vec<Span>> = spans.iter().map(|span| vec![span.clone()]).collect();
    let files = ways(&in_files(&each));
    let mut orders = vec![each.clone(), vec![spans.to_vec()]];
    orders.push(each.into_iter().rev().collect());
    for order in orders {
        let timed: Vec<_> = order
            .into_iter()
            .map(|spans| (Duration::ZERO, spans))
            .collect();
        let passed = passing(PassingOptions::default(), &timed);
        assert_eq!(ways(passed.iter().map(|(flow, _)| flow)), files);
    }
    files
}

#[test]
fn links_and_parents_lead_to_producers() {
    let ours = [("link.type", "triggered_by"), ("link.repaired", "")];
    let ways = found(&[
        Span::producer(1, "api"),
        Span::producer(2, "api"),
        Span::producer(3, "api"),
        Span::consumer(11, "worker").linked_by(1, &ours),
        Span::consumer(12, "worker").linked_by(2, &[("link.type", "triggered_by")]),
        Span::consumer(13, "worker").below(3, 3, 0x300),
    ]);
    let expected = [
        (1, 11, Joined::Mended),
        (2, 12, Joined::Linked),
        (3, 13, Joined::Parent),
    ];
    assert_eq!(ways, expected);
}

/// A link and a parent that lead to one send are one flow; the same link twice, too.
#[test]
fn one_message_is_one_flow() {
    let ways = found(&[
        Span::producer(1, "api"),
        Span::consumer(11, "worker")
            .below(1, 1, 0x300)
            .linked(1)
            .linked(1),
    ]);
    assert_eq!(ways, [(1, 11, Joined::Linked)]);
}

#[test]
fn messages_of_one_send_are_flows_of_their_own() {
    let id = |id| [("messaging.message.id", id)];
    let ways = found(&[
        Span::producer(1, "api"),
        Span::consumer(11, "worker")
            .linked_by(1, &id("a"))
            .linked_by(1, &id("b")),
    ]);
    assert_eq!(ways.len(), 2);
}

#[test]
fn what_is_no_way_of_a_message_is_none() {
    let ack = Span::new(5, "worker", 3, "ack").with("messaging.operation", "ack");
    let ways = found(&[
        Span::producer(1, "api"),
        ack,
        // What a link says of itself.
        Span::consumer(11, "worker").linked_by(1, &[("link.type", "settled_by")]),
        // To what ends a message, and to nothing that is known.
        Span::consumer(12, "worker").linked(5).linked(99),
        // Of no consumer.
        Span::new(13, "report", 1, "report").linked(1),
        // To itself.
        Span::consumer(14, "worker").linked(14),
        // An effect: it was sent later, by the consumer's own trace.
        Span::consumer(15, "worker").linked_by(16, &[]),
        Span {
            trace: 15,
            ..Span::producer(16, "worker")
        },
        // The one that is.
        Span::consumer(17, "worker").below(1, 1, 0x300),
    ]);
    assert_eq!(ways, [(1, 17, Joined::Parent)]);
}

/// A rule may be told to call things otherwise: `link_type_attribute`,
/// `link_type_values`, `provenance_attribute`.
#[test]
fn links_are_understood_by_the_names_that_a_rule_is_told() {
    let config = serde_json::json!({
        "link_type_attribute": "why",
        "link_type_values": {"settled_by": "ended by", "triggered_by": "caused by"},
        "provenance_attribute": "mended",
    });
    let mut words = LinkWords::default();
    words.learn(config.as_object().unwrap());
    let spans = [
        Span::producer(1, "api"),
        Span::consumer(11, "worker").linked_by(1, &[("why", "caused by"), ("mended", "")]),
        // The sender's own words keep their meaning.
        Span::consumer(12, "worker").linked_by(1, &[("link.type", "settled_by")]),
        Span::consumer(13, "worker").linked_by(1, &[("why", "ended by")]),
        Span::consumer(14, "worker").linked_by(1, &[("why", "settled_by")]),
        // By a recipe, any span may be a consumer.
        Span::new(15, "report", 1, "report").linked_by(1, &[("mended", "")]),
    ];
    let expected = [(1, 11, Joined::Mended), (1, 15, Joined::Mended)];
    let mut gathered = Gathered::with_words(100, &words);
    gathered.take(&batch(&spans));
    assert_eq!(ways(&gathered.find().flows), expected);
    let options = PassingOptions {
        words,
        ..PassingOptions::default()
    };
    let passed = passing(options, &[(Duration::ZERO, spans.to_vec())]);
    assert_eq!(ways(passed.iter().map(|(flow, _)| flow)), expected);
    // Without the configuration, they would mean nothing.
    let ways: Vec<u64> = found(&spans).iter().map(|way| way.1).collect();
    assert_eq!(ways, [11, 13, 14]);
}

#[test]
fn what_was_received_and_then_processed_is_counted_once() {
    let receive = Span::new(11, "worker", 5, "receive").with("messaging.operation", "receive");
    let process = Span::consumer(12, "worker").with("messaging.operation", "process");
    let flows = in_files(&[vec![
        Span::producer(1, "api"),
        receive.linked(1),
        process.linked(1),
        Span::consumer(13, "audit").linked(1),
    ]]);
    let mut sums = Sums::new(SumsOptions::default());
    for flow in &flows {
        sums.add(flow, true);
    }
    assert_eq!((flows.len(), sums.total().count), (3, 2));
    let counted: Vec<_> = flows.iter().filter(|flow| !flow.is_again).collect();
    assert_eq!(
        ways(counted).iter().map(|way| way.1).collect::<Vec<_>>(),
        [12, 13]
    );
}

#[test]
fn what_is_sent_again_is_not_found_again() {
    let spans = vec![
        Span::producer(1, "api"),
        Span::consumer(11, "worker").linked(1),
    ];
    assert_eq!(in_files(&[spans.clone(), spans.clone()]).len(), 1);
    let twice = [(Duration::ZERO, spans.clone()), (Duration::ZERO, spans)];
    assert_eq!(passing(PassingOptions::default(), &twice).len(), 1);
}

#[test]
fn producers_are_forgotten_after_their_time_and_when_there_are_too_many() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let consumer = |number, to| vec![Span::consumer(number, "worker").linked(to)];
    let options = PassingOptions {
        max_spans: 2,
        time_to_live: minutes(15),
        ..PassingOptions::default()
    };
    let late = [
        (minutes(0), vec![Span::producer(1, "api")]),
        (minutes(14), consumer(11, 1)),
        (minutes(16), consumer(12, 1)),
    ];
    assert_eq!(passing(options.clone(), &late).len(), 1);
    let many = [
        (
            minutes(0),
            (1..=3).map(|one| Span::producer(one, "api")).collect(),
        ),
        (minutes(0), consumer(11, 1)),
        (minutes(0), consumer(13, 3)),
    ];
    assert_eq!(passing(options, &many).len(), 1);
}

#[test]
fn edges_beyond_the_bound_are_one() {
    let mut sums = Sums::new(SumsOptions { max_edges: 3 });
    let spans: Vec<Span> = (1..=10)
        .flat_map(|number| {
            let service = format!("service-{number}");
            let consumer = Span::consumer(number + 100, &service);
            [Span::producer(number, "api"), consumer.linked(number)]
        })
        .collect();
    for flow in &in_files(&[spans]) {
        sums.add(flow, true);
    }
    let edges: Vec<_> = sums.edges().collect();
    assert_eq!(edges.len(), 4);
    assert_eq!(sums.total().count, 10);
    assert!(
        edges
            .iter()
            .any(|(edge, sums)| &*edge.server == "other" && sums.count == 7)
    );
}

/// What is no trace, and what ends in the middle, does no harm.
#[test]
fn broken_bytes_have_the_flows_that_they_have() {
    let whole = batch(&[
        Span::producer(1, "api"),
        Span::consumer(11, "worker").linked(1),
    ]);
    for end in 0..whole.len() {
        let mut gathered = Gathered::new(10);
        gathered.take(&whole[..end]);
        assert!(gathered.find().flows.len() <= 1);
    }
}

/// Scenario: a span with more links than a batch may hold on the way, between a
/// producer and its consumer; and 3,000 flows behind it.
/// Guarantees: its links are not looked at, and all other flows are found.
#[test]
fn a_span_of_thousands_of_links_hides_no_flow_but_its_own() {
    let crowded = (0..5_000).fold(Span::consumer(9, "worker"), |span, _| span.linked(1));
    let mut spans = vec![
        Span::producer(1, "api"),
        crowded,
        Span::consumer(11, "worker").linked(1),
    ];
    for number in 0..3_000 {
        spans.push(Span::producer(10_000 + number, "api"));
        spans.push(Span::consumer(20_000 + number, "worker").linked(10_000 + number));
    }
    let mut gathered = Gathered::new(10_000);
    gathered.take(&batch(&spans));
    let flows = ways(&gathered.find().flows);
    assert_eq!(flows.len(), 3_001);
    assert_eq!(flows.first(), Some(&(1, 11, Joined::Linked)));
    let passed = passing(PassingOptions::default(), &[(Duration::ZERO, spans)]);
    assert_eq!(passed.len(), 3_001);
}

/// What a host tells others of a producer, as they are given it.
fn told(end: &linkmend_flows::End) -> ToldEnd<'_> {
    ToldEnd {
        context: end.context,
        scope: 0,
        start: end.start,
        end: end.end,
        flags: end.flags,
        kind: end.site.kind,
        status: end.status,
        service: &end.site.service,
        namespace: &end.site.namespace,
        name: &end.site.name,
        operation: &end.site.operation,
        system: &end.site.system,
        destination: &end.site.destination,
    }
}

/// Scenario: producers pass one host, and consumers another, before it is told of the
/// producers, and after; one of the producers passes the other host in the end, too.
/// Guarantees: the flows are those of one host that all pass, each told once; nothing is
/// asked for that is known, and nothing is awaited any more.
#[test]
fn what_another_host_tells_of_is_as_if_it_had_passed() {
    let now = Instant::now();
    let shared = || {
        let options = PassingOptions {
            shares: true,
            ..PassingOptions::default()
        };
        Passing::new(options, now)
    };
    let producers = [Span::producer(1, "api"), Span::producer(2, "api")];
    let consumers = [
        Span::consumer(11, "worker").linked(1),
        Span::consumer(12, "worker").below(2, 2, 0x300),
        // In its own process.
        Span::consumer(13, "worker").below(9, 9, 0x100),
        Span::consumer(14, "audit").linked(3),
    ];
    let (mut one, mut other) = (shared(), shared());
    one.take(&batch(&producers), now, |_, _| panic!("a flow"));
    let outside = one.outside();
    assert!(outside.missed.is_empty() && one.outside().is_empty());
    let numbers: Vec<_> = outside.produced.iter().map(|told| told.0).collect();
    assert_eq!(numbers, [0, 1]);

    let mut found = Vec::new();
    other.take(&batch(&consumers), now, |_, _| panic!("a flow"));
    let missed = other.outside().missed;
    let asked: Vec<_> = missed
        .iter()
        .map(|(number, context)| (*number, u64::from_be_bytes(context.span)))
        .collect();
    assert_eq!(asked, [(0, 1), (1, 2), (3, 3)]);
    let ends = || outside.produced.iter().map(|(_, end)| told(end));
    for _ in 0..2 {
        other.learn(ends(), now, |flow, is_new| {
            found.push((flow.to_flow(), is_new));
        });
    }
    let awaited: Vec<_> = missed.iter().map(|(_, one)| other.awaits(one, 0)).collect();
    assert_eq!(awaited, [false, false, true]);
    let more = [
        Span::consumer(15, "audit").linked(1),
        Span::producer(1, "api"),
    ];
    other.take(&batch(&more), now, |flow, is_new| {
        found.push((flow.to_flow(), is_new));
    });
    assert!(other.outside().is_empty());

    let all: Vec<_> = [&producers[..], &consumers, &more].concat();
    let here = passing(PassingOptions::default(), &[(Duration::ZERO, all)]);
    let flows = |found: &[(Flow, bool)]| {
        let found = found.iter();
        let mut flows: Vec<_> = found
            .map(|(flow, is_new)| {
                let (producer, consumer) = (&flow.producer, &flow.consumer);
                let names = (producer.site.service.clone(), producer.site.name.clone());
                let what = (
                    flow.joined,
                    names,
                    flow.destination().clone(),
                    flow.waited(),
                );
                (producer.context, consumer.context, what, *is_new)
            })
            .collect();
        flows.sort();
        flows
    };
    assert_eq!(flows(&found), flows(&here));
    assert_eq!(found.len(), 3);
}

/// Scenario: a consumer names a producer of another scope, which passed before it, and
/// one that comes after it.
/// Guarantees: neither is joined; that of the producer's own scope is.
#[test]
fn what_is_of_another_scope_is_not_joined() {
    let now = Instant::now();
    let mut passing = Passing::new(PassingOptions::default(), now);
    let mut found = Vec::new();
    let mut take = |spans: &[Span], scope: u64| {
        let tell = |flow: FlowRef<'_>, _| found.push(flow.to_flow());
        passing.take_of(&batch(spans), |_| scope, now, tell);
    };
    take(&[Span::producer(1, "api")], 7);
    take(&[Span::consumer(11, "worker").linked(1)], 8);
    take(&[Span::consumer(12, "worker").linked(2)], 8);
    take(&[Span::consumer(13, "worker").linked(2)], 7);
    take(&[Span::producer(2, "api")], 7);
    take(&[Span::consumer(14, "worker").linked(1)], 7);
    assert_eq!(
        ways(&found),
        [(1, 14, Joined::Linked), (2, 13, Joined::Linked)]
    );
}
