//! G1: nothing changes but links and dropped counts, and those as the rule
//! said.

use bytes::Bytes;
use linkmend::Processor;
use linkmend::interface::{DropReason, ValueKind, Verdict};
use linkmend_tests::order::{descending, salted};
use linkmend_tests::otlp::{self, decode, kind, link, links, span, text};
use linkmend_tests::rules::{
    add, add_attributes, all_spans, drop_link, nothing, push_text, replace, rule, with_attributes,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};
use proptest::prelude::*;
use prost::Message as _;

use super::oracle::{apply, without_links};

/// What becomes of a link: kept, dropped for one of three reasons, replaced,
/// given an attribute, or both.
type Fates = Vec<u8>;

fn any_span() -> impl Strategy<Value = (Span, Fates, u8)> {
    let dropped = prop_oneof![Just(0), Just(7), Just(u32::MAX - 1), any::<u32>()];
    let fates = prop::collection::vec(0u8..7, 0..6);
    (1u64..1_000, 0i32..7, fates, 0u8..4, dropped, any::<bool>()).prop_map(
        |(number, kind, fates, added, dropped, is_failed)| {
            let mut span = span(
                number,
                kind,
                "a span",
                vec![text("messaging.system", "kafka")],
            );
            span.links = (1..=fates.len() as u64).map(link).collect();
            if let Some(link) = span.links.first_mut() {
                link.attributes.push(text("own", "attribute"));
                link.trace_state = "a=b".into();
            }
            span.dropped_links_count = dropped;
            span.status = is_failed.then(Status::default);
            (span, fates, added)
        },
    )
}

fn any_batch() -> impl Strategy<Value = (TracesData, Vec<(Fates, u8)>)> {
    let scope = prop::collection::vec(any_span(), 0..5);
    let resource = prop::collection::vec(scope, 0..3);
    prop::collection::vec(resource, 0..3).prop_map(|resources| {
        let mut plans = Vec::new();
        let mut scope_spans = |spans: Vec<(Span, Fates, u8)>| {
            let spans = spans.into_iter().map(|(span, fates, added)| {
                plans.push((fates, added));
                span
            });
            ScopeSpans {
                spans: spans.collect(),
                schema_url: "https://opentelemetry.io/schemas/1.30.0".into(),
                ..ScopeSpans::default()
            }
        };
        let mut resource_spans = |scopes: Vec<_>| ResourceSpans {
            scope_spans: scopes.into_iter().map(&mut scope_spans).collect(),
            ..otlp::traces(Vec::new()).resource_spans.remove(0)
        };
        let resource_spans = resources.into_iter().map(&mut resource_spans).collect();
        (TracesData { resource_spans }, plans)
    })
}

/// The verdict that does what was planned, edits of spans from the last to the
/// first.
fn verdict(plans: &[(Fates, u8)]) -> Verdict {
    let mut verdict = nothing();
    let first = push_text(&mut verdict, "link.type", "repaired");
    push_text(&mut verdict, "second", "");
    for (name, kind, bits) in [
        ("integer", ValueKind::Integer, (-5i64).cast_unsigned()),
        ("yes", ValueKind::Boolean, 1),
        ("no", ValueKind::Boolean, 0),
        ("double", ValueKind::Double, 0.1f64.to_bits()),
    ] {
        let place = push_text(&mut verdict, name, "");
        let attribute = &mut verdict.attributes[place as usize];
        (attribute.kind, attribute.bits) = (kind, bits);
    }
    for (number, (fates, added)) in plans.iter().enumerate().rev() {
        let span = number as u32;
        for to in 0..u64::from(*added) {
            let edit = add(span, 500 + to);
            let edit = with_attributes(edit, first, (to * 2) as u32);
            verdict.edits.push(edit);
        }
        for (link, fate) in (0..).zip(fates) {
            let edits = match fate {
                1 => vec![drop_link(span, link, DropReason::Invalid)],
                2 => vec![drop_link(span, link, DropReason::Duplicate)],
                3 => vec![drop_link(span, link, DropReason::OverLimit)],
                4 => vec![replace(span, link, 700)],
                5 => vec![add_attributes(span, link, first, 2)],
                6 => vec![
                    add_attributes(span, link, first + 1, 1),
                    with_attributes(replace(span, link, 800), first, 1),
                ],
                _ => Vec::new(),
            };
            verdict.edits.extend(edits);
        }
    }
    verdict
}

/// Unknown fields of every wire type, by a few bytes of chance.
fn salt(chance: &[u8]) -> impl FnMut() -> Vec<u8> {
    let mut chance = chance.iter().copied().cycle();
    move || match chance.next().unwrap_or(0) % 8 {
        // Field 1000, a varint; field 100, fixed 64 and 32; field 17, bytes.
        0 => vec![0xc0, 0x3e, 0x96, 0x01],
        1 => vec![0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8],
        2 => vec![0xa5, 0x06, 1, 2, 3, 4],
        3 => vec![0x8a, 0x01, 3, b'n', b'e', b'w'],
        _ => Vec::new(),
    }
}

fn check(batch: &Bytes, plans: &[(Fates, u8)]) {
    let verdict = verdict(plans);
    let answer = verdict.clone();
    let mut plan = all_spans();
    // Spans of a kind that has no number yet are selected by their attribute.
    plan.selector.attribute_keys.push("messaging.system".into());
    plan.type_attribute = "link.type".into();
    let rule = rule("random", plan, move |_, _| Ok(answer.clone()));
    let processor = Processor::builder().rule(rule).build().unwrap();
    let mended = processor.process(batch.clone()).unwrap();
    assert_eq!(mended.faults, []);
    let out = mended.traces.unwrap();

    assert_eq!(
        without_links(&out),
        without_links(batch),
        "other bytes changed"
    );
    let mut expected = decode(batch);
    apply(&mut expected, &verdict);
    assert_eq!(decode(&out), expected);

    let counts = mended.counts;
    assert_eq!(counts.links_in, links(batch) as u64);
    assert_eq!(counts.links_out, links(&out) as u64);
    let gone = counts.links_dropped_invalid + counts.links_dropped_duplicate + counts.links_cut;
    assert_eq!(
        counts.links_in + counts.links_added,
        counts.links_out + gone
    );
    let typed: usize = otlp::spans(&expected)
        .flat_map(|span| &span.links)
        .flat_map(|link| &link.attributes)
        .filter(|attribute| attribute.key == "link.type")
        .count();
    assert_eq!(counts.links_typed, typed as u64);
    assert_eq!(counts.by_link_type.values().sum::<u64>(), typed as u64);
    if verdict.edits.is_empty() {
        assert_eq!(out.as_ptr(), batch.as_ptr());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn only_links_change(
        (traces, plans) in any_batch(),
        chance in prop::collection::vec(any::<u8>(), 1..40),
        is_descending in any::<bool>(),
    ) {
        let mut batch = salted(&traces.encode_to_vec(), &mut salt(&chance));
        if is_descending {
            batch = descending(&batch);
        }
        check(&batch.into(), &plans);
    }
}

#[test]
fn the_dropped_count_saturates() {
    let mut span = span(9, kind::SERVER, "full", Vec::new());
    span.links = vec![link(1), link(2), link(3)];
    span.dropped_links_count = u32::MAX - 1;
    let plans = [(vec![3, 3, 3], 0)];
    check(&otlp::batch(vec![span.clone()]), &plans);
    let rule = rule("cutting", all_spans(), move |_, _| Ok(verdict(&plans)));
    let processor = Processor::builder().rule(rule).build().unwrap();
    let mended = processor.process(otlp::batch(vec![span])).unwrap();
    let spans = otlp::spans_of(&mended.traces.unwrap());
    assert_eq!(spans[0].dropped_links_count, u32::MAX);
    assert_eq!(mended.counts.links_cut, 3);
}

#[test]
fn only_what_did_not_fit_is_added_to_the_dropped_count() {
    for fates in [vec![1, 1, 0], vec![2, 2, 2], vec![4, 5, 6]] {
        let mut span = span(9, kind::SERVER, "one", Vec::new());
        span.links = vec![link(1), link(2), link(3)];
        let plans = [(fates, 2)];
        let rule = rule("dropping", all_spans(), move |_, _| Ok(verdict(&plans)));
        let processor = Processor::builder().rule(rule).build().unwrap();
        let mended = processor.process(otlp::batch(vec![span])).unwrap();
        let spans = otlp::spans_of(&mended.traces.unwrap());
        assert_eq!(spans[0].dropped_links_count, 0);
    }
}
