//! The way of a batch through the rules.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use linkmend_wire::{Scan, Selector, field_path, subset};
use parking_lot::Mutex;

use crate::bindings::linkmend::rule::types::{About, Tasks};
use crate::counts::Counts;
use crate::error::{FaultReason, LoadError, LoadReason, ProcessError, RuleFault};
use crate::index::{MemoryIndex, MessageIndex};
use crate::mend::{Mender, Subject};
use crate::native;
use crate::rule::{OnError, Rule, Source};
use crate::runner::LoadedRule;
use crate::sandbox::{self, Sandbox};

/// Mends batches. Shared by as many threads as there are.
pub struct Processor {
    rules: Vec<LoadedRule>,
    /// One for each thread that ever was in here at the same time.
    workspaces: Mutex<Vec<Workspace>>,
}

/// Makes a [`Processor`].
pub struct ProcessorBuilder {
    rules: Vec<Rule>,
    index: Option<Arc<dyn MessageIndex>>,
    cache: Option<PathBuf>,
}

/// A batch that went through.
#[derive(Debug, Clone)]
pub struct Mended {
    /// The batch. The very same bytes when nothing was to be done; `None` when
    /// a rule failed and its policy is [`OnError::Drop`].
    pub traces: Option<Bytes>,
    /// What was done.
    pub counts: Counts,
    /// The rules that failed on it.
    pub faults: Vec<RuleFault>,
}

#[derive(Default)]
struct Workspace {
    scan: Scan,
    subset: Vec<u8>,
    mender: Mender,
}

impl Processor {
    /// A processor without rules, to be given some.
    #[must_use]
    pub fn builder() -> ProcessorBuilder {
        ProcessorBuilder {
            rules: Vec::new(),
            index: None,
            cache: None,
        }
    }

    /// Mends a batch: an OTLP `TracesData`, or `ExportTraceServiceRequest`.
    ///
    /// # Errors
    ///
    /// When the batch is not well-formed, or when a rule fails on it and its
    /// policy is [`OnError::Reject`].
    pub fn process(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.run(batch, Tasks::REMEMBER | Tasks::MEND)
    }

    /// The first reading of data that is read twice: remembers the producers
    /// of messages, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn remember(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.run(batch, Tasks::REMEMBER)
    }

    /// The second reading of data that is read twice.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn mend(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.run(batch, Tasks::MEND)
    }

    /// Some rule remembers: reading data twice finds more.
    #[must_use]
    pub fn uses_index(&self) -> bool {
        self.rules.iter().any(|rule| rule.plan.uses_index)
    }

    /// The rules, in the order in which a batch passes them.
    pub fn rules(&self) -> impl Iterator<Item = &About> {
        self.rules.iter().map(|rule| &rule.about)
    }

    fn run(&self, batch: Bytes, tasks: Tasks) -> Result<Mended, ProcessError> {
        let mut workspace = self.workspaces.lock().pop().unwrap_or_default();
        let mended = workspace.run(&self.rules, batch, tasks);
        self.workspaces.lock().push(workspace);
        mended
    }
}

impl Workspace {
    fn run(
        &mut self,
        rules: &[LoadedRule],
        mut batch: Bytes,
        tasks: Tasks,
    ) -> Result<Mended, ProcessError> {
        let mut counts = Counts::default();
        let mut faults = Vec::new();
        for rule in rules.iter().filter(|rule| rule.is_asked(tasks)) {
            self.scan(&batch, &rule.selector)?;
            if counts.batches == 0 {
                counts = Counts::of_batch(&self.scan);
            }
            let reason = match self.apply(rule, &batch, tasks) {
                Ok((mended, done)) => {
                    rule.succeeded();
                    counts += &done;
                    batch = mended.map_or(batch, Bytes::from);
                    continue;
                }
                Err(reason) => reason,
            };
            counts.rule_faults += 1;
            let fault = rule.failed(reason);
            match rule.on_error {
                OnError::Pass => faults.push(fault),
                OnError::Reject => return Err(ProcessError::Rejected(fault)),
                OnError::Drop => {
                    faults.push(fault);
                    return Ok(Mended {
                        traces: None,
                        counts: counts.without_links(),
                        faults,
                    });
                }
            }
        }
        if counts.batches == 0 {
            // No rule was asked: it is looked at all the same.
            self.scan(&batch, &Selector::none())?;
            counts = Counts::of_batch(&self.scan);
        }
        counts.links_out = counts.links_left();
        Ok(Mended {
            traces: Some(batch),
            counts,
            faults,
        })
    }

    fn scan(&mut self, batch: &[u8], selector: &Selector) -> Result<(), ProcessError> {
        self.scan
            .run(batch, selector)
            .map_err(|error| ProcessError::Malformed {
                path: field_path(batch, error.offset),
                error,
            })
    }

    /// What a rule makes of the batch that was scanned for it; `None` when it
    /// stays as it is.
    fn apply(
        &mut self,
        rule: &LoadedRule,
        batch: &[u8],
        tasks: Tasks,
    ) -> Result<(Option<Vec<u8>>, Counts), FaultReason> {
        let mut counts = Counts::default();
        if self.scan.selected().is_empty() {
            return Ok((None, counts));
        }
        let traces = if self.scan.all_selected() {
            batch
        } else {
            self.subset.clear();
            subset(batch, &self.scan, &mut self.subset);
            &self.subset
        };
        let verdict = rule.process(tasks, traces)?;
        let subject = Subject {
            batch,
            scan: &self.scan,
            tasks,
            limits: &rule.limits,
            type_attribute: &rule.plan.type_attribute,
            count_all_drops: rule.plan.count_all_drops,
        };
        let mended = self.mender.mend(&subject, &verdict, &mut counts);
        Ok((mended.map_err(FaultReason::Verdict)?, counts))
    }
}

impl ProcessorBuilder {
    /// Adds a rule behind those that are there: each sees the edits of the
    /// ones before it.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The message index that the rules share. Default: a new [`MemoryIndex`].
    #[must_use]
    pub fn index(mut self, index: Arc<dyn MessageIndex>) -> Self {
        self.index = Some(index);
        self
    }

    /// A directory to keep compiled rules in. It must belong to the user alone:
    /// what lies in it is run. Default: none.
    #[must_use]
    pub fn code_cache(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cache = Some(directory.into());
        self
    }

    /// Compiles and configures the rules.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used.
    pub fn build(self) -> Result<Processor, LoadError> {
        let index = self
            .index
            .unwrap_or_else(|| Arc::new(MemoryIndex::default()));
        let sandbox = Sandbox::new(self.cache.as_deref()).map_err(|reason| LoadError {
            rule: "(all)".into(),
            reason,
        })?;
        let rules = self
            .rules
            .into_iter()
            .map(|rule| load(&sandbox, rule, &index));
        Ok(Processor {
            rules: rules.collect::<Result<_, _>>()?,
            workspaces: Mutex::default(),
        })
    }
}

fn load(
    sandbox: &Sandbox,
    rule: Rule,
    index: &Arc<dyn MessageIndex>,
) -> Result<LoadedRule, LoadError> {
    let Rule {
        source,
        config,
        limits,
        on_error,
    } = rule;
    let index = Arc::clone(index);
    let (name, loaded) = match source {
        Source::Native { about, plan, make } => {
            return Ok(native::load(about, plan, make, limits, on_error, index));
        }
        Source::Component { name, bytes } => {
            let loaded = sandbox::load(sandbox, &bytes, &config, limits, on_error, index);
            (name, loaded)
        }
        Source::File(path) => {
            let loaded = match std::fs::read(&path) {
                Ok(bytes) => sandbox::load(sandbox, &bytes, &config, limits, on_error, index),
                Err(error) => Err(LoadReason::Read { error }),
            };
            (path.display().to_string(), loaded)
        }
    };
    loaded.map_err(|reason| LoadError { rule: name, reason })
}
