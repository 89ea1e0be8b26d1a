//! What is to be done, who watches it, and how it can end.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use linkmend::{Asked, Explanation, RuleFault};
use linkmend_files::{Format, InputFault, Position, ReadOptions};

use crate::input::{Input, InputError};
use crate::output::{Output, OutputError};

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is read.
    pub inputs: Vec<Input>,
    /// Where it goes.
    pub output: Output,
    /// In which format. `None`: that of the input, or of the first one when
    /// several go to one output.
    pub format: Option<Format>,
    /// How the inputs are read.
    pub options: ReadOptions,
    /// How many threads work on it.
    pub threads: NonZeroUsize,
    /// The spans that are to be explained, if any.
    pub explain: Option<Asked>,
    /// Whether batches are shown as they are when they were mended
    /// ([`Event::Mended`]).
    pub show_mended: bool,
}

/// Which pass over the inputs it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Before the first, of what can be read only once: it is spooled.
    Spool,
    /// The first: who produced what.
    Remember,
    /// The second, or the only one.
    Mend,
}

/// What happens while a job goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// So many bytes are to be read, all passes together; `None`: not known.
    Begin(Option<u64>),
    /// An input is read now.
    Reading(Pass, &'a Input),
    /// An input cannot be read at all.
    BadInput(&'a Input, &'a InputError),
    /// A part of an input cannot be read.
    BadBatch(&'a Input, &'a InputFault),
    /// A batch cannot be mended and is left out.
    LostBatch(&'a Input, Position, &'a dyn std::error::Error),
    /// An input is not replaced by what becomes of it, because something of it
    /// could not be read and would be lost.
    NotReplaced(&'a Input),
    /// A rule failed on a batch.
    RuleFault(&'a Input, Position, &'a RuleFault),
    /// A batch that was mended, as OTLP protobuf. In the order of the inputs.
    Mended(&'a Input, &'a [u8]),
    /// A span that is to be explained, and the place of its batch. In the order
    /// of the inputs.
    Explained(&'a Input, Position, &'a Explanation),
}

/// A job was given up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// It was asked for an output that cannot be; nothing was begun.
    #[error(transparent)]
    Setup(OutputError),
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Somebody wants it to end.
    #[error("interrupted; {0}")]
    Interrupted(WrittenFiles),
    /// A rule failed, and its policy is to reject.
    #[error("{input}: {position}: {fault}; {written}")]
    Rejected {
        /// Where the batch came from.
        input: String,
        /// Where in it.
        position: Position,
        /// Which rule, and why.
        fault: RuleFault,
        /// What was written before.
        written: WrittenFiles,
    },
}

/// How many files were complete, and have their names, when a job was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenFiles(pub usize);

impl fmt::Display for WrittenFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("nothing was written"),
            1 => f.write_str("one file was complete and is written, the others are not"),
            files => write!(
                f,
                "{files} files were complete and are written, the others are not"
            ),
        }
    }
}

/// Who watches a job.
pub trait Observer {
    /// Something happened. On the thread that called [`crate::run`].
    fn event(&mut self, event: Event<'_>);

    /// What counts the bytes that are read, from another thread.
    fn counter(&self) -> Arc<dyn Fn(u64) + Send + Sync>;

    /// Becomes true when the job is to end, without what is not complete by
    /// then.
    fn interrupted(&self) -> Arc<AtomicBool>;
}
