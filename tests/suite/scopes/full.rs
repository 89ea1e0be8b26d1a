//! A tenant that fills the index.

use super::*;

fn options(max_entries: usize) -> IndexOptions {
    IndexOptions {
        max_entries,
        ..IndexOptions::default()
    }
}

fn producers(first: u64, count: u64, trace_state: &str) -> Vec<Span> {
    let one = |number: u64| Span {
        trace_state: trace_state.into(),
        ..producer(number, &format!("id-{number}"))
    };
    (first..first + count).map(one).collect()
}

fn consumers(first: u64, count: u64) -> Vec<Span> {
    let one = |number: u64| consumer(1 << 40 | number, &format!("id-{number}"));
    (first..first + count).map(one).collect()
}

/// How many of a tenant's messages are still known.
fn known(processor: &Processor, tenant: &str, first: u64, count: u64) -> usize {
    let received = batch(vec![of(Some(tenant), consumers(first, count))]);
    let mended = process(processor, received);
    let links = spans_out([&mended]);
    links.iter().filter(|span| !span.links.is_empty()).count()
}

rule_test! {
    fn ten_times_its_size_from_one_tenant_costs_another_no_link(arm, order) {
        let scoping = scoping(options(4000), 100);
        let index = shared(&scoping);
        let processor = Processor::builder().rule(arm.rule("{}")).scopes(scoping).build().unwrap();
        let quiet = batch(vec![of(Some("quiet"), producers(1, 500, ""))]);
        process(&processor, order.of(&quiet));
        for first in (1_000_000..1_040_000).step_by(1000) {
            let flood = batch(vec![of(Some("loud"), producers(first, 1000, ""))]);
            process(&processor, order.of(&flood));
        }
        let stats = index.stats();
        assert!(stats.entries <= 4000, "{stats:?}");
        assert_eq!(stats.entries as u64 + stats.evicted, 40_500, "{stats:?}");
        assert_eq!(known(&processor, "quiet", 1, 500), 500);
        // It has the rest, with what came last, about: it goes by parts.
        assert!(known(&processor, "loud", 1_037_500, 2500) > 2000);
        assert_eq!(known(&processor, "loud", 1_000_000, 2500), 0);
    }
}

/// Trace states count for what they take.
#[test]
fn so_it_is_with_trace_states() {
    let processor = answering(Rule::builtin(), options(4000), 100);
    let state = format!("vendor={}", "x".repeat(240));
    process(
        &processor,
        batch(vec![of(Some("quiet"), producers(1, 500, ""))]),
    );
    for first in (1_000_000..1_010_000).step_by(1000) {
        process(
            &processor,
            batch(vec![of(Some("loud"), producers(first, 1000, &state))]),
        );
    }
    assert_eq!(known(&processor, "quiet", 1, 500), 500);
}

/// Many tenants that are one: what is left for a true one is its share of all.
#[test]
fn a_tenant_with_a_thousand_names_leaves_others_their_share() {
    let processor = answering(Rule::builtin(), options(10_000), 101);
    process(
        &processor,
        batch(vec![of(Some("quiet"), producers(1, 50, ""))]),
    );
    for name in 0..300_u64 {
        let first = 1_000_000 + 1000 * name;
        let name = format!("loud-{name}");
        process(
            &processor,
            batch(vec![of(Some(&name), producers(first, 1000, ""))]),
        );
    }
    assert_eq!(known(&processor, "quiet", 1, 50), 50);
}

/// One alone has all of it, as without scopes.
#[test]
fn one_tenant_alone_has_all_the_room() {
    let processor = answering(Rule::builtin(), options(4000), 100);
    process(&processor, batch(vec![of(None, producers(1, 3500, ""))]));
    let received = batch(vec![of(None, consumers(1, 3500))]);
    let spans = spans_out([&process(&processor, received)]);
    assert_eq!(
        spans.iter().filter(|span| !span.links.is_empty()).count(),
        3500
    );
}
