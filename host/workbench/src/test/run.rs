//! A case run as `linkmend process` does it: two readings, in the sandbox.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use linkmend::{FaultReason, Processor};
use linkmend_files::{Format, ReadOptions};
use linkmend_process::{Event, Input, Job, Observer, Output};

/// Mends a file.
///
/// # Errors
///
/// All that went wrong: a rule that failed, what could not be read or written.
pub(crate) fn mend(
    processor: &Processor,
    before: &Path,
    output: &Path,
    format: Option<Format>,
) -> Result<(), Vec<String>> {
    let job = Job {
        inputs: vec![Input::File(before.to_owned())],
        output: Output::File(output.to_owned()),
        format,
        options: ReadOptions::default(),
        // Cases are small; and a batch that fails does not depend on others.
        threads: NonZeroUsize::MIN,
        explain: None,
        show_mended: false,
    };
    let mut watch = Faults::default();
    let result = linkmend_process::run(processor, &job, &mut watch);
    if let Err(error) = result {
        watch.0.push(error.to_string());
    }
    // Both readings may fail in the same way.
    watch.0.dedup();
    if watch.0.is_empty() {
        Ok(())
    } else {
        Err(watch.0)
    }
}

#[derive(Default)]
struct Faults(Vec<String>);

impl Observer for Faults {
    fn event(&mut self, event: Event<'_>) {
        let text = match event {
            Event::BadInput(input, error) => format!("{input}: {error}"),
            Event::BadBatch(input, fault) => format!("{input}: {fault}"),
            Event::LostBatch(input, position, error) => format!("{input}: {position}: {error}"),
            // Why it failed was told the first time.
            Event::RuleFault(_, _, fault) if matches!(fault.reason, FaultReason::Again { .. }) => {
                return;
            }
            Event::RuleFault(input, position, fault) => format!("{input}: {position}: {fault}"),
            _ => return,
        };
        self.0.push(text);
    }

    fn counter(&self) -> Arc<dyn Fn(u64) + Send + Sync> {
        Arc::new(|_| ())
    }

    fn interrupted(&self) -> Arc<AtomicBool> {
        Arc::default()
    }
}
