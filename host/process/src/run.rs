//! The whole: inputs, two readings, outputs, summary.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use linkmend::{Asked, Counts, ProcessError, Processor, RuleFault};
use linkmend_advice::Producers;
use linkmend_files::{BatchReader, InputFault, Position, RawBatch};

use crate::input::{Counted, Found, Input, InputError, Source};
use crate::job::{Event, Job, JobError, Observer, Pass, WrittenFiles};
use crate::output::{Output, Outputs};
use crate::parallel::{Bounds, in_order};
use crate::summary::Summary;
use crate::work::{self, Done, Lost, Remembered};

/// How many bytes of input may be under way at a time, beside one batch a
/// thread: a few times as much memory is needed.
const BYTES_UNDER_WAY: usize = 32 << 20;

/// Does a job. An output appears under its name when it is complete, and the
/// inputs stay as they are unless they are to be replaced.
///
/// # Errors
///
/// When an output cannot be written, or when a rule fails whose policy is
/// [`linkmend::OnError::Reject`]. What cannot be read is no error: it is told
/// to `observer` and counted, and the rest is mended.
pub fn run(
    processor: &Processor,
    job: &Job,
    observer: &mut dyn Observer,
) -> Result<Summary, JobError> {
    let outputs = Outputs::open(&job.output, job.format, &job.inputs, job.threads);
    let mut running = Running {
        processor,
        job,
        interrupted: observer.interrupted(),
        observer,
        outputs: outputs.map_err(JobError::Setup)?,
        counts: Counts::default(),
        producers: Producers::default(),
        rejected: 0,
        dropped: 0,
        unmended: 0,
        not_found: job.explain.clone().unwrap_or_default(),
    };
    let mut sources = running.open()?;
    if processor.uses_index() {
        for (_, source) in &mut sources {
            running.remember(source)?;
        }
    }
    for (place, source) in &mut sources {
        running.mend(*place, source)?;
    }
    running.outputs.finish(running.rejected > 0)?;
    let summary = Summary::new(
        running.counts,
        &running.producers,
        running.rejected,
        running.dropped,
    );
    Ok(Summary {
        not_found: running.not_found,
        batches_unmended: running.unmended,
        ..summary
    })
}

struct Running<'a> {
    processor: &'a Processor,
    job: &'a Job,
    observer: &'a mut dyn Observer,
    interrupted: Arc<AtomicBool>,
    outputs: Outputs,
    counts: Counts,
    /// Of all inputs, as far as they were read to be remembered.
    producers: Producers,
    rejected: u64,
    dropped: u64,
    unmended: u64,
    /// What is to be explained and was not found yet.
    not_found: Asked,
}

impl Running<'_> {
    fn open(&mut self) -> Result<Vec<(usize, Source)>, JobError> {
        let mut sources = Vec::new();
        for (place, input) in self.job.inputs.iter().enumerate() {
            let source = self.source(input);
            self.check_interrupt()?;
            match source {
                Ok(source) => sources.push((place, source)),
                Err(error) => self.bad_input(input, &error),
            }
        }
        let sizes: Option<u64> = sources.iter().map(|(_, source)| source.size).sum();
        let readings = if self.processor.uses_index() { 2 } else { 1 };
        self.observer
            .event(Event::Begin(sizes.map(|size| size * readings)));
        Ok(sources)
    }

    fn source(&mut self, input: &Input) -> Result<Source, InputError> {
        let once = match Source::find(input, &self.interrupted)? {
            Found::Ready(source) => return Ok(source),
            Found::Once(once) => once,
        };
        if !self.processor.uses_index() {
            return Ok(Source::once(input, once));
        }
        self.observer.event(Event::Reading(Pass::Spool, input));
        let count = self.observer.counter();
        Source::spool(input, Counted::new(once, move |read| count(read)))
    }

    fn bad_input(&mut self, input: &Input, error: &InputError) {
        self.rejected += 1;
        self.observer.event(Event::BadInput(input, error));
    }

    fn reader(&mut self, source: &mut Source, reading: Pass) -> Result<BatchReader, InputError> {
        self.observer.event(Event::Reading(reading, &source.input));
        let count = self.observer.counter();
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
        let Ok(reader) = self.reader(source, Pass::Remember) else {
            return Ok(());
        };
        let processor = self.processor;
        let work = |part| work::remember(processor, part);
        in_order(reader, size, self.bounds(), work, |remembered| {
            self.check_interrupt()?;
            match remembered {
                Some(remembered) => self.take_remembered(&source.input, remembered),
                None => Ok(()),
            }
        })?;
        self.check_interrupt()
    }

    fn take_remembered(&mut self, input: &Input, remembered: Remembered) -> Result<(), JobError> {
        let position = remembered.position;
        self.producers += &remembered.producers;
        match remembered.result {
            Ok(remembered) => self.faults(input, position, &remembered.faults),
            Err(ProcessError::Rejected(fault)) => {
                return Err(self.gave_up(input, position, fault));
            }
            // Told in the second reading.
            Err(_) => {}
        }
        Ok(())
    }

    fn faults(&mut self, input: &Input, position: Position, faults: &[RuleFault]) {
        self.counts.rule_faults += faults.len() as u64;
        for fault in faults {
            self.observer
                .event(Event::RuleFault(input, position, fault));
        }
    }

    fn check_interrupt(&self) -> Result<(), JobError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(JobError::Interrupted(WrittenFiles(self.outputs.finished())));
        }
        Ok(())
    }

    fn mend(&mut self, place: usize, source: &mut Source) -> Result<(), JobError> {
        let reader = match self.reader(source, Pass::Mend) {
            Ok(reader) => reader,
            Err(error) => {
                self.bad_input(&source.input, &error);
                return Ok(());
            }
        };
        let only_input = self.job.inputs.len() == 1;
        let target = self.outputs.begin(place, reader.encoding(), only_input)?;
        let (processor, explain) = (self.processor, self.job.explain.as_ref());
        let rejected = self.rejected;
        let work = |part| work::mend(processor, explain, part, target);
        in_order(reader, size, self.bounds(), work, |done| {
            self.take(&source.input, done)
        })?;
        self.check_interrupt()?;
        let finished = self.outputs.end(self.rejected > rejected)?;
        if !finished && self.job.output == Output::InPlace {
            self.observer.event(Event::NotReplaced(&source.input));
        }
        Ok(())
    }

    /// Takes the next piece, in order.
    fn take(&mut self, input: &Input, done: Done) -> Result<(), JobError> {
        self.check_interrupt()?;
        for fault in &done.faults {
            self.rejected += 1;
            self.observer.event(Event::BadBatch(input, fault));
        }
        let mended = match done.result {
            Ok(None) => return Ok(()),
            Ok(Some(mended)) => mended,
            Err(Lost::Process(ProcessError::Rejected(fault))) => {
                return Err(self.gave_up(input, done.position, fault));
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
            self.observer
                .event(Event::RuleFault(input, done.position, fault));
        }
        for explanation in &mended.explanations {
            self.not_found.remove(explanation);
            self.observer
                .event(Event::Explained(input, done.position, explanation));
        }
        if self.job.show_mended
            && let Some(traces) = &mended.traces
        {
            self.observer.event(Event::Mended(input, traces));
        }
        match mended.piece {
            Some(piece) => {
                self.unmended += u64::from(!mended.faults.is_empty());
                self.outputs.write(&piece)?;
            }
            None => self.dropped += 1,
        }
        Ok(())
    }

    fn lost(&mut self, input: &Input, position: Position, error: &dyn std::error::Error) {
        self.rejected += 1;
        self.observer
            .event(Event::LostBatch(input, position, error));
    }

    fn gave_up(&self, input: &Input, position: Position, fault: RuleFault) -> JobError {
        JobError::Rejected {
            input: input.to_string(),
            position,
            fault,
            written: WrittenFiles(self.outputs.finished()),
        }
    }
}

fn size(part: &Result<RawBatch, InputFault>) -> usize {
    part.as_ref().map_or(0, RawBatch::len)
}
