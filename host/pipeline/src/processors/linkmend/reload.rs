//! A rule file that changes: it is loaded, checked and put in the place of the
//! old rule between two batches. One that cannot be used changes nothing.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use linkmend::Processor;

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
    /// A link may lead to another file of the same age and length.
    target: Option<PathBuf>,
}

impl Seen {
    fn look(path: &Path) -> std::io::Result<Self> {
        let metadata: Metadata = std::fs::metadata(path)?;
        Ok(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            target: std::fs::canonicalize(path).ok(),
        })
    }
}

/// Watches the file of a rule for the processors that use it.
pub(super) struct Watcher {
    id: Id,
    config: LinkmendProcessor,
    /// The component that runs.
    component: Component,
    processors: Vec<Arc<Processor>>,
    links: LinkMetrics,
    seen: Option<Seen>,
    /// What was told of last, so that it is told once.
    told: Option<String>,
}

impl Watcher {
    pub(super) fn new(
        id: &Id,
        config: &LinkmendProcessor,
        component: Component,
        processors: Vec<Arc<Processor>>,
        links: LinkMetrics,
    ) -> Self {
        Self {
            id: id.clone(),
            config: config.clone(),
            component,
            processors,
            links,
            // It may have changed since it was read.
            seen: None,
            told: None,
        }
    }

    /// Looks at the file time and again, until the end.
    pub(super) async fn watch(mut self, tasks: Tasks) {
        loop {
            tokio::select! {
                () = tasks.stop.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            // Compiling takes its time.
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(watcher) => self = watcher,
                Err(_) => return,
            }
        }
    }

    fn look(&mut self) {
        match Seen::look(&self.component.path) {
            Ok(seen) if self.seen.as_ref() != Some(&seen) => {
                self.seen = Some(seen);
                self.reload();
            }
            Ok(_) => {}
            Err(error) => {
                self.seen = None;
                self.refuse(format!("cannot be read: {error}"));
            }
        }
    }

    fn reload(&mut self) {
        let component = match Component::read(&self.component.path) {
            Ok(component) if component.sha256 == self.component.sha256 => {
                self.told = None;
                return;
            }
            Ok(component) => component,
            Err(error) => return self.refuse(format!("cannot be read: {error}")),
        };
        if let Err(text) = component.check(&self.config) {
            return self.refuse(text);
        }
        for processor in &self.processors {
            let rule = component.rule(&self.config);
            // The first one tells whether it can be used; the others are the same.
            if let Err(error) = processor.replace_rules(vec![rule]) {
                return self.refuse(error.to_string());
            }
        }
        let (path, sha256) = (component.path.display(), component.sha256);
        tracing::info!(processor = %self.id, %path, %sha256, "the rule was replaced");
        self.links.reloaded(true);
        self.component = component;
        self.told = None;
    }

    fn refuse(&mut self, text: String) {
        if self.told.as_ref() == Some(&text) {
            return;
        }
        self.links.reloaded(false);
        let path = self.component.path.display();
        tracing::error!(
            processor = %self.id, %path, error = text,
            "the file of the rule changed and cannot be used; the rule stays as it was"
        );
        self.told = Some(text);
    }
}
