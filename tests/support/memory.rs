//! How much memory the message index takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use linkmend::index::{IndexOptions, MemoryIndex, MessageIndex as _, MessageKey, Producer, Text};

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, which also keeps account of each thread. A binary
/// that measures makes it its own:
///
/// ```
/// use linkmend_tests::memory::CountingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator;
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct CountingAllocator;

fn count(bytes: isize) {
    // A thread that is ending has no account any more.
    let _ = LIVE.try_with(|live| live.set(live.get().wrapping_add(bytes)));
}

#[allow(
    unsafe_code,
    reason = "the trait of allocators is unsafe; all is left to the system's"
)]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Bytes that this thread has allocated and not given back; 0 for good where
/// the binary does not use [`CountingAllocator`].
#[must_use]
pub fn live() -> isize {
    LIVE.get()
}

/// How many bytes a [`MemoryIndex`] takes for each of `entries` producers of as
/// many messages, when it is made for just so many; `None` where the binary
/// does not use [`CountingAllocator`].
#[must_use]
pub fn bytes_per_entry(entries: usize) -> Option<usize> {
    let before = live();
    let index = MemoryIndex::new(IndexOptions {
        max_entries: entries,
        ..IndexOptions::default()
    });
    for number in 0..entries as u64 {
        // Infallible: there is no text to be out of range.
        let _ = index.remember(&[producer(number)], &[]);
    }
    let taken = usize::try_from(live() - before).unwrap_or(0);
    let held = index.stats().entries;
    (taken > 0 && held > 0).then(|| taken.div_ceil(held))
}

fn producer(number: u64) -> Producer {
    Producer {
        key: MessageKey {
            high: scatter(number),
            low: scatter(!number),
        },
        trace_id_high: number,
        trace_id_low: number,
        span_id: number,
        start: number,
        end: number,
        trace_state: Text {
            offset: 0,
            length: 0,
        },
        flags: 1,
        hint: 0,
        rank: 0,
    }
}

/// The finalizer of `splitmix64`: keys are hashes.
fn scatter(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}
