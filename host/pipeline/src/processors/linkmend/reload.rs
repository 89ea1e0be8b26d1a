//! A rule file that changes: it is loaded, checked and put in the place of the
//! old rule between two batches. One that cannot be used changes nothing.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use linkmend::{CompileError, LoadError, LoadReason, Processor, Stop};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::rule::Component;
use crate::component::Tasks;
use crate::config::{Id, LinkmendProcessor};
use crate::telemetry::metrics::LinkMetrics;

/// How often the file is looked at. Events of file systems do not tell of all
/// changes (network file systems, mounted `ConfigMaps`); a look costs nothing.
const INTERVAL: Duration = Duration::from_secs(1);

/// A file that was seen: what changes with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    modified: Option<SystemTime>,
    length: u64,
    /// The file itself: another one may have the same age and length.
    file: (u64, u64),
    /// A link may lead to another place.
    target: Option<PathBuf>,
}

impl Seen {
    fn look(path: &Path) -> std::io::Result<Self> {
        let metadata: Metadata = std::fs::metadata(path)?;
        Ok(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            file: (metadata.dev(), metadata.ino()),
            target: std::fs::canonicalize(path).ok(),
        })
    }
}

/// What is watched, and for whom.
pub(super) struct Watched {
    pub(super) id: Id,
    pub(super) config: LinkmendProcessor,
    /// A file of a rule has at most so many.
    pub(super) most_bytes: usize,
    /// The component that runs.
    pub(super) component: Component,
    pub(super) processors: Vec<Arc<Processor>>,
    pub(super) links: LinkMetrics,
    /// Ends a compilation of these processors.
    pub(super) stop: Stop,
}

/// Watches the file of a rule for the processors that use it.
pub(super) struct Watcher {
    of: Watched,
    /// As it was when it was last loaded, or why it could not be looked at.
    seen: Option<Result<Seen, String>>,
    /// What was told of last, so that it is told once.
    told: Option<String>,
    /// Some of the processors have another component than the others.
    is_mixed: bool,
}

impl Watcher {
    pub(super) fn new(of: Watched) -> Self {
        Self {
            of,
            // It may have changed since it was read.
            seen: None,
            told: None,
            is_mixed: false,
        }
    }

    /// Looks at the file time and again, until the end.
    pub(super) async fn watch(mut self, tasks: Tasks) {
        loop {
            tokio::select! {
                () = tasks.stop.cancelled() => return,
                () = sleep(INTERVAL) => {}
            }
            let seen = look(self.of.component.path.clone()).await;
            if self.seen.as_ref() == Some(&seen) {
                continue;
            }
            self.seen = Some(seen.clone());
            match self.reload(seen, &tasks).await {
                Some(watcher) => self = watcher,
                None => return,
            }
        }
    }

    /// Loads the file as it was seen; `None` at the end. Compiling takes its
    /// time, and neither a newer file nor the end waits for it.
    async fn reload(mut self, seen: Result<Seen, String>, tasks: &Tasks) -> Option<Self> {
        let (path, stop) = (self.of.component.path.clone(), self.of.stop.clone());
        let wanted = seen.clone();
        let mut reloading = spawn_blocking(move || {
            match wanted {
                Ok(_) => self.load(),
                Err(error) => self.refuse(format!("cannot be read: {error}")),
            }
            self
        });
        loop {
            tokio::select! {
                reloaded = &mut reloading => {
                    stop.clear();
                    return reloaded.ok();
                }
                () = tasks.stop.cancelled() => {
                    stop.stop();
                    let _ = timeout(INTERVAL, reloading).await;
                    return None;
                }
                () = sleep(INTERVAL) => {
                    if look(path.clone()).await != seen {
                        stop.stop();
                    }
                }
            }
        }
    }

    fn load(&mut self) {
        let of = &self.of;
        let component = match Component::read(&of.component.path, of.most_bytes) {
            Ok(component) if component.sha256 == of.component.sha256 && !self.is_mixed => {
                self.told = None;
                return;
            }
            Ok(component) => component,
            Err(error) => return self.refuse(format!("cannot be read: {error}")),
        };
        if let Err(text) = component.check(&of.config) {
            return self.refuse(text);
        }
        for processor in &of.processors {
            let rule = component.rule(&of.config);
            // The first one tells whether it can be used; the others are the same.
            match processor.replace_rules(vec![rule]) {
                Ok(()) => self.is_mixed = true,
                // There is another one already, which is looked at next.
                Err(error) if is_stopped(&error) => return self.seen = None,
                Err(error) => return self.refuse(error.to_string()),
            }
        }
        let (path, sha256) = (component.path.display(), component.sha256);
        tracing::info!(processor = %of.id, %path, %sha256, "the rule was replaced");
        of.links.reloaded(true);
        self.of.component = component;
        self.is_mixed = false;
        self.told = None;
    }

    fn refuse(&mut self, text: String) {
        if self.told.as_ref() == Some(&text) {
            return;
        }
        let of = &self.of;
        of.links.reloaded(false);
        let path = of.component.path.display();
        tracing::error!(
            processor = %of.id, %path, error = text,
            "the file of the rule changed and cannot be used; the rule stays as it was"
        );
        self.told = Some(text);
    }
}

fn is_stopped(error: &LoadError) -> bool {
    matches!(error.reason, LoadReason::Compile(CompileError::Stopped))
}

/// On a thread that may wait for a slow disk.
async fn look(path: PathBuf) -> Result<Seen, String> {
    let looked = spawn_blocking(move || Seen::look(&path).map_err(|error| error.to_string()));
    looked.await.map_err(|error| error.to_string())?
}
