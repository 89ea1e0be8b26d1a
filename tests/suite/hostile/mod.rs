//! Rules that mean no good: `guests/*.wat`. For each, and in all worlds: the
//! batch takes the way that the policy says, the error names the rule and the
//! reason, and the host goes on.

mod calls;
mod explanations;
mod index;
mod load;
mod verdicts;
mod wasi;

use std::time::Duration;

use bytes::Bytes;
use linkmend::{Limits, LoadError, Mended, OnError, ProcessError, Processor, Rule, World};
use linkmend_tests::guests::{component, in_shell, in_shell_of};
use linkmend_tests::otlp::{self, kind, span, spans_of};

/// Small, so that reaching them takes little time.
const LIMITS: Limits = Limits {
    memory: 16 << 20,
    table_elements: 100_000,
    init_time: Duration::from_millis(300),
    call_time: Duration::from_millis(250),
    output: 2 << 20,
    growth: 1 << 20,
    edits_per_span: 20_000,
    max_links: 128,
};

/// For guests that take long over it, and are not to be stopped for that.
const PATIENT: Limits = Limits {
    output: 64 << 20,
    call_time: Duration::from_secs(20),
    ..LIMITS
};

const WORLDS: [World; 3] = [World::Field, World::Batch, World::Span];

/// In all worlds.
fn rules(guest: &str) -> [Rule; 3] {
    WORLDS.map(|world| {
        let component = component(&in_shell_of(world, guest));
        Rule::component("hostile.wasm", component).with_limits(LIMITS)
    })
}

fn processor(rule: Rule) -> Processor {
    let built = Processor::builder().rule(rule).build();
    built.unwrap_or_else(|error| panic!("{error}"))
}

/// What a user reads when the rule cannot be used.
fn load_error(rule: Rule) -> LoadError {
    match Processor::builder().rule(rule).build() {
        Ok(_) => panic!("the rule was loaded"),
        Err(error) => error,
    }
}

/// A batch of one span that the guests answer well.
fn good_batch() -> Bytes {
    otlp::batch(vec![span(9, kind::SERVER, "good", Vec::new())])
}

/// A batch of one span with one link that the guests are hostile to.
fn bait() -> Bytes {
    let mut span = span(9, kind::SERVER, &"bait".repeat(300), Vec::new());
    span.links.push(otlp::link(4));
    otlp::batch(vec![span])
}

/// The processor mends a batch as if nothing had been.
fn assert_goes_on(processor: &Processor) {
    let mended = processor.process(good_batch()).unwrap();
    assert_eq!(mended.faults, []);
    assert_eq!(mended.counts.links_added, 1);
    let spans = spans_of(&mended.traces.unwrap());
    assert_eq!(spans[0].links.len(), 1);
    assert_eq!(spans[0].links[0].span_id, otlp::span_id(3));
}

/// A hostile answer to a batch: each policy does what it says, the user reads
/// `text`, and the next batch is mended.
fn assert_fault(guest: &str, text: &str) {
    assert_fault_within(guest, LIMITS, text);
}

fn assert_fault_within(guest: &str, limits: Limits, text: &str) {
    for rule in rules(guest) {
        assert_fault_of(&rule.with_limits(limits), text);
    }
}

fn assert_fault_of(rule: &Rule, text: &str) {
    let text = format!("rule `hostile` failed: {text}");

    let passing = processor(rule.clone());
    let bait = bait();
    let mended = passing.process(bait.clone()).unwrap();
    assert_eq!(fault(&mended), text);
    let traces = mended.traces.unwrap();
    assert_eq!(traces.as_ptr(), bait.as_ptr(), "not the same bytes");
    assert_eq!(traces, bait);
    assert_eq!(mended.counts.rule_faults, 1);
    assert_eq!((mended.counts.links_in, mended.counts.links_out), (1, 1));
    assert_goes_on(&passing);

    let dropping = processor(rule.clone().with_on_error(OnError::Drop));
    let mended = dropping.process(bait.clone()).unwrap();
    assert_eq!(fault(&mended), text);
    assert_eq!(mended.traces, None);
    assert_eq!((mended.counts.batches, mended.counts.spans), (1, 1));
    assert_eq!((mended.counts.links_in, mended.counts.links_out), (0, 0));
    assert_goes_on(&dropping);

    let rejecting = processor(rule.clone().with_on_error(OnError::Reject));
    match rejecting.process(bait) {
        Err(error @ ProcessError::Rejected(_)) => {
            assert_eq!(error.to_string(), format!("rejected: {text}"));
        }
        other => panic!("not rejected: {other:?}"),
    }
    assert_goes_on(&rejecting);
}

/// The one fault of a batch.
fn fault(mended: &Mended) -> String {
    let [fault] = &mended.faults[..] else {
        panic!("{} faults", mended.faults.len());
    };
    assert_eq!(fault.rule, "hostile");
    fault.to_string()
}

/// The text of a guest.
macro_rules! guest {
    ($name:literal) => {
        include_str!(concat!("../../guests/", $name, ".wat"))
    };
}
use guest;

#[test]
fn the_shell_itself_is_a_good_rule() {
    for rule in rules("") {
        assert_goes_on(&processor(rule));
    }
}
