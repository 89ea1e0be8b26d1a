//! Many threads: nothing is lost, doubled or overslept.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use linkmend::{HoldOptions, Mended};
use linkmend_tests::arms::Arm;
use linkmend_tests::otlp::batch;

use super::{assert_empty, consumer, counts, flat, holding, number, producer, spans_out};

/// So many batches of so many messages; producers and consumers come on threads
/// of their own, at the same time.
fn run(arm: Arm, batches: u64, messages: u64, options: HoldOptions) {
    let is_bounded = options.max_spans < 1_000;
    let processor = holding([arm.rule("{}")], options);
    let out: Mutex<Vec<Mended>> = Mutex::default();
    let done = AtomicBool::new(false);
    let send = |first: u64, span: fn(u64, &str) -> _| {
        for number in 0..batches {
            let numbers = number * messages + 1..=(number + 1) * messages;
            let spans = numbers.map(|number| span(first + number, &format!("m{number}")));
            let mended = processor.process(batch(spans.collect())).unwrap();
            out.lock().unwrap().push(mended);
        }
    };
    thread::scope(|scope| {
        let senders = [
            scope.spawn(|| send(0, producer)),
            scope.spawn(|| send(1_000_000, consumer)),
            scope.spawn(|| send(2_000_000, consumer)),
        ];
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let released = processor.release(Instant::now());
                    out.lock().unwrap().extend(released);
                    thread::yield_now();
                }
            });
        }
        for sender in senders {
            sender.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    let mut out = out.into_inner().unwrap();
    out.extend(processor.release(Instant::now()));
    if !is_bounded {
        // All producers are known: whoever is still there was not woken.
        assert_eq!(
            processor.hold_stats().held,
            0,
            "{:?}",
            processor.hold_stats()
        );
    }
    out.extend(processor.drain());
    let out = flat(out);
    let spans = spans_out(&out);
    let mut numbers: Vec<u64> = spans.iter().map(number).collect();
    numbers.sort_unstable();
    let each = |first: u64| (1..=batches * messages).map(move |number| first + number);
    let expected: Vec<u64> = each(0)
        .chain(each(1_000_000))
        .chain(each(2_000_000))
        .collect();
    assert!(numbers == expected, "spans are lost or doubled");
    let linked = spans.iter().filter(|span| span.links.len() == 1).count() as u64;
    let counts = counts(&out);
    assert_eq!(counts.links_added, linked);
    assert_eq!(counts.links_held, counts.links_released);
    if !is_bounded {
        assert_eq!(linked, 2 * batches * messages);
    }
    assert_empty(&processor);
}

fn patient() -> HoldOptions {
    HoldOptions {
        time: Duration::from_mins(10),
        ..HoldOptions::default()
    }
}

#[test]
fn all_consumers_are_woken_native() {
    run(Arm::Native, 2_000, 3, patient());
}

#[test]
fn all_consumers_are_woken_in_the_sandbox() {
    run(Arm::Sandbox, 200, 5, patient());
}

#[test]
fn nothing_is_lost_in_a_small_hold_for_a_short_time() {
    let options = HoldOptions {
        time: Duration::from_millis(2),
        max_spans: 20,
        ..HoldOptions::default()
    };
    run(Arm::Native, 300, 4, options);
}
