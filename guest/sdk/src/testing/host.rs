//! The host, in a test.

use std::fmt;

use linkmend_wire::{Scan, Selector, subset};

use super::apply::{Subject, apply};
use super::check;
use super::fault::Fault;
use super::mended::{Mended, span_number};
use crate::{BatchRule, MAX_LINKS, MemoryIndex, Plan, Span, Tasks, Traces, Verdict};

/// Runs a rule, and holds it to what linkmend demands of rules.
///
/// The message index is that of the test host: what one batch brings is known
/// to those after it.
pub struct TestHost<R> {
    rule: R,
    plan: Plan,
    selector: Selector,
    index: MemoryIndex,
    max_links: usize,
}

impl<R> fmt::Debug for TestHost<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A rule need not be `Debug`.
        f.debug_struct("TestHost").finish_non_exhaustive()
    }
}

impl<R: BatchRule> TestHost<R> {
    /// A host of the rule with this configuration, a JSON object.
    ///
    /// # Panics
    ///
    /// When the host would not load the rule, or the rule refuses its
    /// configuration.
    #[must_use]
    #[track_caller]
    pub fn new(config: &str) -> Self {
        match Self::try_new(config) {
            Ok(host) => host,
            Err(error) => panic!("the rule cannot be loaded: {error}"),
        }
    }

    /// As [`TestHost::new`], for tests of what a rule refuses.
    ///
    /// # Errors
    ///
    /// The error of the rule, or what the host would say of it.
    pub fn try_new(config: &str) -> Result<Self, String> {
        let load = |fault: Fault| fault.to_string();
        check::about(&R::describe()).map_err(load)?;
        let (rule, plan) = R::configure(config)?;
        let selector = check::selector(&plan).map_err(load)?;
        Ok(Self {
            rule,
            plan,
            selector,
            index: MemoryIndex::new(),
            max_links: MAX_LINKS,
        })
    }

    /// With another `limits.max_links`.
    #[must_use]
    pub fn with_max_links(mut self, max_links: usize) -> Self {
        self.max_links = max_links;
        self
    }

    /// Mends a batch whose data comes once: what it produces is remembered, and
    /// then its links are mended. The rule runs again over what came of it, and
    /// must change nothing then.
    ///
    /// # Panics
    ///
    /// When the host would call it a fault of the rule, or the second run
    /// changes something.
    #[track_caller]
    pub fn mend(&mut self, batch: &[u8]) -> Mended {
        self.must(Tasks::REMEMBER | Tasks::MEND, batch)
    }

    /// Mends batches of data that can be read twice, as files are: all that
    /// they produce is remembered before the first one is mended.
    ///
    /// # Panics
    ///
    /// As [`TestHost::mend`].
    #[track_caller]
    pub fn mend_files<B: AsRef<[u8]>>(&mut self, batches: &[B]) -> Vec<Mended> {
        if self.plan.uses_index {
            for batch in batches {
                self.must(Tasks::REMEMBER, batch.as_ref());
            }
        }
        let batches = batches.iter();
        batches
            .map(|batch| self.must(Tasks::MEND, batch.as_ref()))
            .collect()
    }

    /// Mends a batch where spans can be kept back: see [`Mended::deferred`].
    /// What is kept back is left in the batch.
    ///
    /// # Panics
    ///
    /// As [`TestHost::mend`].
    #[track_caller]
    pub fn mend_or_defer(&mut self, batch: &[u8]) -> Mended {
        self.must(Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER, batch)
    }

    /// Mends spans that were kept back until their time was up.
    ///
    /// # Panics
    ///
    /// As [`TestHost::mend`].
    #[track_caller]
    pub fn mend_deferred(&mut self, batch: &[u8]) -> Mended {
        self.must(Tasks::MEND, batch)
    }

    /// As [`TestHost::mend`], with what the rule says of the spans:
    /// [`Mended::explanation`].
    ///
    /// # Panics
    ///
    /// As [`TestHost::mend`].
    #[track_caller]
    pub fn explain(&mut self, batch: &[u8]) -> Mended {
        self.must(Tasks::REMEMBER | Tasks::MEND | Tasks::EXPLAIN, batch)
    }

    /// One call of the rule, for tests of what a host refuses.
    ///
    /// # Errors
    ///
    /// What the host would call a fault of the rule.
    pub fn try_call(&mut self, tasks: Tasks, batch: &[u8]) -> Result<Mended, Fault> {
        let mut scan = Scan::new();
        scan.run(batch, &self.selector)
            .map_err(|error| Fault::new(format!("not a well-formed OTLP batch: {error}")))?;
        if scan.selected().is_empty() {
            return Ok(report(batch.to_vec(), &[], &Verdict::empty()));
        }
        let mut selected = Vec::new();
        subset(batch, &scan, &mut selected);
        let verdict = self
            .rule
            .process(tasks, &selected, &mut self.index)
            .map_err(Fault::new)?;
        check::verdict(&verdict, tasks, scan.selected().len())?;
        let traces = apply(&Subject {
            batch,
            scan: &scan,
            verdict: &verdict,
            max_links: self.max_links,
            count_all_drops: self.plan.count_all_drops,
        })?;
        let spans: Vec<Span<'_>> = Traces::new(&selected).spans().collect();
        Ok(report(traces, &spans, &verdict))
    }

    #[track_caller]
    fn must(&mut self, tasks: Tasks, batch: &[u8]) -> Mended {
        let mended = self.call(tasks, batch);
        if tasks.contains(Tasks::MEND) {
            let again = self.call(tasks, &mended.traces);
            assert!(
                again.traces == mended.traces,
                "{}",
                difference(&mended, &again)
            );
        }
        mended
    }

    #[track_caller]
    fn call(&mut self, tasks: Tasks, batch: &[u8]) -> Mended {
        match self.try_call(tasks, batch) {
            Ok(mended) => mended,
            Err(fault) => panic!("a fault of the rule: {fault}"),
        }
    }
}

/// Says which span a second run changes.
fn difference(once: &Mended, twice: &Mended) -> String {
    let mut pairs = Traces::new(&once.traces)
        .spans()
        .zip(Traces::new(&twice.traces).spans());
    let changed = pairs.find(|(one, other)| one.bytes() != other.bytes());
    let number = changed.map_or(0, |(span, _)| span_number(&span));
    format!(
        "the rule changes its own output: after the first run span {number} has the links {:?}, after the second {:?}",
        once.links(number),
        twice.links(number)
    )
}

/// What a call comes to, with the numbers that spans were built from.
fn report(traces: Vec<u8>, spans: &[Span<'_>], verdict: &Verdict) -> Mended {
    let number = |place: u32| spans.get(place as usize).map_or(0, span_number);
    let deferrals = verdict.deferrals.iter();
    let notes = verdict.notes.iter();
    let explanations = verdict.explanations.iter();
    Mended {
        traces,
        deferred: deferrals.map(|deferral| number(deferral.span)).collect(),
        notes: notes
            .map(|note| (number(note.span), note.kind, note.count))
            .collect(),
        explanations: explanations
            .filter_map(|said| {
                let text = check::text(said.text, verdict).ok()?;
                Some((number(said.span), text.to_owned()))
            })
            .collect(),
    }
}
