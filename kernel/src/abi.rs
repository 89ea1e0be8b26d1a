//! The exports and imports of the module: docs/kernel.md.
#![allow(
    unsafe_code,
    reason = "exports have names, and imports are functions that the compiler knows nothing of"
)]
#![allow(
    missing_docs,
    reason = "docs/kernel.md says what each export does; crate::kernel has the same names"
)]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::blocks::{address_of, give, is_read, lend, take, take_answer};
use crate::{Host, Kernel};

static KERNEL: OnceLock<Kernel> = OnceLock::new();

/// What the module imports.
mod imports {
    #[link(wasm_import_module = "linkmend")]
    unsafe extern "C" {
        pub(super) safe fn now() -> u64;
        pub(super) safe fn log(level: u32, address: u32, length: u32);
        pub(super) safe fn rule_new(rule: u32) -> u64;
        pub(super) safe fn rule_call(
            instance: u32,
            tasks: u32,
            shown: u32,
            shown_length: u32,
            values: u32,
            values_length: u32,
        ) -> u64;
        pub(super) safe fn rule_drop(instance: u32);
        pub(super) safe fn store_remember(
            producers: u32,
            producers_length: u32,
            texts: u32,
            texts_length: u32,
        );
        pub(super) safe fn store_recall(keys: u32, keys_length: u32) -> u64;
    }
}

/// Whoever runs the module.
#[derive(Debug)]
struct Outside;

impl Host for Outside {
    fn now(&self) -> Duration {
        Duration::from_nanos(imports::now())
    }

    fn rule_new(&self, rule: u32) -> Vec<u8> {
        take_answer(imports::rule_new(rule))
    }

    fn rule_call(&self, instance: u32, tasks: u32, shown: &[u8], values: &[u8]) -> Vec<u8> {
        take_answer(imports::rule_call(
            instance,
            tasks,
            address_of(shown),
            shown.len() as u32,
            address_of(values),
            values.len() as u32,
        ))
    }

    fn rule_drop(&self, instance: u32) {
        imports::rule_drop(instance);
    }

    fn log(&self, level: u32, text: &str) {
        imports::log(level, address_of(text.as_bytes()), text.len() as u32);
    }

    fn store_remember(&self, producers: &[u8], texts: &[u8]) {
        imports::store_remember(
            address_of(producers),
            producers.len() as u32,
            address_of(texts),
            texts.len() as u32,
        );
    }

    fn store_recall(&self, keys: &[u8]) -> Vec<u8> {
        take_answer(imports::store_recall(address_of(keys), keys.len() as u32))
    }
}

/// What an export does, once the kernel is configured.
fn with(run: impl FnOnce(&Kernel) -> Vec<u8>) -> u64 {
    is_read();
    give(KERNEL.get().map(run).unwrap_or_default())
}

#[unsafe(no_mangle)]
extern "C" fn allocate(length: u32) -> u32 {
    lend(length)
}

#[unsafe(no_mangle)]
extern "C" fn configure(address: u32, length: u32) -> u64 {
    is_read();
    let options = take(address, length);
    let text = match Kernel::new(Arc::new(Outside), &options) {
        Ok(kernel) => match KERNEL.set(kernel) {
            Ok(()) => String::new(),
            Err(_) => "it is configured already".into(),
        },
        Err(text) => text,
    };
    give(text.into_bytes())
}

#[unsafe(no_mangle)]
extern "C" fn process(address: u32, length: u32, now: u64) -> u64 {
    let batch = take(address, length);
    with(|kernel| kernel.process(batch, Duration::from_nanos(now)))
}

#[unsafe(no_mangle)]
extern "C" fn release(now: u64) -> u64 {
    with(|kernel| {
        let released = kernel.release(Duration::from_nanos(now));
        released.map(Vec::from).unwrap_or_default()
    })
}

#[unsafe(no_mangle)]
extern "C" fn drain() -> u64 {
    with(|kernel| kernel.drain().map(Vec::from).unwrap_or_default())
}

#[unsafe(no_mangle)]
extern "C" fn next_release() -> u64 {
    KERNEL.get().map_or(u64::MAX, Kernel::next_release)
}

#[unsafe(no_mangle)]
extern "C" fn counts() -> u64 {
    with(Kernel::counts)
}

#[unsafe(no_mangle)]
extern "C" fn explain(address: u32, length: u32, asked: u32, asked_length: u32) -> u64 {
    let batch = take(address, length);
    let asked = take(asked, asked_length);
    with(|kernel| {
        let explained = kernel.explain(batch, &asked);
        explained.unwrap_or_else(String::into_bytes)
    })
}

#[unsafe(no_mangle)]
extern "C" fn index_remember(address: u32, length: u32, texts: u32, texts_length: u32) -> u32 {
    let producers = take(address, length);
    let texts = take(texts, texts_length);
    let kernel = KERNEL.get();
    kernel.map_or(3, |kernel| kernel.index_remember(&producers, &texts))
}

#[unsafe(no_mangle)]
extern "C" fn index_recall(address: u32, length: u32) -> u64 {
    let keys = take(address, length);
    with(|kernel| kernel.index_recall(&keys))
}

#[unsafe(no_mangle)]
extern "C" fn index_hash(address: u32, length: u32) -> u64 {
    let messages = take(address, length);
    is_read();
    give(Kernel::index_hash(&messages))
}

#[unsafe(no_mangle)]
extern "C" fn awaited() -> u64 {
    with(Kernel::awaited)
}

#[unsafe(no_mangle)]
extern "C" fn wake(address: u32, length: u32) {
    let keys = take(address, length);
    if let Some(kernel) = KERNEL.get() {
        kernel.wake(&keys);
    }
}
