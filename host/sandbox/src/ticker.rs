//! The clock by which running rules are interrupted.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// How often running rules are looked at for having run too long.
const TICK: Duration = Duration::from_millis(5);

/// Lets the epoch of an engine go on for as long as it lives.
#[derive(Clone)]
pub(crate) struct Ticker {
    _alive: Arc<()>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> io::Result<Self> {
        let alive = Arc::new(());
        let watched = Arc::downgrade(&alive);
        let engine = engine.weak();
        thread::Builder::new()
            .name("linkmend-epoch".into())
            .spawn(move || {
                while watched.strong_count() > 0
                    && let Some(engine) = engine.upgrade()
                {
                    engine.increment_epoch();
                    drop(engine);
                    thread::sleep(TICK);
                }
            })?;
        Ok(Self { _alive: alive })
    }
}
