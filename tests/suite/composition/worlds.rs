//! Rules of both worlds and the built-in one, native and in the sandbox, behind
//! each other.

use bytes::Bytes;
use linkmend::interface::{DropReason, Verdict};
use linkmend::{Processor, Rule, World};
use linkmend_tests::arms::Arm;
use linkmend_tests::guests::{component, in_shell_of};
use linkmend_tests::otlp::{batch, kind, link, span, spans_of, text};
use linkmend_tests::rule_test;
use linkmend_tests::rules::{add_attributes, drop_link, edits, plan, push_text, rule};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;

use super::{assert_adds_up, links_of, mend, targets};

/// A span with links of which two are of no use, a producer, and its consumer
/// without a link.
fn sent() -> Bytes {
    let message = |number, kind, operation: &str| {
        let attributes = vec![
            text("messaging.system", "rabbitmq"),
            text("messaging.operation.type", operation),
            text("messaging.destination.name", "orders"),
            text("messaging.message.id", "4711"),
        ];
        span(number, kind, "message", attributes)
    };
    let mut linked = span(9, kind::SERVER, "linked", Vec::new());
    linked.links = vec![link(0), link(50), link(51)];
    batch(vec![
        linked,
        message(7, kind::PRODUCER, "send"),
        message(8, kind::CONSUMER, "process"),
    ])
}

/// Gives the first span of a batch a link to 1/2/3.
fn shell(world: World) -> Rule {
    Rule::component("shell", component(&in_shell_of(world, "")))
}

/// Gives each link a team that has none.
fn annotating() -> Rule {
    let mut wanted = plan();
    wanted.selector.with_links = true;
    rule("annotating", wanted, |_, traces| {
        let mut verdict = edits(Vec::new());
        let team = push_text(&mut verdict, "team", "billing");
        for (number, span) in (0..).zip(spans_of(traces)) {
            annotate(&mut verdict, number, &span, team);
        }
        Ok(verdict)
    })
}

fn annotate(verdict: &mut Verdict, number: u32, span: &Span, team: u32) {
    for (place, link) in (0..).zip(&span.links) {
        if link
            .attributes
            .iter()
            .all(|attribute| attribute.key != "team")
        {
            verdict.edits.push(add_attributes(number, place, team, 1));
        }
    }
}

/// Drops links to span 50.
fn dropping() -> Rule {
    let mut wanted = plan();
    wanted.selector.with_links = true;
    rule("dropping", wanted, |_, traces| {
        let spans = spans_of(traces);
        let all = (0..).zip(&spans).flat_map(|(number, span)| {
            let places = (0..).zip(targets(&span.links));
            let unwanted = places.filter(|(_, target)| *target == 50);
            unwanted.map(move |(place, _)| drop_link(number, place, DropReason::Unwanted))
        });
        Ok(edits(all.collect()))
    })
}

fn chain(rules: impl IntoIterator<Item = Rule>) -> Processor {
    crate::behaviour::processor(rules)
}

rule_test! {
    fn the_whole_chain_over_its_own_output_changes_nothing(arm, order) {
        let chain = || chain([arm.rule("{}"), dropping(), annotating()]);
        let once = mend(&chain(), &order.of(&sent()));
        assert_eq!(once.faults, []);
        let counts = &once.counts;
        assert_eq!((counts.links_in, counts.links_added, counts.links_out), (3, 1, 2));
        assert_eq!((counts.links_dropped_invalid, counts.links_dropped_unwanted), (1, 1));
        let out = once.traces.unwrap();
        let spans = spans_of(&out);
        assert_eq!(targets(&spans[0].links), [51]);
        assert_eq!(targets(&spans[2].links), [7]);
        assert!(spans[2].links.iter().all(has_team));
        let again = mend(&chain(), &out);
        assert_eq!(again.traces.as_ref(), Some(&out));
        let counts = again.counts;
        assert_eq!((counts.links_in, counts.links_added, counts.links_out), (2, 0, 2));
        assert_eq!(counts.rule_faults, 0);
    }
}

fn has_team(link: &Link) -> bool {
    link.attributes
        .iter()
        .any(|attribute| attribute.key == "team")
}

rule_test! {
    fn rules_of_both_worlds_see_what_the_others_did(arm, order) {
        let batch = order.of(&sent());
        let bytes_first = [shell(World::Batch), arm.rule("{}"), shell(World::Span), annotating()];
        let records_first = [shell(World::Span), arm.rule("{}"), shell(World::Batch), annotating()];
        let [one, other] = [bytes_first, records_first].map(|rules| {
            let mended = mend(&chain(rules), &batch);
            assert_eq!(mended.faults, []);
            mended
        });
        assert_eq!(targets(&links_of(&one)), [50, 51, 3, 3]);
        // The worlds are ways to say the same.
        assert_eq!(one.traces, other.traces);
        assert_eq!(one.counts.links_added, 3);
        let spans = spans_of(&one.traces.unwrap());
        assert_eq!(targets(&spans[2].links), [7]);
        assert!(spans.iter().flat_map(|span| &span.links).all(has_team));
    }
}

rule_test! {
    fn a_fault_in_one_world_leaves_the_other_alone(arm, order) {
        let trapping = |world| {
            let guest = include_str!("../../guests/trap.wat");
            Rule::component("trap", component(&in_shell_of(world, guest)))
        };
        // A name that is long enough for the trap.
        let mut spans = spans_of(&sent());
        spans[0].name = "n".repeat(1100);
        let batch = order.of(&batch(spans));
        for world in [World::Field, World::Batch, World::Span] {
            let mended = mend(&chain([trapping(world), arm.rule("{}"), trapping(world)]), &batch);
            assert_eq!(mended.faults.len(), 2);
            assert!(mended.faults.iter().all(|fault| fault.rule == "hostile"));
            let alone = chain([arm.rule("{}")]).process(batch.clone()).unwrap();
            assert_eq!(mended.traces, alone.traces);
        }
    }
}

/// The built-in rule decides the same, whoever stands before it.
#[test]
fn the_arms_agree_in_a_chain() {
    let [native, sandbox] = [Arm::Native, Arm::Sandbox].map(|arm| {
        let mended = mend(
            &chain([shell(World::Span), arm.rule("{}"), annotating()]),
            &sent(),
        );
        assert_adds_up(&mended.counts);
        mended.traces
    });
    assert_eq!(native, sandbox);
}
