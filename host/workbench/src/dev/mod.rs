//! A rule that is being written: it is built and run whenever its source changes.

mod source;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use linkmend::Processor;
use linkmend_files::Format;
use tempfile::TempDir;

use self::source::{Source, is_component};
use crate::subject::Subject;
use crate::test::{Difference, differences, mend};

/// How often the folder is looked at.
const INTERVAL: Duration = Duration::from_millis(150);
/// An editor writes a file in several steps: the folder is quiet for so long then.
const QUIET: Duration = Duration::from_millis(100);

/// The folder of a rule that is being written.
#[derive(Debug)]
pub struct Workshop {
    folder: PathBuf,
    source: Source,
}

/// When each component was written last.
type Components = BTreeMap<PathBuf, Option<SystemTime>>;

/// A build that has ended.
#[derive(Debug)]
pub struct Built {
    /// The component, when there is one.
    pub component: Option<PathBuf>,
    /// What the build printed.
    pub output: String,
    /// How long it took.
    pub took: Duration,
}

impl Workshop {
    /// The folder with a `build`: this one, or that of this source.
    ///
    /// # Errors
    ///
    /// When there is no `build` in it.
    pub fn open(source: &Path) -> Result<Self, String> {
        if !source.exists() {
            return Err(format!("there is no {}", source.display()));
        }
        let folder = if source.is_dir() {
            source
        } else {
            source.parent().unwrap_or(Path::new(""))
        };
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        if !folder.join("build").is_file() {
            return Err(format!(
                "there is no `build` in {}; `linkmend rule new` writes a folder with one",
                folder.display()
            ));
        }
        Ok(Self {
            folder: folder.to_owned(),
            source: Source::of(folder),
        })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until a file of the source is another one than before. What the build
    /// writes is none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn wait(&mut self) -> io::Result<()> {
        while !self.source.has_changed()? {
            sleep(INTERVAL);
        }
        sleep(QUIET);
        while self.source.has_changed()? {
            sleep(QUIET);
        }
        Ok(())
    }

    /// Runs `build`, which is given this program to make components with.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or the folder cannot be read.
    pub fn build(&mut self, linkmend: &Path) -> io::Result<Built> {
        let before = components(&self.folder)?;
        let begun = Instant::now();
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(fs::canonicalize(self.folder.join("build"))?)
            .current_dir(&self.folder)
            .env("LINKMEND", linkmend)
            .stdin(Stdio::null())
            .output()?;
        let took = begun.elapsed();
        let output = [stdout, stderr].concat();
        let after = components(&self.folder)?;
        self.source.was_built()?;
        let is_new = |path: &&PathBuf| after.get(*path) != before.get(*path);
        let component = after.keys().find(is_new).or_else(|| after.keys().next());
        Ok(Built {
            component: component.filter(|_| status.success()).cloned(),
            output: String::from_utf8_lossy(&output).into_owned(),
            took,
        })
    }
}

fn components(folder: &Path) -> io::Result<Components> {
    let mut files = Components::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if is_component(&path) {
            let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
            files.insert(path, modified.ok());
        }
    }
    Ok(files)
}

/// The author's own traces: what a rule makes of them, and what another one made of
/// them before.
#[derive(Debug)]
pub struct OwnTraces {
    traces: PathBuf,
    folder: TempDir,
    is_first: bool,
}

impl OwnTraces {
    /// Those of a file that `linkmend process` reads.
    ///
    /// # Errors
    ///
    /// When there is no room for results.
    pub fn new(traces: &Path) -> io::Result<Self> {
        Ok(Self {
            traces: traces.to_owned(),
            folder: tempfile::tempdir()?,
            is_first: true,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.traces
    }

    /// Where what this rule makes of the traces differs from what the last one made of
    /// them; for the first one, from the traces as they are.
    ///
    /// # Errors
    ///
    /// What went wrong: a rule that failed, what cannot be read.
    pub fn mend(&mut self, subject: &Subject) -> Result<Vec<Difference>, Vec<String>> {
        let one = |text: String| vec![text];
        let index = std::sync::Arc::new(crate::FreshIndex::for_files());
        let processor: Processor = subject
            .processor(&index)
            .map_err(|error| one(subject.whole(&error)))?;
        let (last, now) = (self.result("last.pb"), self.result("now.pb"));
        mend(&processor, &self.traces, &now, Some(Format::Proto))?;
        let before = if self.is_first { &self.traces } else { &last };
        let found = differences(before, &now).map_err(one)?;
        fs::rename(&now, &last).map_err(|error| one(error.to_string()))?;
        self.is_first = false;
        Ok(found)
    }

    fn result(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
