//! Spans that are held, of several tenants.

use linkmend::HoldStats;

use super::*;

fn arrive(processor: &Processor, tenant: Option<&str>, spans: Vec<Span>, at: Instant) -> Mended {
    let batch = batch(vec![of(tenant, spans)]);
    let mended = processor.process_at(batch, at).unwrap();
    assert_eq!(mended.faults, []);
    mended
}

rule_test! {
    fn a_held_span_is_woken_by_its_own_tenant_alone(arm, order) {
        let processor = holding(arm.rule("{}"), held_options());
        let start = now();
        let both = batch(vec![
            of(Some("a"), vec![consumer(1, "4711")]),
            of(Some("b"), vec![consumer(2, "4711")]),
            of(None, vec![consumer(3, "4711")]),
        ]);
        let mended = processor.process_at(order.of(&both), start).unwrap();
        assert_eq!((mended.held, mended.traces), (3, None));
        arrive(&processor, Some("b"), vec![producer(7, "4711")], start);
        let released = processor.release(start + SECOND);
        assert_eq!(all_linked(&released), [(2, vec![7])]);
        arrive(&processor, None, vec![producer(8, "4711")], start);
        assert_eq!(all_linked(&processor.release(start + SECOND)), [(3, vec![8])]);
        // Its time is up, and those of others are not its.
        let released = processor.release(start + 7 * SECOND);
        assert_eq!(all_linked(&released), [(1, vec![])]);
        assert_eq!(processor.hold_stats().held, 0);
    }
}

/// Those of one resource, that of two tenants by what the requests say, must not
/// come out as one batch of one of them.
#[test]
fn spans_of_one_resource_and_two_requests_stay_apart() {
    let processor = holding(Rule::builtin(), held_options());
    let scope = |tenant: &str| Scope::of([&[tenant][..]]);
    let send = |span, tenant| {
        let batch = batch(vec![of(None, vec![span])]);
        processor.process_with(batch, &from(scope(tenant))).unwrap()
    };
    for number in 1..11 {
        send(
            consumer(number, "4711"),
            if number % 2 == 0 { "a" } else { "b" },
        );
    }
    send(producer(100, "4711"), "a");
    send(producer(101, "4711"), "b");
    let released = processor.release(now());
    let all = all_linked(&released);
    assert_eq!(all.len(), 10);
    for (number, links) in all {
        assert_eq!(links, [100 + number % 2], "{number}");
    }
}

fn consumers(first: u64, count: u64) -> Vec<Span> {
    let one = |number: u64| consumer(number, &format!("id-{number}"));
    (first..first + count).map(one).collect()
}

/// The producers of the consumers of the quiet tenant come: all are linked.
fn quiet_is_linked(processor: &Processor, start: Instant) {
    let sent = (1..21).map(|number| producer(5000 + number, &format!("id-{number}")));
    arrive(processor, Some("quiet"), sent.collect(), start);
    let released = all_linked(&processor.release(start + SECOND));
    let quiet: Vec<_> = released
        .into_iter()
        .filter(|(number, _)| *number <= 20)
        .collect();
    assert_eq!(quiet.len(), 20);
    assert!(
        quiet
            .iter()
            .all(|(number, links)| *links == [5000 + number])
    );
}

rule_test! {
    fn a_tenant_that_fills_the_hold_makes_its_own_spans_go(arm, order) {
        let options = HoldOptions { max_spans: 200, ..held_options() };
        let processor = holding(arm.rule("{}"), options);
        let start = now();
        let quiet = batch(vec![of(Some("quiet"), consumers(1, 20))]);
        assert_eq!(processor.process_at(order.of(&quiet), start).unwrap().held, 20);
        for first in (10_000..12_000).step_by(100) {
            let flood = batch(vec![of(Some("loud"), consumers(first, 100))]);
            let mended = processor.process_at(order.of(&flood), start).unwrap();
            assert!(spans_out(&mended.overflow).iter().all(|span| linked(span).0 >= 10_000));
        }
        let HoldStats { held, released_overflow, .. } = processor.hold_stats();
        assert_eq!((held, released_overflow), (200, 1820));
        quiet_is_linked(&processor, start);
        let _ = processor.drain();
        let HoldStats { held, bytes, .. } = processor.hold_stats();
        assert_eq!((held, bytes), (0, 0));
    }
}

#[test]
fn so_it_is_when_its_spans_are_large() {
    let options = HoldOptions {
        max_bytes: 1 << 20,
        ..held_options()
    };
    let processor = holding(Rule::builtin(), options);
    let start = now();
    arrive(&processor, Some("quiet"), consumers(1, 20), start);
    for number in 10_000..10_100 {
        let mut large = consumer(number, &format!("id-{number}"));
        large.name = "x".repeat(100_000);
        arrive(&processor, Some("loud"), vec![large], start);
    }
    assert!(processor.hold_stats().bytes <= 1 << 20);
    quiet_is_linked(&processor, start);
}

/// Also when all that it holds is ready.
#[test]
fn so_it_is_when_its_spans_are_ready() {
    let options = HoldOptions {
        max_spans: 200,
        ..held_options()
    };
    let processor = holding(Rule::builtin(), options);
    let start = now();
    arrive(&processor, Some("quiet"), consumers(1, 20), start);
    for first in (10_000..12_000).step_by(100) {
        arrive(&processor, Some("loud"), consumers(first, 100), start);
        let sent = (first..first + 100).map(|n| producer(1 << 20 | n, &format!("id-{n}")));
        arrive(&processor, Some("loud"), sent.collect(), start);
    }
    assert_eq!(processor.hold_stats().held, 200);
    quiet_is_linked(&processor, start);
}

/// That spans of one tenant wait in vain says nothing of those of another, be
/// their resources the same.
#[test]
fn what_waits_in_vain_is_learned_of_each_tenant() {
    let options = HoldOptions {
        give_up_after: 5,
        ..held_options()
    };
    let processor = holding(Rule::builtin(), options);
    let scope = |tenant: &str| Scope::of([&[tenant][..]]);
    let start = now();
    let send = |number, tenant, at| {
        let batch = batch(vec![of(
            None,
            vec![consumer(number, &format!("id-{number}"))],
        )]);
        let passage = ProcessOptions {
            now: at,
            ..from(scope(tenant))
        };
        let mended = processor.process_with(batch, &passage).unwrap();
        mended.held - spans_out(&mended.overflow).len()
    };
    for number in 11..16 {
        assert_eq!(send(number, "loud", start), 1);
    }
    let later = start + 7 * SECOND;
    assert_eq!(processor.release(later).len(), 1);
    assert_eq!(send(16, "loud", later), 0);
    assert_eq!(send(17, "quiet", later), 1);
    assert_eq!(processor.hold_stats().given_up, 1);
}
