//! What a rule said while something was done with it.

use std::fmt;
use std::sync::Arc;

use linkmend::{Level, Listener, Said};
use parking_lot::Mutex;
use serde::Serialize;

/// How many different lines are kept; the others are counted.
const MOST_LINES: usize = 100;

/// Listens to a rule. Lines that it says again and again are kept once: it is
/// shown the same traces many times.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    lines: Vec<(Level, HeardLine)>,
    left_out: u64,
}

/// A line that a rule said. As JSON it has these keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeardLine {
    /// `info` for what it printed, `error` for what it printed to standard error.
    pub level: String,
    /// With nothing in it that a terminal would obey.
    pub text: String,
    /// How often it said so.
    pub times: u64,
}

/// What was heard. As JSON it has these keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// In the order in which each was said first.
    pub lines: Vec<HeardLine>,
    /// How many more there were.
    pub left_out: u64,
}

impl Heard {
    /// What a processor is given, to be heard.
    #[must_use]
    pub fn listener(&self) -> Listener {
        let kept = Arc::clone(&self.0);
        Arc::new(move |said| kept.lock().keep(said))
    }

    /// What was heard since it was last asked.
    #[must_use]
    pub fn take(&self) -> Lines {
        let Kept { lines, left_out } = std::mem::take(&mut *self.0.lock());
        Lines {
            lines: lines.into_iter().map(|(_, line)| line).collect(),
            left_out,
        }
    }
}

impl Kept {
    fn keep(&mut self, said: &Said<'_>) {
        self.left_out += said.left_out;
        for line in said.lines {
            let mut known = self.lines.iter_mut();
            let is_same = |(level, known): &&mut (Level, HeardLine)| {
                *level == line.level && known.text == line.text
            };
            if let Some((_, known)) = known.find(is_same) {
                known.times += 1;
            } else if self.lines.len() < MOST_LINES {
                let heard = HeardLine {
                    level: line.level.to_string(),
                    text: line.text.clone(),
                    times: 1,
                };
                self.lines.push((line.level, heard));
            } else {
                self.left_out += 1;
            }
        }
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Heard").finish_non_exhaustive()
    }
}
