//! The sandbox: rules as WebAssembly components.

mod exports;
mod host;
mod instance;
pub(crate) mod interface;
mod limiter;
mod load;
mod parts;
mod records;
mod ticker;
mod v0_1;
mod wasi;

pub(crate) use interface::OURS;
pub(crate) use load::load;

use std::path::Path;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine, OptLevel};

use crate::error::LoadReason;
use ticker::Ticker;

/// How often running rules are looked at for having run too long.
const TICK: Duration = Duration::from_millis(5);

/// Of a guest's call stack.
const STACK: usize = 512 << 10;

/// What all rules of a processor run in.
#[derive(Clone)]
pub(crate) struct Sandbox {
    engine: Engine,
    _ticker: Ticker,
}

impl Sandbox {
    /// Compiled code is kept in `cache` when there is one.
    pub(crate) fn new(cache: Option<&Path>) -> Result<Self, LoadReason> {
        let engine = Engine::new(&config(cache))
            .map_err(|error| LoadReason::Sandbox(format!("{error:#}")))?;
        let ticker =
            Ticker::start(&engine).map_err(|error| LoadReason::Sandbox(error.to_string()))?;
        Ok(Self {
            engine,
            _ticker: ticker,
        })
    }
}

fn config(cache: Option<&Path>) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Epochs rather than fuel: a third of the cost in parsing loops.
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        .cranelift_opt_level(OptLevel::Speed);
    match cache.map(open_cache) {
        Some(Ok(cache)) => {
            config.cache(Some(cache));
        }
        // Compiling anew costs milliseconds: no reason to stop.
        Some(Err(error)) => tracing::debug!(%error, "no code cache"),
        None => {}
    }
    config
}

fn open_cache(directory: &Path) -> wasmtime::Result<Cache> {
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    Cache::new(config)
}
