//! Golden cases: traces before and after, run in the sandbox as `linkmend
//! process` does.
//!
//! A case is a folder with `before.*` and `after.*`, in any format that
//! `linkmend process` reads, and perhaps the rule's configuration in
//! `rule.yaml`. All links of all spans are compared, `dropped_links_count`, and
//! all else that a span has.

mod case;
mod compare;
mod error;
mod run;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use linkmend::{LoadError, LoadReason, Processor};
use linkmend_files::{BatchReader, Format, ReadOptions};
use serde::Serialize;

pub use case::{Case, find};
pub use compare::{Difference, differences};
pub use error::TestError;
pub(crate) use run::mend;

use crate::config::RuleConfig;
use crate::heard::Lines;
use crate::index::FreshIndex;
use crate::spans;
use crate::subject::Subject;

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// What came out is what was to come out.
    Passed,
    /// It is not.
    Failed,
    /// `after.*` was written anew.
    Updated,
}

/// What became of a case. As JSON it has these keys.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReport {
    /// The name of its folder.
    pub name: String,
    /// What goes in.
    pub before: PathBuf,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it could not be compared.
    pub errors: Vec<String>,
    /// Where spans differ.
    pub spans: Vec<Difference>,
    /// What the rule said meanwhile.
    pub said: Lines,
}

/// Runs cases with one rule.
pub struct Tests {
    subject: Subject,
    update: bool,
    index: Arc<FreshIndex>,
    /// Kept from case to case: most have the same configuration.
    loaded: Option<(Option<PathBuf>, Processor)>,
}

impl Tests {
    /// Of a rule; `update` writes what comes out as what is to come out.
    #[must_use]
    pub fn new(subject: Subject, update: bool) -> Self {
        Self {
            subject,
            update,
            index: Arc::new(FreshIndex::for_files()),
            loaded: None,
        }
    }

    /// Runs a case.
    ///
    /// # Errors
    ///
    /// When the rule cannot be used at all. A configuration of the case that
    /// it refuses is a failure of the case.
    pub fn run(&mut self, case: &Case) -> Result<CaseReport, TestError> {
        let mut report = CaseReport {
            name: case.name.clone(),
            before: case.before.clone(),
            outcome: Outcome::Failed,
            errors: Vec::new(),
            spans: Vec::new(),
            said: Lines::default(),
        };
        if let Err(text) = self.load(case)? {
            report.errors.push(text);
            report.said = self.subject.heard.take();
            return Ok(report);
        }
        self.index.forget();
        let done = if self.update {
            self.write_after(case).map(|written| {
                report.outcome = if written {
                    Outcome::Updated
                } else {
                    Outcome::Passed
                };
            })
        } else {
            self.compare(case).map(|spans| {
                if spans.is_empty() {
                    report.outcome = Outcome::Passed;
                }
                report.spans = spans;
            })
        };
        if let Err(errors) = done {
            report.errors = errors;
            // What the rule failed on is not shown to it again for a while, and the
            // next case may have the same.
            self.loaded = None;
        }
        report.said = self.subject.heard.take();
        Ok(report)
    }

    /// Loads the rule with the configuration of the case; the inner error is
    /// what is wrong with that.
    fn load(&mut self, case: &Case) -> Result<Result<(), String>, TestError> {
        if let Some((config, _)) = &self.loaded
            && *config == case.config
        {
            return Ok(Ok(()));
        }
        self.loaded = None;
        let mut subject = self.subject.clone();
        if let Some(path) = &case.config {
            match RuleConfig::read(path) {
                Ok(config) => subject.config = Some(config),
                Err(error) => return Ok(Err(error.to_string())),
            }
        }
        match subject.processor(&self.index) {
            Ok(processor) => {
                self.loaded = Some((case.config.clone(), processor));
                Ok(Ok(()))
            }
            Err(error) if case.config.is_some() && is_refused(&error) => {
                Ok(Err(subject.whole(&error)))
            }
            Err(error) => Err(TestError::Load(error)),
        }
    }

    fn mend(&self, case: &Case, to: &Path, format: Option<Format>) -> Result<(), Vec<String>> {
        match &self.loaded {
            Some((_, processor)) => mend(processor, &case.before, to, format),
            None => Err(vec!["the rule is not loaded".into()]),
        }
    }

    fn compare(&self, case: &Case) -> Result<Vec<Difference>, Vec<String>> {
        let one = |text: String| vec![text];
        let Some(after) = &case.after else {
            let folder = case.folder.display();
            return Err(one(format!(
                "{folder} has no after.*; write what comes out with --update, and look whether it is right"
            )));
        };
        let folder = tempfile::tempdir().map_err(|error| one(error.to_string()))?;
        let got = folder.path().join("got.pb");
        // All formats say the same.
        self.mend(case, &got, Some(Format::Proto))?;
        let before = spans::read(&case.before).map_err(one)?;
        let wanted = spans::read(after).map_err(one)?;
        let got = spans::read(&got).map_err(one)?;
        Ok(compare::compare(&before, &wanted, &got))
    }

    /// Whether anything was to be written.
    fn write_after(&self, case: &Case) -> Result<bool, Vec<String>> {
        if case.after.is_some() && self.compare(case).is_ok_and(|found| found.is_empty()) {
            return Ok(false);
        }
        let (after, format) = match &case.after {
            Some(after) => (after.clone(), format_of(after)),
            None => (beside(&case.before), None),
        };
        self.mend(case, &after, format)?;
        Ok(true)
    }
}

fn is_refused(error: &LoadError) -> bool {
    matches!(error.reason, LoadReason::Config(_))
}

/// `after` with the ending of `before`.
fn beside(before: &Path) -> PathBuf {
    let name = before.file_name().unwrap_or_default().to_string_lossy();
    let ending = name.strip_prefix("before").unwrap_or(".jsonl");
    before.with_file_name(format!("after{ending}"))
}

fn format_of(path: &Path) -> Option<Format> {
    let reader = BatchReader::open(File::open(path).ok()?, ReadOptions::default()).ok()?;
    Some(reader.encoding()?.format)
}
