//! Whatever a rule asks of [`linkmend_rule::Edits`], hosts take it, and a second
//! run changes nothing. The suite of the workspace says the same with the real
//! host.

use linkmend_rule::DropReason;
use linkmend_rule::testing::{LinkBuilder, SpanBuilder, TracesBuilder};
use proptest::collection::vec;
use proptest::prelude::*;

use super::scripted::{Step, host};

/// Few, so that they meet.
fn number() -> impl Strategy<Value = u64> {
    0..12u64
}

fn name() -> impl Strategy<Value = i64> {
    0..6i64
}

fn attributes() -> impl Strategy<Value = Vec<(String, i64)>> {
    vec(("[abc]?", any::<i64>()), 0..4)
}

fn reason() -> impl Strategy<Value = DropReason> {
    prop_oneof![
        Just(DropReason::Invalid),
        Just(DropReason::Duplicate),
        Just(DropReason::OverLimit),
        Just(DropReason::Unwanted),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (number(), attributes()).prop_map(|(to, with)| Step::Link(to, with)),
        2 => (name(), number(), attributes()).prop_map(|(n, to, with)| Step::Replace(n, to, with)),
        1 => (name(), reason()).prop_map(|(n, reason)| Step::Drop(n, reason)),
        2 => (name(), "[abc]?", any::<i64>()).prop_map(|(n, key, value)| Step::Annotate(n, key, value)),
        1 => (100_000u32.., "[abc]").prop_map(|(link, key)| Step::AnnotateNumber(link, key)),
        1 => (100_000u32..).prop_map(Step::DropNumber),
    ]
}

fn link() -> impl Strategy<Value = LinkBuilder> {
    let plain = (number(), proptest::option::of(name()), attributes());
    plain.prop_map(|(to, name, with)| {
        let link = LinkBuilder::to(to);
        let link = with.iter().fold(link, |link, (key, value)| {
            link.attribute(if key.is_empty() { "d" } else { key }, *value)
        });
        name.map_or(link.clone(), |name| link.attribute("n", name))
    })
}

fn span() -> impl Strategy<Value = SpanBuilder> {
    let links = prop_oneof![
        4 => vec(link(), 0..8),
        1 => vec(link(), 120..136),
        1 => vec(link(), 200..=200),
    ];
    (number(), links).prop_map(|(number, links)| {
        links
            .into_iter()
            .fold(SpanBuilder::consumer(number), SpanBuilder::link)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Scenario: any edits in any order of any spans: the same link twice, links
    /// that do not exist, the span itself, contexts of zeros, 200 links.
    /// Guarantees: no fault, and the second run of [`TestHost::mend`] changes
    /// nothing.
    #[test]
    fn any_edits_are_taken_and_done_once(
        spans in vec(span(), 1..4),
        steps in vec(step(), 0..12),
    ) {
        let batch = spans.into_iter().fold(TracesBuilder::new(), TracesBuilder::span).build();
        host(steps).mend(&batch);
    }
}
