//! Which files are read: those that match, and those that did a moment ago.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::config::{FileCompression, OtlpJsonFileReceiver, StartAt};
use crate::telemetry::logs::Throttle;

use super::hand_over::HandOver;
use super::mark::Identity;
use super::patterns::Patterns;
use super::tail::Tail;

/// How long a file is still read that was renamed or removed, after it last
/// grew: who writes it may not know yet.
const FAREWELL: Duration = Duration::from_secs(30);
/// How many files are open at most; those that grew last stay.
const MOST_OPEN: usize = 256;

/// It rests so many times as long as it took to find the files: with very many
/// of them, looking is a tenth of a processor at most, and less often than
/// `poll_interval` says.
const REST: u32 = 9;

/// Follows all files of a receiver.
pub(super) struct Follower {
    config: OtlpJsonFileReceiver,
    patterns: Patterns,
    hand_over: HandOver,
    tails: Vec<Tail>,
    /// Where in `tails` each file is.
    places: HashMap<Identity, usize>,
    unread: Throttle,
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
            places: HashMap::new(),
            unread: Throttle::default(),
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
            let looking = self.round(skips);
            skips = false;
            if is_replayed {
                self.tails.clear();
                self.places.clear();
            }
            let rest = looking.saturating_mul(REST);
            self.hand_over.wait(rest.max(self.config.poll_interval));
        }
    }

    /// Looks at all files once. `skips`: what is in them now is left out. How
    /// long it took to find them.
    fn round(&mut self, skips: bool) -> Duration {
        let started = Instant::now();
        let known = self.tails.len();
        // In the order of their names. A file that has two is read once.
        let mut order = Vec::new();
        let mut found: Vec<Option<Metadata>> = vec![None; known];
        for path in self.patterns.paths() {
            let Some(metadata) = fs::metadata(&path).ok().filter(Metadata::is_file) else {
                continue;
            };
            let place = self.place(&path, &metadata, skips);
            found.resize(self.tails.len(), None);
            let (Some(tail), Some(found)) = (self.tails.get_mut(place), found.get_mut(place))
            else {
                continue;
            };
            if found.is_none() {
                tail.path = path;
                *found = Some(metadata);
                order.push(place);
            }
        }
        let looking = started.elapsed();
        self.read(&found, &order);
        self.forget(&found);
        looking
    }

    /// Where a file is that was found, be it new.
    fn place(&mut self, path: &Path, metadata: &Metadata, skips: bool) -> usize {
        let identity = Identity::of(path, metadata);
        if let Some(place) = self.places.get(&identity) {
            return *place;
        }
        let place = self.tails.len();
        self.places.insert(identity.clone(), place);
        let tail = self.tail(path, identity, skips);
        self.tails.push(tail);
        place
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
        // Nobody knows yet which of very many will grow.
        if self.tails.len() >= MOST_OPEN {
            tail.close();
        }
        tail
    }

    /// First those that have gone: they are older than what came in their place.
    fn read(&mut self, found: &[Option<Metadata>], order: &[usize]) {
        let gone = found.iter().enumerate();
        let mut gone: Vec<usize> = gone
            .filter_map(|(place, metadata)| metadata.is_none().then_some(place))
            .collect();
        gone.sort_by(|a, b| self.path(*a).cmp(&self.path(*b)));
        let mut open = self.tails.iter().filter(|tail| tail.is_open()).count();
        for place in gone.iter().chain(order) {
            if self.hand_over.is_stopped() {
                return;
            }
            let metadata = found.get(*place).and_then(Option::as_ref);
            self.read_one(*place, metadata, &mut open);
        }
    }

    fn path(&self, place: usize) -> Option<&Path> {
        self.tails.get(place).map(|tail| tail.path.as_path())
    }

    /// `open` counts the files that are open.
    fn read_one(&mut self, place: usize, metadata: Option<&Metadata>, open: &mut usize) {
        let Some(tail) = self.tails.get_mut(place) else {
            return;
        };
        let was_open = tail.is_open();
        if let Err(error) = tail.look(metadata, &mut self.hand_over) {
            let path = tail.path.clone();
            self.cannot_read(&path, &error);
        }
        let Some(tail) = self.tails.get_mut(place) else {
            return;
        };
        if tail.is_open() && !was_open {
            // There may be more new ones than a process may have open files.
            if *open < 2 * MOST_OPEN {
                *open += 1;
            } else {
                tail.close();
            }
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
    fn forget(&mut self, found: &[Option<Metadata>]) {
        let before = self.tails.len();
        let mut found = found.iter();
        self.tails.retain(|tail| {
            let is_there = found.next().is_some_and(Option::is_some);
            is_there || tail.is_open() && tail.active.elapsed() < FAREWELL
        });
        if self.tails.len() < before {
            let tails = self.tails.iter().enumerate();
            self.places = tails
                .map(|(place, tail)| (tail.identity.clone(), place))
                .collect();
        }
        let mut open: Vec<_> = self
            .tails
            .iter_mut()
            .filter(|tail| tail.is_open())
            .collect();
        if open.len() > MOST_OPEN {
            open.sort_by_key(|tail| std::cmp::Reverse(tail.active));
        }
        for tail in open.into_iter().skip(MOST_OPEN) {
            tail.close();
        }
    }
}
