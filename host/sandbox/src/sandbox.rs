//! What all rules of a processor run in.

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::{CodeCache, Key};
use crate::checksum::Checksum;
use crate::compile::Compiler;
use crate::engine::{self, Target};
use crate::error::LoadReason;
use crate::said::Listener;
use crate::ticker::Ticker;

/// What all rules of a processor run in.
#[derive(Clone)]
pub struct Sandbox {
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
    /// One whose rules are compiled by this compiler, kept there, and heard by that listener.
    ///
    /// # Errors
    ///
    /// When the machine cannot run WebAssembly.
    pub fn new(
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
    #[must_use]
    pub fn compiler(&self) -> &Compiler {
        &self.compiler
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whoever wants to know what rules say.
    pub(crate) fn listener(&self) -> Option<Listener> {
        self.listener.clone()
    }

    /// A component as code: kept from the last time, or compiled.
    pub(crate) fn component(&self, bytes: &[u8]) -> Result<Component, LoadReason> {
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

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("compiler", &self.compiler)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
