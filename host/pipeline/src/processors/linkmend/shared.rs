//! The store that other hosts share: it is connected to when the pipelines start, and
//! what held spans wait for is looked for there.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use linkmend::index::{Entry, Lookups, MessageKey, Producer, SharedStore};
use linkmend::{Processor, Scope};
use linkmend_redis::ends::{Answer, EndStats, SpanKey};
use linkmend_redis::{Options, Stats, Store, Tls};
use parking_lot::Mutex;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::component::SetupError;
use crate::config::Redis;
use crate::net::tls::client::ClientTls;

/// How often it is looked for what held spans wait for: a span is to be woken within
/// half a second after its producer passed another host.
const LOOKING: Duration = Duration::from_millis(250);

/// How long an end waits for what is to be written.
const FLUSHING: Duration = Duration::from_secs(3);

/// A store, which is connected to when it is started; before that nothing is known
/// there.
pub(super) struct Shared {
    options: Options,
    store: OnceLock<Arc<Store>>,
    starting: Mutex<()>,
}

impl Shared {
    /// Reads what is needed for it, and connects to nothing.
    pub(super) fn new(
        redis: &Redis,
        time_to_live: Option<Duration>,
        on_round_trip: Option<Arc<dyn Fn(Duration) + Send + Sync>>,
    ) -> Result<Arc<Self>, SetupError> {
        let tls = redis.endpoints.first().is_some_and(|url| url.tls);
        let tls = tls.then(|| {
            ClientTls::new(&redis.tls, &[]).map_err(|error| error.within("index.redis.tls"))
        });
        let tls = tls.transpose()?.map(|tls| Tls {
            config: Arc::new(move || tls.config()),
            server_name: redis.tls.server_name_override.clone(),
        });
        let endpoints = redis.endpoints.iter();
        let database = redis.endpoints.first().map_or(0, |url| url.database);
        Ok(Arc::new(Self {
            options: Options {
                endpoints: endpoints.map(|url| url.address.clone()).collect(),
                cluster: redis.cluster,
                username: redis.username.clone(),
                password: redis.password.as_ref().map(|secret| secret.expose().into()),
                database,
                tls,
                key_prefix: redis.key_prefix.clone(),
                timeout: redis.timeout,
                time_to_live,
                queue_size: redis.queue_size,
                on_round_trip,
            },
            store: OnceLock::new(),
            starting: Mutex::new(()),
        }))
    }

    /// Begins to connect, unless it has begun already.
    pub(super) fn start(&self) -> Result<(), SetupError> {
        let _starting = self.starting.lock();
        if self.store.get().is_none() {
            let store = Store::start(self.options.clone()).map_err(|error| {
                SetupError::new("index.redis", format!("no thread can be made: {error}"))
            })?;
            let _ = self.store.set(store);
        }
        Ok(())
    }

    pub(super) fn stats(&self) -> Stats {
        self.store
            .get()
            .map(|store| store.stats())
            .unwrap_or_default()
    }

    /// Takes ends of flows to be written, see [`Store::tell`].
    pub(super) fn tell(&self, ends: impl Iterator<Item = (SpanKey, Vec<u8>)>) {
        if let Some(store) = self.store.get() {
            store.tell(ends);
        }
    }

    /// Asks for ends of flows, see [`Store::ends`].
    pub(super) async fn ends(&self, of: Vec<SpanKey>) -> Vec<Answer> {
        match self.store.get() {
            Some(store) => store.ends(of).await,
            None => vec![Answer::Unanswered; of.len()],
        }
    }

    pub(super) fn end_stats(&self) -> EndStats {
        let store = self.store.get();
        store.map(|store| store.end_stats()).unwrap_or_default()
    }

    /// Writes what is to be written, if that can be done in a few seconds.
    pub(super) async fn end(self: Arc<Self>) {
        let flushing = tokio::task::spawn_blocking(move || {
            let store = self.store.get()?;
            let waiting = || store.stats().waiting + store.end_stats().waiting;
            (!store.flush(FLUSHING)).then(waiting)
        });
        if let Ok(Some(producers)) = flushing.await {
            tracing::error!(
                producers,
                "the shared index did not take what was remembered last: other hosts will not find it"
            );
        }
    }

    /// Wakes held spans whose producers have passed another host, until the end.
    pub(super) async fn watch(self: Arc<Self>, processor: Arc<Processor>, stop: CancellationToken) {
        let Some(mut watcher) = self.store.get().map(|store| store.watcher()) else {
            return;
        };
        let mut ticks = interval(LOOKING);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            let held = Arc::clone(&processor);
            let awaited = tokio::task::spawn_blocking(move || held.awaited());
            let news = watcher.poll(awaited.await.unwrap_or_default()).await;
            processor.wake(&news);
        }
    }
}

impl SharedStore for Shared {
    fn remember(&self, scope: Option<Scope>, producers: &[Producer], texts: &[u8]) {
        if let Some(store) = self.store.get() {
            store.remember(scope, producers, texts);
        }
    }

    fn recall(&self, scope: Option<Scope>, keys: &[MessageKey]) -> Vec<Entry> {
        let store = self.store.get();
        store
            .map(|store| store.recall(scope, keys))
            .unwrap_or_default()
    }

    fn recall_while(
        &self,
        scope: Option<Scope>,
        keys: &[MessageKey],
        meanwhile: &mut dyn FnMut(),
    ) -> Vec<Entry> {
        let Some(store) = self.store.get() else {
            meanwhile();
            return Vec::new();
        };
        store.recall_while(scope, keys, meanwhile)
    }

    fn looked_up(&self, lookups: Lookups) {
        if let Some(store) = self.store.get() {
            store.looked_up(lookups);
        }
    }
}
