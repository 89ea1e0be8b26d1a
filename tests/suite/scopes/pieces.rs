//! Batches of several tenants are taken to pieces, and nothing of them is lost.

use linkmend::{OnError, ProcessError, keep_scope, kept_scope};
use linkmend_tests::otlp::decode;
use linkmend_tests::rules::{all_spans, nothing, rule};

use super::*;
use crate::hold::chain::deferring;

#[test]
fn a_batch_in_which_nothing_is_done_stays_as_it_is() {
    let processor = answering(Rule::builtin(), IndexOptions::default(), 100);
    let mixed = batch(vec![
        of(Some("a"), vec![span(1, kind::SERVER, "call", Vec::new())]),
        of(Some("b"), vec![producer(2, "1")]),
        of(Some("a"), vec![producer(3, "1")]),
    ]);
    let mended = process(&processor, mixed.clone());
    assert_eq!(mended.traces.unwrap().as_ptr(), mixed.as_ptr());
}

#[test]
fn resources_of_one_tenant_keep_their_order() {
    let processor = answering(Rule::builtin(), IndexOptions::default(), 100);
    let resources: Vec<_> = (0..30)
        .map(|number: u64| {
            let tenant = ["a", "b", "c"][number as usize % 3];
            let id = number.to_string();
            let spans = vec![producer(1 + number, &id), consumer(100 + number, &id)];
            let mut resource = of(Some(tenant), spans);
            resource.schema_url = number.to_string();
            resource
        })
        .collect();
    let mended = process(&processor, batch(resources.clone()));
    let out = decode(&mended.traces.unwrap()).resource_spans;
    assert_eq!(out.len(), 30);
    let numbers: Vec<u64> = out
        .iter()
        .map(|one| one.schema_url.parse().unwrap())
        .collect();
    let expected: Vec<u64> = (0..3).flat_map(|first| (first..30).step_by(3)).collect();
    assert_eq!(numbers, expected);
    // All but the links is as it was.
    for mut resource in out {
        let number: usize = resource.schema_url.parse().unwrap();
        for span in &mut resource.scope_spans[0].spans {
            span.links.clear();
        }
        assert_eq!(resource, resources[number]);
    }
}

/// Whatever the order of the fields is, and be a resource in two parts, of which
/// protobuf makes one.
#[test]
fn the_tenant_is_found_wherever_it_stands() {
    let processor = answering(Rule::builtin(), IndexOptions::default(), 100);
    process(
        &processor,
        batch(vec![of(Some("a"), vec![producer(1, "4711")])]),
    );
    let of_nobody = of(None, vec![consumer(2, "4711")]);
    let later = ResourceSpans {
        resource: of(Some("a"), Vec::new()).resource,
        ..ResourceSpans::default()
    };
    let mut body = of_nobody.encode_to_vec();
    body.extend(later.encode_to_vec());
    let mut traces = Vec::new();
    prost::encoding::encode_key(1, prost::encoding::WireType::LengthDelimited, &mut traces);
    prost::encoding::encode_varint(body.len() as u64, &mut traces);
    traces.extend(body);
    let mended = process(&processor, traces.into());
    assert_eq!(all_linked([&mended]), [(2, vec![1])]);
}

/// Nothing of a batch is held when its sender is told to send it again.
#[test]
fn of_a_batch_of_which_a_part_is_rejected_nothing_is_held() {
    let rule = rule("picky", all_spans(), |_, traces| {
        if spans_of(traces).iter().any(|span| span.name == "bad") {
            return Err("bad".into());
        }
        Ok(deferring(&[0]))
    });
    let processor = holding(rule.with_on_error(OnError::Reject), held_options());
    let bad = span(9, kind::SERVER, "bad", Vec::new());
    let mixed = batch(vec![
        of(Some("a"), vec![consumer(1, "1")]),
        of(Some("b"), vec![bad]),
    ]);
    let refused = processor.process(mixed);
    assert!(
        matches!(refused, Err(ProcessError::Rejected(_))),
        "{refused:?}"
    );
    assert_eq!(processor.hold_stats().held_total, 0);
}

#[test]
fn what_is_malformed_is_told_and_not_mended() {
    let rule = rule("none", all_spans(), |_, _| Ok(nothing()));
    let processor = answering(rule, IndexOptions::default(), 100);
    let whole = batch(vec![
        of(Some("a"), vec![consumer(1, "1")]),
        of(Some("b"), vec![consumer(2, "1")]),
    ]);
    for end in 1..whole.len() {
        let cut = processor.process(whole.slice(..end));
        let is_whole = TracesData::decode(whole.slice(..end)).is_ok();
        assert_eq!(cut.is_ok(), is_whole, "{end}");
    }
}

#[test]
fn a_scope_is_kept_with_what_is_on_disk() {
    let scope = Scope::of([&["a"][..]]);
    let traces = batch(vec![of(None, vec![consumer(1, "1")])]);
    let kept = keep_scope(scope, &traces);
    // Whoever does not know of it reads the spans.
    assert_eq!(TracesData::decode(kept.clone()).unwrap(), decode(&traces));
    assert_eq!(kept_scope(&kept), (Some(scope), traces.clone()));
    assert_eq!(kept_scope(&traces), (None, traces.clone()));
    // What a sender puts there is not taken for it: spans are kept alone.
    let processor = Processor::builder()
        .rule(Rule::builtin())
        .hold(held_options());
    let processor = processor
        .scopes(scoping(IndexOptions::default(), 9))
        .build()
        .unwrap();
    let passage = ProcessOptions {
        copy_held: true,
        ..ProcessOptions::default()
    };
    let held = processor
        .process_with(kept, &passage)
        .unwrap()
        .held_copy
        .unwrap();
    assert_eq!(kept_scope(&held).0, None);
}
