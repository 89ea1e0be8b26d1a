//! What a rule says to its author: lines, and why it panicked.

use std::cell::Cell;
use std::fmt;

use crate::traces::Span;

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever looks for a mistake, in detail.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// What is good to know.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}

/// Says a line: `linkmend rule` shows it, and the log of `linkmend run` at debug
/// level. In unit tests it goes to standard error. See [`log!`](crate::log!).
pub fn say(level: Level, text: &str) {
    #[cfg(target_arch = "wasm32")]
    {
        use crate::bindings::saying::linkmend::rule::log;
        log::line(
            match level {
                Level::Trace => log::Level::Trace,
                Level::Debug => log::Level::Debug,
                Level::Info => log::Level::Info,
                Level::Warn => log::Level::Warn,
                Level::Error => log::Level::Error,
            },
            text,
        );
    }
    #[cfg(not(target_arch = "wasm32"))]
    std::eprintln!(
        "the rule says ({}): {text}",
        format!("{level:?}").to_lowercase()
    );
}

/// Says a line that is formatted, as `println!` does it:
/// `linkmend_rule::log!(Info, "{} producers", found.len())`.
#[macro_export]
macro_rules! log {
    ($level:ident, $($text:tt)*) => {
        $crate::say($crate::Level::$level, &::std::format!($($text)*))
    };
}

/// In place of the standard library's, which goes nowhere in a component: says a line
/// of level [`Level::Info`]. `use linkmend_rule::{eprintln, println};`
#[macro_export]
macro_rules! println {
    ($($text:tt)*) => {
        $crate::say($crate::Level::Info, &::std::format!($($text)*))
    };
}

/// In place of the standard library's, as [`println!`](crate::println!): says a line of
/// level [`Level::Error`].
#[macro_export]
macro_rules! eprintln {
    ($($text:tt)*) => {
        $crate::say($crate::Level::Error, &::std::format!($($text)*))
    };
}

/// As much of a span's name as is told of it.
const MOST_NAME: usize = 48;

/// A beginning of some bytes.
#[derive(Clone, Copy)]
struct Piece<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

/// The span that the rule looks at.
#[derive(Clone, Copy)]
struct Looking {
    trace_id: Piece<16>,
    span_id: Piece<8>,
    name: Piece<MOST_NAME>,
}

thread_local! {
    static LOOKING: Cell<Option<Looking>> = const { Cell::new(None) };
}

/// A rule looks at this span now.
pub(crate) fn looks_at(span: &Span<'_>) {
    LOOKING.set(Some(Looking {
        trace_id: Piece::of(span.trace_id),
        span_id: Piece::of(span.span_id),
        name: Piece::of(span.name),
    }));
}

/// A rule looks at no span.
pub(crate) fn looks_at_none() {
    LOOKING.set(None);
}

impl<const N: usize> Piece<N> {
    fn of(from: &[u8]) -> Self {
        let mut bytes = [0; N];
        let length = from.len().min(N);
        if let (Some(to), Some(from)) = (bytes.get_mut(..length), from.get(..length)) {
            to.copy_from_slice(from);
        }
        Self { bytes, length }
    }

    fn get(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl<const N: usize> fmt::LowerHex for Piece<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.get().iter();
        bytes.try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for Looking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = String::from_utf8_lossy(self.name.get());
        write!(f, "at span {:x}/{:x} ({name})", self.trace_id, self.span_id)
    }
}

/// Has panics say where and why, before they trap: [`export!`](crate::export!) calls it.
#[doc(hidden)]
pub fn say_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("it has no text");
        let mut line = format!("panic: {text}");
        if let Some(place) = panic.location() {
            let (file, number) = (place.file(), place.line());
            line = format!("{line} ({file}, line {number})");
        }
        if let Some(looking) = LOOKING.get() {
            line = format!("{line}, {looking}");
        }
        say(Level::Error, &line);
    }));
}
