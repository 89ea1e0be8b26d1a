//! The whole: inputs, two readings, outputs, summary.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use linkmend::{Counts, ProcessError, Processor, RuleFault};
use linkmend_files::{
    Batch, BatchReader, Format, InputFault, Piece, Position, RawBatch, ReadOptions, RenderError,
    Target,
};

use crate::input::{Counted, Input, InputError, Source};
use crate::output::{Output, OutputError, Outputs};
use crate::parallel::{Bounds, in_order};
use crate::summary::Summary;

/// How many bytes of input may be under way at a time, beside one batch a
/// thread: a few times as much memory is needed.
const BYTES_UNDER_WAY: usize = 32 << 20;

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
}

/// Which reading it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The first: who produced what.
    Remember,
    /// The second, or the only one.
    Mend,
}

/// What happens while a job goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// So many bytes are to be read, all readings together; `None`: not known.
    Begin(Option<u64>),
    /// An input is read now.
    Reading(Reading, &'a Input),
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
}

/// A job was given up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Somebody wants it to end.
    #[error("interrupted; nothing was written")]
    Interrupted,
    /// A rule failed, and its policy is to reject.
    #[error("{input}: {position}: {fault}; nothing was written")]
    Rejected {
        /// Where the batch came from.
        input: String,
        /// Where in it.
        position: Position,
        /// Which rule, and why.
        fault: RuleFault,
    },
}

/// Who watches a job.
pub trait Watch {
    /// Something happened. On the thread that called [`run`].
    fn event(&mut self, event: Event<'_>);

    /// What counts the bytes that are read, from another thread.
    fn counter(&self) -> Arc<dyn Fn(u64) + Send + Sync>;

    /// The job is to end, without outputs. Asked for every batch.
    fn is_interrupted(&self) -> bool;
}

/// Does a job. The outputs appear when all is done; the inputs stay as they
/// are.
///
/// # Errors
///
/// When an output cannot be written, or when a rule fails whose policy is
/// [`linkmend::OnError::Reject`]. What cannot be read is no error: it is told
/// to `watch` and counted, and the rest is mended.
pub fn run(processor: &Processor, job: &Job, watch: &mut dyn Watch) -> Result<Summary, JobError> {
    let mut running = Running {
        processor,
        job,
        watch,
        outputs: Outputs::open(&job.output, job.format, &job.inputs)?,
        counts: Counts::default(),
        rejected: 0,
        dropped: 0,
    };
    let mut sources = running.open();
    if processor.uses_index() {
        for (_, source) in &mut sources {
            running.remember(source)?;
        }
    }
    for (place, source) in &mut sources {
        running.mend(*place, source)?;
    }
    // Nothing could be read: an empty file would look like a result.
    if !sources.is_empty() {
        running.outputs.finish()?;
    }
    Ok(Summary::new(
        running.counts,
        running.rejected,
        running.dropped,
    ))
}

struct Running<'a> {
    processor: &'a Processor,
    job: &'a Job,
    watch: &'a mut dyn Watch,
    outputs: Outputs,
    counts: Counts,
    rejected: u64,
    dropped: u64,
}

/// What became of one piece of an input.
struct Done {
    position: Position,
    /// Parts that could not be read.
    faults: Vec<InputFault>,
    result: Result<Option<Mended>, Lost>,
}

struct Mended {
    piece: Option<Piece>,
    counts: Counts,
    faults: Vec<RuleFault>,
}

enum Lost {
    Process(ProcessError),
    Render(RenderError),
}

impl Running<'_> {
    fn open(&mut self) -> Vec<(usize, Source)> {
        let twice = self.processor.uses_index();
        let mut sources = Vec::new();
        for (place, input) in self.job.inputs.iter().enumerate() {
            match Source::open(input, twice) {
                Ok(source) => sources.push((place, source)),
                Err(error) => self.bad_input(input, &error),
            }
        }
        let sizes: Option<u64> = sources.iter().map(|(_, source)| source.size).sum();
        let readings = if twice { 2 } else { 1 };
        self.watch
            .event(Event::Begin(sizes.map(|size| size * readings)));
        sources
    }

    fn bad_input(&mut self, input: &Input, error: &InputError) {
        self.rejected += 1;
        self.watch.event(Event::BadInput(input, error));
    }

    fn reader(&mut self, source: &mut Source, reading: Reading) -> Result<BatchReader, InputError> {
        self.watch.event(Event::Reading(reading, &source.input));
        let count = self.watch.counter();
        let counted = Counted::new(source.read()?, move |read| count(read));
        BatchReader::open(counted, self.job.options).map_err(InputError::Open)
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            threads: self.job.threads,
            items: self.job.threads.get() * 4,
            bytes: BYTES_UNDER_WAY,
        }
    }

    /// What is wrong with an input is told in the second reading.
    fn remember(&mut self, source: &mut Source) -> Result<(), JobError> {
        let Ok(reader) = self.reader(source, Reading::Remember) else {
            return Ok(());
        };
        let processor = self.processor;
        let work = |part: Result<RawBatch, InputFault>| {
            let raw = part.ok()?;
            let position = raw.position();
            let batch = raw.decode().batch?;
            Some((position, processor.remember(batch.traces().clone())))
        };
        in_order(reader, size, self.bounds(), work, |remembered| {
            self.check_interrupt()?;
            match remembered {
                Some((position, remembered)) => {
                    self.take_remembered(&source.input, position, remembered)
                }
                None => Ok(()),
            }
        })
    }

    fn take_remembered(
        &mut self,
        input: &Input,
        position: Position,
        remembered: Result<linkmend::Mended, ProcessError>,
    ) -> Result<(), JobError> {
        match remembered {
            Ok(remembered) => self.faults(input, position, &remembered.faults),
            Err(ProcessError::Rejected(fault)) => return Err(rejected(input, position, fault)),
            // Told in the second reading.
            Err(_) => {}
        }
        Ok(())
    }

    fn faults(&mut self, input: &Input, position: Position, faults: &[RuleFault]) {
        self.counts.rule_faults += faults.len() as u64;
        for fault in faults {
            self.watch.event(Event::RuleFault(input, position, fault));
        }
    }

    fn check_interrupt(&self) -> Result<(), JobError> {
        if self.watch.is_interrupted() {
            return Err(JobError::Interrupted);
        }
        Ok(())
    }

    fn mend(&mut self, place: usize, source: &mut Source) -> Result<(), JobError> {
        let reader = match self.reader(source, Reading::Mend) {
            Ok(reader) => reader,
            Err(error) => {
                self.bad_input(&source.input, &error);
                return Ok(());
            }
        };
        let only_input = self.job.inputs.len() == 1;
        let target = self.outputs.begin(place, reader.encoding(), only_input)?;
        let processor = self.processor;
        let rejected = self.rejected;
        let work = |part| mend(processor, part, target);
        in_order(reader, size, self.bounds(), work, |done| {
            self.take(&source.input, done)
        })?;
        if self.rejected > rejected && self.outputs.abandon() {
            self.watch.event(Event::NotReplaced(&source.input));
        }
        Ok(self.outputs.end()?)
    }

    /// Takes the next piece, in order.
    fn take(&mut self, input: &Input, done: Done) -> Result<(), JobError> {
        self.check_interrupt()?;
        for fault in &done.faults {
            self.rejected += 1;
            self.watch.event(Event::BadBatch(input, fault));
        }
        let mended = match done.result {
            Ok(None) => return Ok(()),
            Ok(Some(mended)) => mended,
            Err(Lost::Process(ProcessError::Rejected(fault))) => {
                return Err(rejected(input, done.position, fault));
            }
            Err(Lost::Process(error)) => {
                self.lost(input, done.position, &error);
                return Ok(());
            }
            Err(Lost::Render(error)) => {
                self.lost(input, done.position, &error);
                return Ok(());
            }
        };
        self.counts += &mended.counts;
        for fault in &mended.faults {
            self.watch
                .event(Event::RuleFault(input, done.position, fault));
        }
        match mended.piece {
            Some(piece) => self.outputs.write(&piece)?,
            None => self.dropped += 1,
        }
        Ok(())
    }

    fn lost(&mut self, input: &Input, position: Position, error: &dyn std::error::Error) {
        self.rejected += 1;
        self.watch.event(Event::LostBatch(input, position, error));
    }
}

fn rejected(input: &Input, position: Position, fault: RuleFault) -> JobError {
    JobError::Rejected {
        input: input.to_string(),
        position,
        fault,
    }
}

fn size(part: &Result<RawBatch, InputFault>) -> usize {
    part.as_ref().map_or(0, RawBatch::len)
}

/// All that takes time, on any thread.
fn mend(processor: &Processor, part: Result<RawBatch, InputFault>, target: Target) -> Done {
    let raw = match part {
        Ok(raw) => raw,
        Err(fault) => {
            return Done {
                position: fault.position,
                faults: vec![fault],
                result: Ok(None),
            };
        }
    };
    let position = raw.position();
    let decoded = raw.decode();
    Done {
        position,
        faults: decoded.faults,
        result: decoded
            .batch
            .map(|batch| mend_batch(processor, &batch, target))
            .transpose(),
    }
}

fn mend_batch(processor: &Processor, batch: &Batch, target: Target) -> Result<Mended, Lost> {
    // Blank lines and the like: text on its way, and no batch.
    if batch.traces().is_empty() {
        let piece = batch.render(&Bytes::new(), target).map_err(Lost::Render)?;
        return Ok(Mended {
            piece: Some(piece),
            counts: Counts::default(),
            faults: Vec::new(),
        });
    }
    let mended = processor
        .mend(batch.traces().clone())
        .map_err(Lost::Process)?;
    let piece = match &mended.traces {
        Some(traces) => Some(batch.render(traces, target).map_err(Lost::Render)?),
        None => None,
    };
    Ok(Mended {
        piece,
        counts: mended.counts,
        faults: mended.faults,
    })
}
