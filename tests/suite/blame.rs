//! Who is to blame for a failure: a batch that is bad stops nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use linkmend::Rule;
use linkmend_tests::guests::{component, in_shell};
use linkmend_tests::otlp::{kind, span, spans_of, text, traces};
use linkmend_tests::rules::{add, all_spans, edits, nothing, rule};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;

use super::behaviour::processor;

/// A batch of one span, of a service of this number.
fn of(service: usize, number: u64, name: &str) -> Bytes {
    let mut traces = traces(vec![span(number, kind::SERVER, name, Vec::new())]);
    traces.resource_spans[0].resource = Some(Resource {
        attributes: vec![text("service.name", &format!("service-{service}"))],
        ..Resource::default()
    });
    traces.encode_to_vec().into()
}

/// Fails on spans of one name, after a while.
fn picky(after: Duration, calls: &Arc<AtomicUsize>) -> Rule {
    let calls = Arc::clone(calls);
    rule("picky", all_spans(), move |_, traces| {
        calls.fetch_add(1, Ordering::Relaxed);
        if spans_of(traces)[0].name == "bad" {
            thread::sleep(after);
            return Err("no".into());
        }
        Ok(edits(vec![add(0, 101)]))
    })
}

/// Five bodies opened the circuit of the rule: 0 of 30 batches of others were
/// mended meanwhile, and for 15 s after.
#[test]
fn of_sixty_batches_of_nine_senders_sixty_are_mended_while_a_tenth_sends_what_fails() {
    for (after, name) in [
        (Duration::ZERO, 0),
        (Duration::from_millis(250), 0),
        (Duration::ZERO, 1),
    ] {
        let processor = processor([picky(after, &Arc::default())]);
        let (mut mended, mut number) = (0, 0);
        for round in 0..60 {
            // Five bodies, again and again; and as many that are new.
            for body in 0..5 {
                number += 1;
                processor.process(of(name, body, "bad")).unwrap();
                if after.is_zero() {
                    processor.process(of(name, 1000 + number, "bad")).unwrap();
                }
            }
            let good = processor
                .process(of(1 + round % 9, 10_000, "good"))
                .unwrap();
            mended += good.counts.links_added;
        }
        assert_eq!(mended, 60, "{after:?}");
    }
}

#[test]
fn a_batch_that_failed_is_not_shown_again_so_soon() {
    let calls = Arc::<AtomicUsize>::default();
    let processor = processor([picky(Duration::ZERO, &calls)]);
    let fault = |number| {
        let mended = processor.process(of(0, number, "bad")).unwrap();
        mended.faults[0].to_string()
    };
    assert_eq!(fault(1), "rule `picky` failed: it says: no");
    let text = fault(1);
    assert!(
        text.starts_with("rule `picky` failed: it failed on this very batch ")
            && text.ends_with(" ago, and is not shown it again so soon"),
        "{text}"
    );
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(fault(2), "rule `picky` failed: it says: no");
}

#[test]
fn a_sender_that_costs_time_is_left_alone_and_comes_back() {
    let calls = Arc::<AtomicUsize>::default();
    let processor = processor([picky(Duration::from_millis(210), &calls)]);
    for number in 0..5 {
        let mended = processor.process(of(0, number, "bad")).unwrap();
        assert_eq!(
            mended.faults[0].to_string(),
            "rule `picky` failed: it says: no"
        );
    }
    let good = || processor.process(of(0, 9, "good")).unwrap();
    let text = good().faults[0].to_string();
    let alone = "rule `picky` failed: it failed on 5 batches of this sender in a row, and is shown none of them for another ";
    assert!(text.starts_with(alone), "{text}");
    assert_eq!(calls.load(Ordering::Relaxed), 5, "it was not left alone");
    let other = processor.process(of(1, 1, "good")).unwrap();
    assert_eq!(other.counts.links_added, 1);
    thread::sleep(Duration::from_millis(120));
    assert_eq!(good().faults, [], "it did not come back");
}

#[test]
fn a_rule_that_fails_on_whatever_anybody_sends_is_left_alone() {
    let failing = rule("failing", all_spans(), |_, _| {
        thread::sleep(Duration::from_millis(260));
        Err("no".into())
    });
    let processor = processor([failing]);
    let fault = |service, number| {
        let mended = processor.process(of(service, number, "good")).unwrap();
        mended.faults[0].to_string()
    };
    for number in 0..4 {
        for service in 0..5 {
            let text = fault(service, number);
            assert_eq!(text, "rule `failing` failed: it says: no");
        }
    }
    let text = fault(9, 1);
    let alone = "rule `failing` failed: it failed on 20 batches in a row, of whatever sender, and is left alone for another ";
    assert!(text.starts_with(alone), "{text}");
}

/// A batch that goes well may leave a rule behind that fails on the next one.
#[test]
fn an_instance_that_one_batch_has_spoilt_fails_on_nobody_elses() {
    let guest = "(global $spoilt (mut i32) (i32.const 0))
        (func $hostile (param i32 i32 i32) (result i32)
          (if (global.get $spoilt) (then (unreachable)))
          (global.set $spoilt (i32.const 1))
          (call $answer (i32.const 0)))";
    let rule = Rule::component("guest", component(&in_shell(guest)));
    let processor = processor([rule]);
    let long = "long".repeat(300);
    for number in 0..20 {
        let mended = processor.process(of(0, number, &long)).unwrap();
        assert_eq!(mended.faults, [], "{number}");
    }
}

/// An answer that is refused is a failure of the instance, too.
#[test]
fn an_instance_whose_answer_is_refused_is_not_used_again() {
    let guest = "(global $calls (mut i32) (i32.const 0))
        (func $hostile (param i32 i32 i32) (result i32)
          (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
          ;; A span that is not there, from the second call on.
          (call $edit (i32.const 0) (i32.const 77) (i32.const 0) (i32.const 0))
          (call $answer (i32.gt_u (global.get $calls) (i32.const 1))))";
    let rule = Rule::component("guest", component(&in_shell(guest)));
    let processor = processor([rule]);
    let long = "long".repeat(300);
    for number in 0..20 {
        let mended = processor.process(of(0, number, &long)).unwrap();
        assert_eq!(mended.faults, [], "{number}");
    }
}

#[test]
fn what_goes_well_is_not_blamed_on_anybody() {
    let processor = processor([rule("idle", all_spans(), |_, _| Ok(nothing()))]);
    for number in 0..100 {
        let batch = of(0, number % 2, "good");
        assert_eq!(processor.process(batch).unwrap().faults, []);
    }
}
