//! Which files are read: those that match, and those that did a moment ago.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::config::{FileCompression, OtlpJsonFileReceiver, StartAt};
use crate::telemetry::logs::Sometimes;

use super::hand_over::HandOver;
use super::mark::Identity;
use super::patterns::Patterns;
use super::tail::Tail;

/// How long a file is still read that was renamed or removed, after it last
/// grew: who writes it may not know yet.
const FAREWELL: Duration = Duration::from_secs(30);
/// How many files are open at most; those that grew last stay.
const MOST_OPEN: usize = 256;

/// Follows all files of a receiver.
pub(super) struct Follower {
    config: OtlpJsonFileReceiver,
    patterns: Patterns,
    hand_over: HandOver,
    tails: Vec<Tail>,
    unread: Sometimes,
}

impl Follower {
    pub(super) fn new(
        config: OtlpJsonFileReceiver,
        patterns: Patterns,
        hand_over: HandOver,
    ) -> Self {
        Self {
            config,
            patterns,
            hand_over,
            tails: Vec::new(),
            unread: Sometimes::default(),
        }
    }

    /// Reads until all is to end.
    pub(super) fn run(mut self) {
        for pattern in self.patterns.without_files() {
            let receiver = self.hand_over.id();
            tracing::warn!(%receiver, "no file matches `{pattern}` so far");
        }
        let is_replayed = self.config.replay_file;
        let mut skips = self.config.start_at == StartAt::End && !is_replayed;
        while !self.hand_over.is_stopped() {
            self.round(skips);
            skips = false;
            if is_replayed {
                self.tails.clear();
            }
            self.hand_over.wait(self.config.poll_interval);
        }
    }

    /// Looks at all files once. `skips`: what is in them now is left out.
    fn round(&mut self, skips: bool) {
        let files = self.patterns.files();
        // A file that has two names is read once.
        let mut found = vec![false; self.tails.len()];
        for path in &files {
            let Ok(metadata) = fs::metadata(path) else {
                continue;
            };
            let identity = Identity::of(path, &metadata);
            let known = self.tails.iter().position(|tail| tail.identity == identity);
            let place = known.unwrap_or(self.tails.len());
            if known.is_none() {
                let tail = self.tail(path, identity, skips);
                self.tails.push(tail);
                found.push(false);
            }
            let (Some(tail), Some(found)) = (self.tails.get_mut(place), found.get_mut(place))
            else {
                continue;
            };
            if std::mem::replace(found, true) {
                continue;
            }
            tail.path.clone_from(path);
        }
        self.read(&found);
        self.forget(&found);
    }

    fn tail(&mut self, path: &Path, identity: Identity, skips: bool) -> Tail {
        let is_gzip = match self.config.compression {
            FileCompression::None => false,
            FileCompression::Gzip => true,
            FileCompression::Auto => path.extension().is_some_and(|end| end == "gz"),
        };
        let mut tail = Tail::new(path, identity, is_gzip, self.config.max_log_size);
        if skips && let Err(error) = tail.skip_to_end() {
            self.cannot_read(path, &error);
        }
        tail
    }

    /// First those that have gone: they are older than what came in their place.
    fn read(&mut self, found: &[bool]) {
        for is_there in [false, true] {
            let mut order: Vec<usize> = (0..self.tails.len())
                .filter(|place| found.get(*place) == Some(&is_there))
                .collect();
            order.sort_by(|a, b| self.path(*a).cmp(&self.path(*b)));
            for place in order {
                if self.hand_over.is_stopped() {
                    return;
                }
                self.read_one(place, is_there);
            }
        }
    }

    fn path(&self, place: usize) -> Option<&Path> {
        self.tails.get(place).map(|tail| tail.path.as_path())
    }

    fn read_one(&mut self, place: usize, is_there: bool) {
        let Some(tail) = self.tails.get_mut(place) else {
            return;
        };
        let metadata = is_there.then(|| fs::metadata(&tail.path).ok()).flatten();
        // In the meantime another one may have taken its name.
        let metadata = metadata.filter(|one| Identity::of(&tail.path, one) == tail.identity);
        if let Err(error) = tail.look(metadata.as_ref(), &mut self.hand_over) {
            let path = tail.path.clone();
            self.cannot_read(&path, &error);
        }
    }

    fn cannot_read(&self, path: &Path, error: &io::Error) {
        // It was renamed or removed in this moment; the next round knows more.
        if error.kind() == io::ErrorKind::NotFound {
            return;
        }
        let receiver = self.hand_over.id();
        self.unread.tell(|more| {
            tracing::error!(%receiver, "cannot read {}: {error}{more}", path.display());
        });
    }

    /// Lets go of files that went some time ago, and closes what is too many.
    fn forget(&mut self, found: &[bool]) {
        let mut found = found.iter();
        self.tails.retain(|tail| {
            let is_there = found.next().copied().unwrap_or_default();
            is_there || tail.is_open() && tail.active.elapsed() < FAREWELL
        });
        let mut open: Vec<_> = self
            .tails
            .iter_mut()
            .filter(|tail| tail.is_open())
            .collect();
        open.sort_by_key(|tail| std::cmp::Reverse(tail.active));
        for tail in open.into_iter().skip(MOST_OPEN) {
            tail.close();
        }
    }
}
