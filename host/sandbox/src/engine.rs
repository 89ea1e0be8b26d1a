//! The engine: the same in every process that compiles or runs a rule.

use wasmtime::{Config, Engine, OptLevel};

use crate::checksum::{Checksum, Hasher};

/// Of a guest's call stack.
const STACK: usize = 512 << 10;

/// What code is compiled for: two engines of the same target take each other's.
/// It has the version of the compiler in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target(pub(crate) Checksum);

pub(crate) fn new() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Epochs rather than fuel: a third of the cost in parsing loops.
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        // Hashes of 128 bits are products of 64 times 64.
        .wasm_wide_arithmetic(true)
        .cranelift_opt_level(OptLevel::Speed);
    Engine::new(&config)
}

impl Target {
    pub(crate) fn of(engine: &Engine) -> Self {
        use std::hash::Hash as _;
        let mut hasher = Hasher::default();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self(hasher.finish())
    }
}
