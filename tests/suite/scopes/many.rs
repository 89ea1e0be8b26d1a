//! More tenants than there may be.

use super::*;

fn linked_within(processor: &Processor, tenant: &str) -> bool {
    process(
        processor,
        batch(vec![of(Some(tenant), vec![producer(1, tenant)])]),
    );
    let received = batch(vec![of(Some(tenant), vec![consumer(2, tenant)])]);
    all_linked([&process(processor, received)]) == [(2, vec![1])]
}

rule_test! {
    fn those_beyond_are_not_mended_from_the_index_and_see_nobody(arm, order) {
        let scoping = scoping(IndexOptions::default(), 2);
        let index = shared(&scoping);
        let builder = Processor::builder().rule(arm.rule("{}")).hold(held_options());
        let processor = builder.scopes(scoping).build().unwrap();
        assert!(linked_within(&processor, "a"));
        assert!(linked_within(&processor, "b"));
        let others = batch(vec![
            of(Some("c"), vec![producer(1, "4711")]),
            of(Some("a"), vec![producer(2, "4711")]),
            of(Some("d"), vec![consumer(3, "4711")]),
            of(Some("c"), vec![consumer(4, "4711")]),
            of(Some("b"), vec![consumer(5, "4712")]),
        ]);
        let mended = process(&processor, order.of(&others));
        // One of a tenant with room waits; the others do not, and are not linked.
        assert_eq!(mended.held, 1);
        assert_eq!(all_linked([&mended]), [(1, vec![]), (2, vec![]), (3, vec![]), (4, vec![])]);
        let stats = index.scope_stats();
        assert_eq!(stats.scopes, 2);
        assert!(stats.refused >= 2, "{stats:?}");
        assert!(linked_within(&processor, "a"));
    }
}

/// One that was not heard of for as long as anything is remembered makes room.
#[test]
fn a_tenant_that_has_gone_makes_room() {
    let options = IndexOptions {
        time_to_live: Some(Duration::from_secs(2)),
        ..IndexOptions::default()
    };
    let processor = answering(Rule::builtin(), options, 2);
    assert!(linked_within(&processor, "a"));
    assert!(linked_within(&processor, "b"));
    assert!(!linked_within(&processor, "c"));
    let begun = now();
    // It is looked for such ones once a second.
    while !linked_within(&processor, "c") {
        assert!(begun.elapsed() < 30 * SECOND);
        std::thread::sleep(Duration::from_millis(50));
        process(
            &processor,
            batch(vec![of(Some("b"), vec![producer(9, "9")])]),
        );
    }
    // It was that of the one that has gone.
    assert!(linked_within(&processor, "b"));
}

/// A batch of ten thousand tenants takes a call of the rule for each that
/// there may be, and not more.
#[test]
fn a_batch_of_very_many_tenants() {
    let processor = answering(Rule::builtin(), IndexOptions::default(), 50);
    let resources = (0..10_000).map(|number: u64| {
        let tenant = number.to_string();
        of(Some(&tenant), vec![consumer(number + 1, "4711")])
    });
    let mended = process(&processor, batch(resources.collect()));
    assert_eq!(mended.counts.spans, 10_000);
    assert_eq!(mended.counts.rule_calls, 51);
    assert_eq!(spans_out([&mended]).len(), 10_000);
}
