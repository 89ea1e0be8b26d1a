//! The sandbox: rules as WebAssembly components.

mod cache;
mod clock;
mod compile;
mod engine;
mod exports;
mod host;
mod instance;
pub(crate) mod interface;
mod limiter;
mod load;
mod numbers;
mod parts;
mod records;
mod ticker;
mod trap;
mod v0_1;
mod wasi;

pub(crate) use interface::OURS;
pub(crate) use load::load;

pub use cache::CodeCache;
pub use compile::{CompileError, CompileLimits, Compiler, Stop, compile_for_parent};

use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::checksum::Checksum;
use crate::error::LoadReason;
use crate::said::Listener;
use cache::Key;
use engine::Target;
use ticker::Ticker;

/// How often running rules are looked at for having run too long.
const TICK: Duration = Duration::from_millis(5);

/// What all rules of a processor run in.
#[derive(Clone)]
pub(crate) struct Sandbox {
    engine: Engine,
    target: Target,
    compiler: Compiler,
    /// Where compiled code is kept.
    cache: Option<CodeCache>,
    /// Whoever wants to know what rules say.
    listener: Option<Listener>,
    _ticker: Ticker,
}

impl Sandbox {
    pub(crate) fn new(
        compiler: Compiler,
        cache: Option<CodeCache>,
        listener: Option<Listener>,
    ) -> Result<Self, LoadReason> {
        let failed = |error: String| LoadReason::Sandbox(error);
        let engine = engine::new().map_err(|error| failed(format!("{error:#}")))?;
        let ticker = Ticker::start(&engine).map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            target: Target::of(&engine),
            engine,
            compiler,
            cache,
            listener,
            _ticker: ticker,
        })
    }

    /// What rules are compiled by.
    pub(crate) fn compiler(&self) -> &Compiler {
        &self.compiler
    }

    /// A component as code: kept from the last time, or compiled.
    fn component(&self, bytes: &[u8]) -> Result<Component, LoadReason> {
        let key = Key {
            component: Checksum::of(bytes),
            target: self.target,
        };
        if let Some(cache) = &self.cache
            && let Some(code) = cache.get(key)
        {
            match self.map(&code) {
                Ok(component) => return Ok(component),
                // Of an engine that calls itself the same, and is another.
                Err(_) => cache.forget(key),
            }
        }
        let code = self.compiler.compile(&self.engine, bytes)?;
        let component = self.map(&code);
        let component = component.map_err(|error| LoadReason::Sandbox(format!("{error:#}")))?;
        if let Some(cache) = &self.cache {
            cache.put(key, &code);
        }
        Ok(component)
    }

    #[allow(
        unsafe_code,
        reason = "the code is what a compiler of ours has just made, or what one made before and is \
                  unchanged since, in a directory that no other user can write to"
    )]
    fn map(&self, code: &[u8]) -> wasmtime::Result<Component> {
        // SAFETY: as above; the bytes are ours, and nobody can change them.
        unsafe { Component::deserialize(&self.engine, code) }
    }
}
