use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;

fn bounds(threads: usize, items: usize, bytes: usize) -> Bounds {
    Bounds {
        threads: NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN),
        items,
        bytes,
    }
}

/// Takes long for some items, so that they are overtaken.
fn dawdle(item: usize) {
    if item.is_multiple_of(7) {
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn results_come_in_the_order_of_the_items() {
    for threads in [1, 2, 8] {
        let mut seen = Vec::new();
        let work = |item: usize| {
            dawdle(item);
            item * 2
        };
        let done = in_order(
            0..500,
            |_| 1,
            bounds(threads, 32, 1 << 20),
            work,
            |item| {
                seen.push(item);
                Ok::<_, Infallible>(())
            },
        );
        assert!(done.is_ok());
        assert!(
            seen.iter().copied().eq((0..500).map(|item| item * 2)),
            "{threads}"
        );
    }
}

#[test]
fn no_items_are_no_results() {
    let done = in_order(
        0..0,
        |_| 1,
        bounds(4, 4, 4),
        |item: usize| item,
        |_| Err("called"),
    );
    assert_eq!(done, Ok(()));
}

/// The most that is read and not written at any time, in items and bytes.
fn most_under_way(sizes: &[usize], bounds: Bounds) -> (usize, usize) {
    let (items, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (most_items, most_bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = |item: usize| {
        let items = items.fetch_add(1, Ordering::SeqCst) + 1;
        let bytes = bytes.fetch_add(item, Ordering::SeqCst) + item;
        most_items.fetch_max(items, Ordering::SeqCst);
        most_bytes.fetch_max(bytes, Ordering::SeqCst);
        item
    };
    let sink = |item: usize| {
        // A slow disk: work would run far ahead if it could.
        thread::sleep(Duration::from_micros(200));
        items.fetch_sub(1, Ordering::SeqCst);
        bytes.fetch_sub(item, Ordering::SeqCst);
        Ok::<_, Infallible>(())
    };
    let done = in_order(sizes.iter().copied(), |item| *item, bounds, work, sink);
    assert!(done.is_ok());
    (most_items.into_inner(), most_bytes.into_inner())
}

#[test]
fn no_more_items_are_under_way_than_allowed() {
    let (items, _) = most_under_way(&[1; 300], bounds(4, 10, 1 << 20));
    assert!((2..=10).contains(&items), "{items}");
}

#[test]
fn no_more_bytes_are_under_way_than_allowed() {
    let (items, bytes) = most_under_way(&[100; 300], bounds(4, 1_000, 450));
    assert!(bytes <= 450, "{bytes}");
    assert!(items <= 4, "{items}");
}

#[test]
fn an_item_beyond_the_bound_goes_through_alone() {
    let (items, bytes) = most_under_way(&[5_000; 20], bounds(4, 1_000, 450));
    assert_eq!((items, bytes), (1, 5_000));
}

#[test]
fn an_error_of_the_sink_ends_everything() {
    let read = AtomicUsize::new(0);
    // Without an end: it must not be read on.
    let source = std::iter::repeat_with(|| read.fetch_add(1, Ordering::SeqCst));
    let done = in_order(
        source,
        |_| 1,
        bounds(4, 8, 1 << 20),
        |item| item,
        |item| {
            if item == 20 { Err(item) } else { Ok(()) }
        },
    );
    assert_eq!(done, Err(20));
    // One more than the bound may wait at the gate.
    assert!(read.into_inner() <= 20 + 8 + 2);
}

#[test]
fn a_panic_in_the_work_ends_everything_and_is_not_swallowed() {
    let mut seen = Vec::new();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let source = 0..;
        let work = |item: usize| {
            assert!(item != 20, "on purpose");
            item
        };
        in_order(
            source,
            |_| 1,
            bounds(4, 8, 1 << 20),
            work,
            |item| {
                seen.push(item);
                Ok::<_, Infallible>(())
            },
        )
    }));
    assert!(result.is_err());
    assert!(seen.into_iter().eq(0..20));
}

#[test]
fn a_panic_in_the_sink_ends_everything() {
    let result = catch_unwind(|| {
        in_order(
            0..,
            |_| 1,
            bounds(4, 8, 1 << 20),
            |item: usize| item,
            |item| {
                assert!(item != 20, "on purpose");
                Ok::<_, Infallible>(())
            },
        )
    });
    assert!(result.is_err());
}

#[test]
fn a_panic_in_the_source_ends_everything() {
    let source = (0..).inspect(|item: &usize| assert!(*item != 20, "on purpose"));
    let result = catch_unwind(AssertUnwindSafe(|| {
        in_order(
            source,
            |_| 1,
            bounds(4, 8, 1 << 20),
            |item| item,
            |_| Ok::<_, Infallible>(()),
        )
    }));
    assert!(result.is_err());
}
