//! What linkmend remembers of messages, shared between hosts: a
//! [`SharedStore`] on Valkey or Redis (6.2 or later),
//! on one server, on a primary with replicas, or on a cluster.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use linkmend::index::{MemoryIndex, SharedIndex};
//! use linkmend::{Processor, Rule};
//! use linkmend_redis::{Options, Store, Url};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Store::start(Options {
//!     endpoints: vec![Url::parse("redis://localhost:6379")?.address],
//!     ..Options::default()
//! })?;
//! let here = Arc::new(MemoryIndex::default());
//! let processor = Processor::builder()
//!     .rule(Rule::builtin())
//!     .index(Arc::new(SharedIndex::new(here, store)))
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! What stands in the store is described in `docs/index-format.md`: other programs
//! may read and write it.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `options` | where the store is |
//! | `format`, `slots` | what stands in it, and in which part of a cluster |
//! | `dial`, `connect` | how a server is reached, and connections to it |
//! | `direct`, `reply`, `pool` | those on which the thread that asks waits itself |
//! | `command` | what a server is told, as bytes |
//! | `allowance` | how much a server may say on one |
//! | `exchange` | a request to each server, and their answers |
//! | `node` | one server, and its circuit |
//! | `topology` | which server has what |
//! | `inner` | what all parts share |
//! | `question` | what each server is asked |
//! | `lookup` | asking for the producers of a batch |
//! | `queue`, `writer`, `merge` | writing behind |
//! | `watch` | what held spans wait for |
//! | `ends` | the ends of flows at producers that passed here, for hosts that their consumers pass |
//! | `stats` | what was done, in numbers |

mod allowance;
mod command;
mod connect;
mod dial;
mod direct;
pub mod ends;
mod exchange;
pub mod format;
mod inner;
mod lookup;
mod merge;
mod node;
mod options;
mod pool;
mod question;
mod queue;
mod reply;
mod slots;
mod stats;
mod topology;
mod watch;
mod writer;

pub use options::{Address, Options, Tls, URL, Url, UrlError};
pub use stats::Stats;
pub use watch::{ScopedKey, Watcher};

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use linkmend::Scope;
use linkmend::index::{Entry, Lookups, MessageKey, Producer, SharedStore};
use parking_lot::Mutex;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use ends::Ends;
use inner::{Batches, Inner};
use queue::Queue;
use stats::{Counters, add};
use topology::Topology;

/// How often it is looked whether all is written.
const FLUSHING: Duration = Duration::from_millis(5);

/// Producers of messages on Valkey or Redis. It has a thread of its own, which ends
/// when this is dropped.
pub struct Store {
    inner: Arc<Inner>,
    /// Dropped, it ends the thread.
    _end: oneshot::Sender<()>,
}

impl Store {
    /// Begins to connect, and does not wait for it: until then nothing is known there.
    ///
    /// # Errors
    ///
    /// When no thread can be made.
    pub fn start(options: Options) -> io::Result<Arc<Self>> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let entered = handle.enter();
        let inner = Arc::new(Inner {
            topology: Topology::start(&options),
            options,
            runtime: handle.clone(),
            queue: Queue::default(),
            ends: Ends::default(),
            batches: Batches::default(),
            counters: Counters::default(),
            is_refused_told: Mutex::default(),
            is_cluster_told: Mutex::default(),
        });
        handle.spawn(Arc::clone(&inner).write());
        drop(entered);
        let (end, ended) = oneshot::channel::<()>();
        thread::Builder::new()
            .name("linkmend-index".into())
            .spawn(move || {
                let _ = runtime.block_on(ended);
                runtime.shutdown_background();
            })?;
        Ok(Arc::new(Self { inner, _end: end }))
    }

    /// Waits so long at most until all that was remembered is written; whether it is.
    #[must_use]
    pub fn flush(&self, within: Duration) -> bool {
        let begun = Instant::now();
        while self.inner.queue.len() + self.inner.ends.queue.len() > 0 {
            if begun.elapsed() >= within {
                return false;
            }
            thread::sleep(FLUSHING);
        }
        true
    }

    /// Waits so long at most until all servers can be asked; whether they can.
    #[must_use]
    pub fn connect(&self, within: Duration) -> bool {
        let begun = Instant::now();
        loop {
            let stats = self.stats();
            if stats.servers > 0 && stats.servers_away == 0 {
                return true;
            }
            if begun.elapsed() >= within {
                return false;
            }
            thread::sleep(FLUSHING);
        }
    }

    /// Why a server cannot be reached, if one cannot.
    #[must_use]
    pub fn connection_error(&self) -> Option<String> {
        let map = self.inner.topology.map();
        let mut away = map.nodes.iter().filter(|node| !node.is_open());
        away.find_map(|node| node.connection_error())
    }

    /// What it did so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let map = self.inner.topology.map();
        let away = map.nodes.iter().filter(|node| !node.is_open());
        Stats {
            waiting: self.inner.queue.len() as u64,
            servers: map.nodes.len() as u64,
            servers_away: away.count() as u64,
            ..self.inner.counters.so_far()
        }
    }

    /// Looks for producers of the keys that held spans wait for.
    #[must_use]
    pub fn watcher(&self) -> Watcher {
        Watcher {
            inner: Arc::clone(&self.inner),
            known: HashMap::new(),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("options", &self.inner.options)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl SharedStore for Store {
    fn remember(&self, scope: Option<Scope>, producers: &[Producer], texts: &[u8]) {
        self.inner.remember(scope, producers, texts);
    }

    fn recall(&self, scope: Option<Scope>, keys: &[MessageKey]) -> Vec<Entry> {
        self.inner.recall(scope, keys, &mut || ())
    }

    fn recall_while(
        &self,
        scope: Option<Scope>,
        keys: &[MessageKey],
        meanwhile: &mut dyn FnMut(),
    ) -> Vec<Entry> {
        self.inner.recall(scope, keys, meanwhile)
    }

    fn looked_up(&self, lookups: Lookups) {
        let counters = &self.inner.counters;
        add(&counters.hits_here, lookups.here);
        add(&counters.hits_there, lookups.there);
        add(&counters.misses, lookups.nowhere);
    }
}
