//! `linkmend process`.

use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::{Context, bail};
use linkmend::index::{IndexOptions, MemoryIndex, MessageIndex, SharedIndex, SharedStore};
use linkmend::{Asked, Processor};
use linkmend_files::{AtomicFile, ReadOptions};
use linkmend_process::{Event, Input, Job, JobError, Observer, Output, Summary};
use linkmend_redis::Store;

use crate::args::{Policy, ProcessArguments};
use crate::error::whole;
use crate::exit::Exit;
use crate::progress::Watcher;
use crate::rules::Rules;
use crate::terminal::tell;
use crate::{report, said, shared};

/// Runs the command.
pub fn run(arguments: &ProcessArguments) -> Exit {
    match prepare(arguments) {
        Ok(prepared) => prepared.run(arguments),
        Err(error) => {
            tell(format_args!("{error:#}"));
            Exit::Usage
        }
    }
}

/// Mends, writes nothing, and shows each batch that was mended. Says what was done, and
/// how that ends.
pub fn look(
    arguments: &ProcessArguments,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(Summary, Exit), Exit> {
    let mut prepared = prepare(arguments).map_err(|error| {
        tell(format_args!("{error:#}"));
        Exit::Usage
    })?;
    prepared.job.show_mended = true;
    let mut looking = Looking {
        watcher: &mut prepared.watcher,
        take,
    };
    let result = linkmend_process::run(&prepared.processor, &prepared.job, &mut looking);
    // Nothing is explained, so nothing can fail to be written.
    let _ = prepared.watcher.finish();
    let summary = result.map_err(|error| failed(&error))?;
    prepared.warn(&summary);
    let exit = exit(&summary, arguments.on_error);
    Ok((summary, exit))
}

/// Watches a job, and takes what was mended.
struct Looking<'a> {
    watcher: &'a mut Watcher,
    take: &'a mut dyn FnMut(&[u8]),
}

impl Observer for Looking<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Mended(_, traces) => (self.take)(traces),
            event => self.watcher.event(event),
        }
    }

    fn counter(&self) -> Arc<dyn Fn(u64) + Send + Sync> {
        self.watcher.counter()
    }

    fn interrupted(&self) -> Arc<AtomicBool> {
        self.watcher.interrupted()
    }
}

struct Prepared {
    processor: Processor,
    index: Arc<MemoryIndex>,
    shared: Option<Arc<Store>>,
    job: Job,
    watcher: Watcher,
    summary: Option<AtomicFile>,
}

/// All that can be wrong before the first input is read.
fn prepare(arguments: &ProcessArguments) -> anyhow::Result<Prepared> {
    let job = job(arguments)?;
    let summary = arguments
        .summary
        .as_deref()
        .map(AtomicFile::create)
        .transpose()
        .map_err(whole)?;
    let index = Arc::new(MemoryIndex::new(IndexOptions {
        max_entries: arguments.max_index_entries,
        // The times in a file are past: age says nothing there.
        time_to_live: None,
    }));
    let shared = shared::connected(arguments)?;
    let all: Arc<dyn MessageIndex> = match &shared {
        Some(store) => {
            let store: Arc<dyn SharedStore> = Arc::<Store>::clone(store);
            Arc::new(SharedIndex::new(Arc::clone(&index), store))
        }
        None => Arc::<MemoryIndex>::clone(&index),
    };
    let mut builder = Processor::builder()
        .index(all)
        .compiler(arguments.compiling.compiler()?);
    if let Some(cache) = arguments.compiling.code_cache(|why| tell(why)) {
        builder = builder.code_cache(cache);
    }
    if job.explain.is_some() {
        builder = builder.listener(said::listener());
    }
    let rules = Rules::new(arguments)?;
    for rule in rules.build(arguments) {
        builder = builder.rule(rule);
    }
    let processor = builder.build().map_err(|error| rules.whole(&error))?;
    let mut watcher = Watcher::new(arguments.quiet).context("cannot watch for signals")?;
    if job.explain.is_some() {
        // Rules are named where it could be another.
        watcher.explain_to_stdout(arguments.rules.len() > 1, job.output == Output::Nowhere);
    }
    Ok(Prepared {
        processor,
        index,
        shared,
        job,
        watcher,
        summary,
    })
}

fn job(arguments: &ProcessArguments) -> anyhow::Result<Job> {
    let inputs: Vec<Input> = arguments.inputs.iter().map(|path| input(path)).collect();
    if inputs
        .iter()
        .filter(|input| **input == Input::Stdin)
        .count()
        > 1
    {
        bail!("standard input (`-`) can be read only once");
    }
    let mut options = ReadOptions::default();
    options.max_batch_bytes = arguments.max_batch_bytes;
    let threads = arguments
        .threads
        .and_then(|threads| NonZeroUsize::new(threads.into()))
        .or_else(|| std::thread::available_parallelism().ok());
    Ok(Job {
        inputs,
        output: output(arguments)?,
        format: arguments.format,
        options,
        threads: threads.unwrap_or(NonZeroUsize::MIN),
        explain: asked(arguments)?,
        show_mended: false,
    })
}

fn input(path: &Path) -> Input {
    if path == Path::new("-") {
        Input::Stdin
    } else {
        Input::File(path.to_owned())
    }
}

fn asked(arguments: &ProcessArguments) -> anyhow::Result<Option<Asked>> {
    if arguments.explain.is_empty() {
        return Ok(None);
    }
    let mut asked = Asked::default();
    for what in &arguments.explain {
        asked.add(what).context("--explain")?;
    }
    Ok(Some(asked))
}

fn output(arguments: &ProcessArguments) -> anyhow::Result<Output> {
    let explains = !arguments.explain.is_empty();
    if arguments.in_place {
        return Ok(Output::InPlace);
    }
    let Some(path) = &arguments.output else {
        return Ok(if arguments.dry_run || explains {
            Output::Nowhere
        } else {
            Output::Stdout
        });
    };
    if path == Path::new("-") {
        if explains {
            bail!("--explain writes to standard output, and so does -o -; give a file with -o");
        }
        return Ok(Output::Stdout);
    }
    if path.is_dir() {
        return Ok(Output::Directory(path.clone()));
    }
    if path.as_os_str().to_string_lossy().ends_with('/') {
        std::fs::create_dir_all(path)
            .with_context(|| format!("cannot make the directory {}", path.display()))?;
        return Ok(Output::Directory(path.clone()));
    }
    Ok(Output::File(path.clone()))
}

impl Prepared {
    fn run(mut self, arguments: &ProcessArguments) -> Exit {
        let started = Instant::now();
        let result = linkmend_process::run(&self.processor, &self.job, &mut self.watcher);
        let explained = self.watcher.finish();
        let summary = match (result, &explained) {
            (Ok(summary), _) => summary,
            (Err(JobError::Interrupted(_)), Err(error)) => return unwritten(error),
            (Err(error), _) => return failed(&error),
        };
        self.warn(&summary);
        if !arguments.quiet {
            let _ =
                io::stderr().write_all(report::readable(&summary, started.elapsed()).as_bytes());
        }
        if let Err(error) = self.write_summary(&summary) {
            tell(format_args!("{error:#}"));
            return Exit::Incomplete;
        }
        let fault = self.shared.as_deref().and_then(shared::end);
        if let Some(fault) = &fault {
            tell(fault);
        }
        match explained {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => unwritten(&error),
            _ => match exit(&summary, arguments.on_error) {
                Exit::Done if fault.is_some() => Exit::Incomplete,
                exit => exit,
            },
        }
    }

    fn write_summary(&mut self, summary: &Summary) -> anyhow::Result<()> {
        let Some(mut file) = self.summary.take() else {
            return Ok(());
        };
        serde_json::to_writer_pretty(&mut file, summary).context("cannot write the summary")?;
        file.finish().map_err(whole)
    }

    fn warn(&self, summary: &Summary) {
        let stats = self.index.stats();
        if stats.evicted > 0 {
            tell(format_args!(
                "{} producers did not fit into the index and were forgotten, oldest first: links may be missing; \
                 raise --max-index-entries (now {})",
                stats.evicted,
                self.index.options().max_entries
            ));
        }
        for id in summary.not_found.span_ids() {
            tell(format_args!("no span with the id {id} in the inputs"));
        }
        for id in summary.not_found.trace_ids() {
            tell(format_args!("no span of the trace {id} in the inputs"));
        }
        let has_output = !matches!(self.job.output, Output::Nowhere | Output::InPlace);
        if has_output && summary.rejected_inputs > 0 && summary.counts.batches == 0 {
            tell("nothing could be read, so nothing was written");
        }
    }
}

fn exit(summary: &Summary, policy: Policy) -> Exit {
    let failed = summary.counts.rule_faults > 0;
    if failed && policy != Policy::Pass {
        Exit::Rule
    } else if summary.rejected_inputs > 0 || summary.not_found.has_ids() {
        Exit::Incomplete
    } else if failed {
        Exit::Unmended
    } else {
        Exit::Done
    }
}

/// The explanations cannot be written.
fn unwritten(error: &io::Error) -> Exit {
    // Who reads them has what they want.
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Done;
    }
    tell(format_args!("cannot write the explanations: {error}"));
    Exit::Incomplete
}

fn failed(error: &JobError) -> Exit {
    match error {
        // Who reads the output has what it wants.
        JobError::Output(error) if error.is_broken_pipe() => return Exit::Done,
        _ => tell(error),
    }
    match error {
        JobError::Rejected { .. } => Exit::Rule,
        JobError::Setup(_) => Exit::Usage,
        JobError::Interrupted(_) => Exit::Interrupted,
        _ => Exit::Incomplete,
    }
}
