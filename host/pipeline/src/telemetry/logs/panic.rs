//! A panic is a line of the log, as all else.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

/// From now on panics go into the log. With `RUST_BACKTRACE=1` they say how the
/// program came there.
pub fn catch_panics() {
    std::panic::set_hook(Box::new(told));
}

fn told(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("of unknown cause");
    let place = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or_default();
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!(place, thread, %backtrace, "panic: {text}; this is a mistake in linkmend");
    } else {
        tracing::error!(
            place,
            thread,
            "panic: {text}; this is a mistake in linkmend"
        );
    }
}
