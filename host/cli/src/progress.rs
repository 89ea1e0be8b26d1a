//! Watching a job: a bar on a terminal, and a line for everything that goes
//! wrong.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use linkmend::{Explanation, plain};
use linkmend_files::Position;
use linkmend_process::{Event, Input, Observer, Pass};

use crate::explain::Explanations;
use crate::terminal::tell;

/// So many lines are written for one input: a file of another kind may be wrong
/// a million times.
const MOST_LINES: u64 = 20;

/// Watches a job on standard error.
pub struct Watcher {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
    lines: HashMap<String, u64>,
    explanations: Option<Explanations>,
}

impl Watcher {
    /// With a bar, when standard error is a terminal.
    pub fn new(quiet: bool) -> std::io::Result<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in ends() {
            // The second time it ends at once.
            signal_hook::flag::register_conditional_shutdown(
                signal,
                130,
                Arc::clone(&interrupted),
            )?;
            signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
        }
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        // Nothing is shown before there is something to show.
        let bar = ProgressBar::with_draw_target(None, target).with_style(
            ProgressStyle::with_template("{msg}").unwrap_or(ProgressStyle::default_bar()),
        );
        Ok(Self {
            bar,
            interrupted,
            lines: HashMap::new(),
            explanations: None,
        })
    }

    /// Writes explanations of spans to standard output, with the names of the
    /// rules if that is wanted. `alone`: the job is done for these only.
    pub fn explain_to_stdout(&mut self, named: bool, alone: bool) {
        self.explanations = Some(Explanations::to_stdout(named, alone));
    }

    /// Takes the bar away, and tells of what was not told.
    ///
    /// # Errors
    ///
    /// When the explanations could not be written.
    pub fn finish(&mut self) -> std::io::Result<()> {
        self.bar.finish_and_clear();
        for (input, lines) in &self.lines {
            if *lines > MOST_LINES {
                tell(format_args!(
                    "{input}: and {} more faults",
                    lines - MOST_LINES
                ));
            }
        }
        self.explanations
            .take()
            .map_or(Ok(()), Explanations::finish)
    }

    /// When nobody reads the explanations any more, and nothing else is wanted,
    /// the job is to end.
    fn explain(&mut self, input: &Input, position: Position, explanation: &Explanation) {
        let Some(explanations) = &mut self.explanations else {
            return;
        };
        self.bar
            .suspend(|| explanations.write(input, position, explanation));
        if explanations.is_pointless() {
            self.interrupted.store(true, Ordering::Relaxed);
        }
    }

    fn reading(&self, reading: Pass, input: &Input) {
        let what = match reading {
            Pass::Spool => {
                spin(&self.bar);
                "spooling"
            }
            Pass::Remember => "reading",
            Pass::Mend => "mending",
        };
        self.bar
            .set_message(format!("{what} {}", plain(&input.to_string())));
    }

    fn tell(&mut self, input: &Input, text: impl Display) {
        // A line end in its name would make a line of our own of the rest.
        let input = plain(&input.to_string()).into_owned();
        let lines = self.lines.entry(input.clone()).or_default();
        *lines += 1;
        if *lines <= MOST_LINES {
            self.bar.suspend(|| tell(format_args!("{input}: {text}")));
        }
    }
}

impl Observer for Watcher {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Begin(bytes) => begin(&self.bar, bytes),
            Event::Reading(reading, input) => self.reading(reading, input),
            Event::BadInput(input, error) => self.tell(input, error),
            Event::BadBatch(input, fault) => self.tell(input, fault),
            Event::LostBatch(input, position, error) => self.tell(input, format_args!("{position}: {error}")),
            Event::RuleFault(input, position, fault) => self.tell(input, format_args!("{position}: {fault}")),
            Event::Explained(input, position, explanation) => {
                self.explain(input, position, explanation);
            }
            Event::NotReplaced(input) => self.tell(
                input,
                "left as it was: some of it could not be read and would be lost; write the rest elsewhere with -o",
            ),
            _ => {}
        }
    }

    fn counter(&self) -> Arc<dyn Fn(u64) + Send + Sync> {
        let bar = self.bar.clone();
        Arc::new(move |bytes| bar.inc(bytes))
    }

    fn interrupted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupted)
    }
}

/// The signals that end a job. Who started it with `nohup` wants it to outlive
/// the terminal, and had SIGHUP ignored.
fn ends() -> Vec<i32> {
    let mut signals = vec![signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];
    #[cfg(unix)]
    if !is_ignored(signal_hook::consts::SIGHUP) {
        signals.push(signal_hook::consts::SIGHUP);
    }
    signals
}

/// Whether a signal was ignored when the program began; where the system does
/// not say, it was not.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

fn begin(bar: &ProgressBar, bytes: Option<u64>) {
    // What was spooled is read from there again.
    bar.set_position(0);
    let Some(bytes) = bytes else {
        return spin(bar);
    };
    bar.set_length(bytes);
    show(
        bar,
        "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}\n{msg}",
    );
}

/// For as long as nobody knows how much there is.
fn spin(bar: &ProgressBar) {
    show(bar, "{spinner} {bytes} {bytes_per_sec} {msg}");
}

fn show(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
}
