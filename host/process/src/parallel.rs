//! Work on many threads, results in order, memory bounded.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::thread;

use parking_lot::{Condvar, Mutex};

/// What may be under way at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Threads that work.
    pub(crate) threads: NonZeroUsize,
    /// Items that are read and not yet written.
    pub(crate) items: usize,
    /// Their size, in bytes of input. One item is let through whatever its
    /// size.
    pub(crate) bytes: usize,
}

/// Does `work` on the items of `source` on several threads and hands the
/// results to `sink`, on this thread and in the order of the items. Ends early
/// when `sink` does.
pub(crate) fn in_order<I, T, E>(
    source: impl Iterator<Item = I> + Send,
    size: impl Fn(&I) -> usize + Sync,
    bounds: Bounds,
    work: impl Fn(I) -> T + Sync,
    mut sink: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E>
where
    I: Send,
    T: Send,
{
    let gate = Gate::new(bounds);
    let (to_work, items) = crossbeam_channel::unbounded::<(u64, usize, I)>();
    let (to_sink, results) = crossbeam_channel::unbounded::<(u64, usize, T)>();
    thread::scope(|scope| {
        // However this thread leaves, the reader must not wait for it.
        let _closer = Closer(&gate);
        let (gate, size, work) = (&gate, &size, &work);
        scope.spawn(move || {
            for (number, item) in (0..).zip(source) {
                let bytes = size(&item);
                if !gate.enter(bytes) || to_work.send((number, bytes, item)).is_err() {
                    break;
                }
            }
        });
        for _ in 0..bounds.threads.get() {
            let (items, to_sink) = (items.clone(), to_sink.clone());
            scope.spawn(move || {
                // A panic here must end the whole, not leave it waiting.
                let _closer = PanicCloser(gate);
                for (number, bytes, item) in items {
                    if to_sink.send((number, bytes, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(to_sink);
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for (number, bytes, result) in results {
            waiting.insert(number, (bytes, result));
            while let Some((bytes, result)) = waiting.remove(&next) {
                sink(result)?;
                gate.leave(bytes);
                next += 1;
            }
        }
        Ok(())
    })
}

/// Keeps the reader from running ahead.
struct Gate {
    bounds: Bounds,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    items: usize,
    bytes: usize,
    closed: bool,
}

impl Gate {
    fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Waits until there is room; `false` when nothing is to be read any more.
    fn enter(&self, bytes: usize) -> bool {
        let mut state = self.state.lock();
        self.changed.wait_while(&mut state, |state| {
            let full = state.items >= self.bounds.items || state.bytes + bytes > self.bounds.bytes;
            !state.closed && state.items > 0 && full
        });
        state.items += 1;
        state.bytes += bytes;
        !state.closed
    }

    fn leave(&self, bytes: usize) {
        let mut state = self.state.lock();
        state.items -= 1;
        state.bytes -= bytes;
        self.changed.notify_all();
    }

    fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }
}

struct Closer<'a>(&'a Gate);

impl Drop for Closer<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct PanicCloser<'a>(&'a Gate);

impl Drop for PanicCloser<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.close();
        }
    }
}

#[cfg(test)]
mod tests;
