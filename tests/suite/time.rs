//! The time of a rule is the time that it ran: a busy machine makes no batch
//! fail.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use linkmend::{Limits, Processor, Rule};
use linkmend_tests::guests::{component, in_shell};
use linkmend_tests::otlp::{batch, kind, span};

/// Counts to a number, which takes a while, before it answers.
fn counting(to: u64, limits: Limits) -> Processor {
    let guest = format!(
        "(func $hostile (param i32 i32 i32) (result i32)
          (local $left i64)
          (local.set $left (i64.const {to}))
          (loop $again
            (local.set $left (i64.sub (local.get $left) (i64.const 1)))
            (br_if $again (i64.ne (local.get $left) (i64.const 0))))
          (call $answer (i32.const 0)))"
    );
    let rule = Rule::component("guest", component(&in_shell(&guest))).with_limits(limits);
    Processor::builder().rule(rule).build().unwrap()
}

fn long() -> bytes::Bytes {
    let name = "long".repeat(300);
    batch(vec![span(9, kind::SERVER, &name, Vec::new())])
}

/// A number to which a rule counts in about this time of its thread.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "about is enough"
)]
fn count_of(wanted: Duration) -> u64 {
    let to = 50_000_000;
    let patient = Limits {
        call_time: Duration::from_mins(1),
        ..Limits::default()
    };
    let processor = counting(to, patient);
    assert_eq!(processor.process(long()).unwrap().faults, []);
    let took = processor.rule_usage()[0].longest_call;
    (to as f64 * wanted.as_secs_f64() / took.as_secs_f64()) as u64
}

/// Keeps all processors busy while `work` is done: each thread gets a small
/// share of them.
fn while_busy<T>(work: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    let processors = thread::available_parallelism().unwrap().get();
    thread::scope(|scope| {
        for _ in 0..processors * 6 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let done = work();
        is_over.store(true, Ordering::Relaxed);
        done
    })
}

/// Batches that took 0.1 s of the processor failed on a busy machine, since
/// they lasted longer than the limit.
#[test]
fn a_busy_machine_makes_no_batch_fail() {
    let limits = Limits {
        call_time: Duration::from_secs(1),
        ..Limits::default()
    };
    let processor = counting(count_of(Duration::from_millis(400)), limits);
    let (mended, lasted) = while_busy(|| {
        let begun = Instant::now();
        (processor.process(long()).unwrap(), begun.elapsed())
    });
    assert!(lasted > limits.call_time, "it was not busy: {lasted:?}");
    assert_eq!(mended.faults, [], "after {lasted:?}");
    let ran = processor.rule_usage()[0].longest_call;
    assert!(ran < limits.call_time, "{ran:?}");
}

/// A rule ran for 10.5 s, and passed as one that took a second: the clock had no
/// time to tick.
#[test]
fn a_rule_that_runs_too_long_fails_on_a_busy_machine_too() {
    let limits = Limits {
        call_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let processor = counting(count_of(Duration::from_secs(30)), limits);
    let mended = while_busy(|| processor.process(long()).unwrap());
    // Where others keep the machine busy, too, it may be the clock that ends it.
    let text = mended.faults[0].to_string();
    assert!(
        text == "rule `hostile` failed: it ran longer than limits.call_time = 300ms in hostile"
            || text.contains("the machine is too busy"),
        "{text}"
    );
    // What it ran until it was stopped.
    let ran = processor.rule_usage()[0].longest_call;
    assert!(ran < limits.call_time * 2, "{ran:?}");
}
