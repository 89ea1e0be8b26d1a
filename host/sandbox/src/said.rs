//! What a rule says: lines of text for its author, bounded and counted.
//!
//! A rule has no terminal and no log. What it prints, and what its language
//! prints for it when it panics, comes here, line by line, whichever way it took
//! out of the sandbox; and from here to whoever listens
//! ([`Listener`]), or into the text of a fault.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, OnceLock};

use linkmend_core::clip;

/// Of one call.
const MOST_LINES: usize = 256;
/// Of one call, all lines together.
const MOST_BYTES: usize = 16 << 10;
/// A line that does not end is cut here.
const LONGEST_LINE: usize = 1 << 10;
/// How many lines of errors are kept for the text of a fault, whatever was said
/// before them.
const LAST_LINES: usize = 32;

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// For whoever looks for a mistake, in detail.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// What is printed to standard output has this one.
    Info,
    /// Something is odd.
    Warn,
    /// What is printed to standard error has this one.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        })
    }
}

/// A line that a rule said, with nothing in it that a terminal would obey.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaidLine {
    /// How important it is.
    pub level: Level,
    /// At most 1,000 bytes or so.
    pub text: String,
}

/// What a rule said in one call: at most 256 lines and 16 KiB.
#[derive(Debug)]
#[non_exhaustive]
pub struct Said<'a> {
    /// The rule's name; empty before it has told it.
    pub rule: &'a str,
    /// In the order in which they were said.
    pub lines: &'a [SaidLine],
    /// How many more lines there were.
    pub left_out: u64,
}

/// Whoever wants to know what rules say. It is called on the thread of the batch,
/// after each call in which a rule said something.
pub type Listener = Arc<dyn Fn(&Said<'_>) + Send + Sync>;

/// What is printed, as far as languages tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Output,
    Error,
}

/// What is said in the call that is under way.
#[derive(Debug, Default)]
pub(crate) struct Saying {
    lines: Vec<SaidLine>,
    bytes: usize,
    left_out: u64,
    /// The last lines of errors: a rule that said much before it failed is
    /// understood by these.
    last: VecDeque<String>,
    /// What was printed to each stream since the last end of a line.
    open: [Vec<u8>; 2],
}

impl Saying {
    /// A line, whichever way it came.
    pub(crate) fn line(&mut self, level: Level, text: &str) {
        // A tab is no harm, and stack traces are full of them.
        let text = clip(text.trim_end().replace('\t', "    "));
        if level == Level::Error {
            if self.last.len() == LAST_LINES {
                self.last.pop_front();
            }
            self.last.push_back(text.clone());
        }
        let has_room = self.lines.len() < MOST_LINES && self.bytes + text.len() <= MOST_BYTES;
        if has_room {
            self.bytes += text.len();
            self.lines.push(SaidLine { level, text });
        } else {
            self.left_out += 1;
        }
    }

    /// Bytes that were printed: lines end where they end.
    pub(crate) fn print(&mut self, stream: Stream, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let open = self.open_of(stream);
            let room = LONGEST_LINE.saturating_sub(open.len());
            open.extend(part.iter().take(room));
            if part.ends_with(b"\n") {
                self.close(stream);
            }
        }
    }

    /// What was said, without what the next call says.
    fn take(&mut self) -> (Vec<SaidLine>, u64) {
        for stream in [Stream::Output, Stream::Error] {
            if !self.open_of(stream).is_empty() {
                self.close(stream);
            }
        }
        self.bytes = 0;
        let left_out = std::mem::take(&mut self.left_out);
        (std::mem::take(&mut self.lines), left_out)
    }

    /// A call begins.
    pub(crate) fn begin(&mut self) {
        self.last.clear();
    }

    /// What the rule said when it failed, on one line; empty when it said
    /// nothing.
    pub(crate) fn last_words(&self) -> String {
        let is_beginning = |line: &String| BEGINNINGS.iter().any(|begin| line.starts_with(begin));
        let first = self.last.iter().rposition(is_beginning).unwrap_or(0);
        let lines = self.last.iter().skip(first).map(|line| line.trim());
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        lines.join("; ")
    }

    fn close(&mut self, stream: Stream) {
        let bytes = std::mem::take(self.open_of(stream));
        let level = match stream {
            Stream::Output => Level::Info,
            Stream::Error => Level::Error,
        };
        self.line(level, &String::from_utf8_lossy(&bytes));
    }

    fn open_of(&mut self, stream: Stream) -> &mut Vec<u8> {
        let [output, error] = &mut self.open;
        match stream {
            Stream::Output => output,
            Stream::Error => error,
        }
    }
}

/// How languages begin to say that they fail.
const BEGINNINGS: [&str; 4] = ["panic:", "fatal error:", "thread '", "Traceback "];

/// Tells what instances of a rule say.
#[derive(Clone, Default)]
pub(crate) struct Teller {
    listener: Option<Listener>,
    rule: Arc<OnceLock<String>>,
}

impl Teller {
    pub(crate) fn new(listener: Option<Listener>) -> Self {
        Self {
            listener,
            rule: Arc::default(),
        }
    }

    /// The rule has told its name.
    pub(crate) fn is_called(&self, rule: &str) {
        // It has one name: it is told once.
        let _ = self.rule.set(rule.to_owned());
    }

    /// Tells what was said in a call that has ended.
    pub(crate) fn tell(&self, saying: &mut Saying) {
        let (lines, left_out) = saying.take();
        if let Some(listener) = self.listener.as_ref().filter(|_| !lines.is_empty()) {
            listener(&Said {
                rule: self.rule.get().map_or("", String::as_str),
                lines: &lines,
                left_out,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(saying: &mut Saying) -> Vec<String> {
        let (lines, _) = saying.take();
        let lines = lines.iter();
        lines
            .map(|line| format!("{}: {}", line.level, line.text))
            .collect()
    }

    #[test]
    fn what_is_printed_becomes_lines() {
        let mut saying = Saying::default();
        saying.print(Stream::Output, b"one\ntw");
        saying.print(Stream::Error, b"oh\n");
        saying.print(Stream::Output, b"o\r\n\x1b[31mthree");
        let told = [
            "info: one",
            "error: oh",
            "info: two",
            "info: \\u{1b}[31mthree",
        ];
        assert_eq!(lines(&mut saying), told);
        assert!(lines(&mut saying).is_empty());
    }

    /// Scenario: a rule prints without an end, in lines and in one line.
    /// Guarantees: what is kept of it is bounded, and the rest is counted.
    #[test]
    fn what_is_kept_is_bounded() {
        let mut saying = Saying::default();
        for _ in 0..100_000 {
            saying.print(Stream::Output, b"again\n");
        }
        let (kept, left_out) = saying.take();
        assert_eq!((kept.len(), left_out), (MOST_LINES, 100_000 - 256));
        for _ in 0..1_000 {
            saying.print(Stream::Output, &[b'x'; 10_000]);
        }
        let (kept, _) = saying.take();
        assert_eq!(kept.len(), 1);
        assert!(kept.iter().all(|line| line.text.len() < LONGEST_LINE + 64));
        for _ in 0..1_000 {
            saying.line(Level::Debug, &"y".repeat(5_000));
        }
        let (kept, left_out) = saying.take();
        let bytes: usize = kept.iter().map(|line| line.text.len()).sum();
        assert!(bytes <= MOST_BYTES && left_out > 900);
    }

    #[test]
    fn last_words_are_those_of_the_failure() {
        let mut saying = Saying::default();
        assert_eq!(saying.last_words(), "");
        for number in 0..1_000 {
            saying.line(Level::Error, &format!("line {number}"));
        }
        saying.print(Stream::Error, b"panic: no id\n\n\t/rule.go:17\n");
        assert_eq!(saying.last_words(), "panic: no id; /rule.go:17");
        saying.begin();
        assert_eq!(saying.last_words(), "");
    }
}
