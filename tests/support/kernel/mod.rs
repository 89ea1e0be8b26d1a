//! The built-in rule beside the kernel: the engine as a WebAssembly module, in wasmtime, with
//! a host that does what docs/kernel.md says.
//!
//! # Layout
//!
//! | module | what it has |
//! |---|---|
//! | `outside` | what the module imports |
//! | `lists` | what crosses its boundary |
//! | `totals` | what was done, out of its figures |
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::missing_errors_doc,
    reason = "a test that panics has failed"
)]

mod lists;
mod outside;
mod totals;

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::interface::{About, Plan};
use linkmend::{Counts, FaultReason, HoldOptions, HoldStats, Mended, ProcessError, RuleFault};
use serde_json::{Value, json};
use wasmtime::{Engine, Instance, Module, Store};

use lists::{applied, is_all};
pub use outside::Make;
use outside::{Outside, block_at, linker};
use totals::Totals;

/// The committed module.
const KERNEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../collector/internal/embedded/kernel.wasm"
);

/// A kernel whose one rule runs in this program.
pub struct Kernel(Mutex<Running>);

struct Running {
    store: Store<Outside>,
    instance: Instance,
    /// What was done until now.
    totals: Totals,
}

impl Kernel {
    /// One that holds spans as these options want, if there are some.
    ///
    /// # Panics
    ///
    /// When the module is not what docs/kernel.md says.
    #[must_use]
    pub fn new(about: &About, plan: &Plan, make: Make, hold: Option<&HoldOptions>) -> Self {
        let (engine, module) = module();
        let mut store = Store::new(engine, Outside::new(make));
        let instance = linker(engine).instantiate(&mut store, module).unwrap();
        let mut running = Running {
            store,
            instance,
            totals: Totals::default(),
        };
        let options = options(about, plan, hold).to_string();
        let wrong = running.call_with("configure", &[options.as_bytes()], &[]);
        assert!(wrong.is_empty(), "{}", String::from_utf8_lossy(&wrong));
        Self(Mutex::new(running))
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        self.0.lock().unwrap()
    }

    /// As `linkmend::Processor::process_at`.
    ///
    /// # Errors
    ///
    /// None: what is rejected or malformed panics.
    pub fn process_at(&self, batch: &Bytes, now: Instant) -> Result<Mended, ProcessError> {
        let mut running = self.running();
        let now = running.nanos(now);
        let answer = running.call_with("process", &[batch], &[now]);
        Ok(running.mended(batch, &answer))
    }

    /// As `linkmend::Processor::release`.
    pub fn release(&self, now: Instant) -> Vec<Mended> {
        let mut running = self.running();
        let now = running.nanos(now);
        running.all("release", &[now])
    }

    /// As `linkmend::Processor::drain`.
    pub fn drain(&self) -> Vec<Mended> {
        self.running().all("drain", &[])
    }

    /// As `linkmend::Processor::next_release`.
    pub fn next_release(&self) -> Option<Instant> {
        let mut running = self.running();
        let next = running.call("next_release", &[]);
        (next != u64::MAX).then(|| running.store.data().began + Duration::from_nanos(next))
    }

    /// As `linkmend::Processor::hold_stats`.
    pub fn hold_stats(&self) -> HoldStats {
        let told = self.running().told();
        let number = |name: &str| told["hold"][name].as_u64().unwrap();
        HoldStats {
            held: number("held") as usize,
            bytes: number("bytes") as usize,
            held_total: number("held_total"),
            released_ready: number("released_ready"),
            released_due: number("released_due"),
            released_overflow: number("released_overflow"),
            given_up: number("given_up"),
            released_drained: number("released_drained"),
        }
    }
}

impl Running {
    fn nanos(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.store.data().began);
        since.as_nanos() as u64
    }

    fn call(&mut self, export: &str, arguments: &[wasmtime::Val]) -> u64 {
        let function = self.instance.get_func(&mut self.store, export).unwrap();
        let mut results = [wasmtime::Val::I64(0)];
        let called = function.call(&mut self.store, arguments, &mut results);
        called.unwrap_or_else(|error| panic!("{export}: {error:?}"));
        results[0].unwrap_i64() as u64
    }

    /// Calls an export with blocks, and then numbers; answers with a block.
    fn call_with(&mut self, export: &str, blocks: &[&[u8]], numbers: &[u64]) -> Vec<u8> {
        let mut arguments = Vec::new();
        for block in blocks {
            let allocate = self.instance.get_typed_func(&mut self.store, "allocate");
            let address: u32 = allocate
                .unwrap()
                .call(&mut self.store, block.len() as u32)
                .unwrap();
            let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
            memory
                .write(&mut self.store, address as usize, block)
                .unwrap();
            arguments.push(wasmtime::Val::I32(address as i32));
            arguments.push(wasmtime::Val::I32(block.len() as i32));
        }
        let numbers = numbers.iter().map(|number| *number as i64);
        arguments.extend(numbers.map(wasmtime::Val::I64));
        let answer = self.call(export, &arguments);
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        block_at(memory.data(&self.store), answer)
    }

    fn told(&mut self) -> Value {
        serde_json::from_slice(&self.call_with("counts", &[], &[])).unwrap()
    }

    /// What was done since it was asked last.
    fn since(&mut self) -> Counts {
        let told = self.told();
        let totals = Totals::of(&told);
        let before = std::mem::replace(&mut self.totals, totals.clone());
        totals.minus(&before)
    }

    fn faults(&mut self) -> Vec<RuleFault> {
        let logged = std::mem::take(&mut self.store.data_mut().logged);
        let fault = |text| RuleFault {
            rule: "linkmend-repair".into(),
            reason: FaultReason::Trap(text),
        };
        logged.into_iter().map(fault).collect()
    }

    /// Calls an export for as long as it answers with a batch.
    fn all(&mut self, export: &str, numbers: &[u64]) -> Vec<Mended> {
        let mut all = Vec::new();
        loop {
            let traces = self.call_with(export, &[], numbers);
            let counts = self.since();
            if traces.is_empty() {
                return all;
            }
            all.push(Mended {
                traces: Some(traces.into()),
                counts,
                faults: self.faults(),
                ..Mended::default()
            });
        }
    }

    fn mended(&mut self, batch: &Bytes, answer: &[u8]) -> Mended {
        let mut rest = answer;
        let mut number = || {
            let (number, after) = rest.split_first_chunk().unwrap();
            rest = after;
            u32::from_le_bytes(*number) as usize
        };
        let header: [usize; 6] = std::array::from_fn(|_| number());
        let [status, changed, held, overflow, links, text] = header;
        let changed: Vec<usize> = (0..changed).map(|_| number()).collect();
        let held: Vec<usize> = (0..held).map(|_| number()).collect();
        let (links, rest) = rest.split_at(links);
        let (text, mut rest) = rest.split_at(text);
        assert!(status <= 1, "{status}: {}", String::from_utf8_lossy(text));
        let mut others = Vec::new();
        for _ in 0..overflow {
            let (length, after) = rest.split_first_chunk().unwrap();
            let (traces, after) = after.split_at(u32::from_le_bytes(*length) as usize);
            others.push(Mended {
                traces: Some(Bytes::copy_from_slice(traces)),
                ..Mended::default()
            });
            rest = after;
        }
        assert!(rest.is_empty());
        let is_left = held.is_empty() || !is_all(batch, held.len());
        let traces = if status == 0 {
            batch.clone()
        } else {
            applied(batch, &changed, links, &held)
        };
        let counts = self.since();
        Mended {
            traces: is_left.then_some(traces),
            held: held.len(),
            overflow: others,
            counts,
            faults: self.faults(),
            ..Mended::default()
        }
    }
}

fn module() -> (&'static Engine, &'static Module) {
    static MODULE: OnceLock<(Engine, Module)> = OnceLock::new();
    let (engine, module) = MODULE.get_or_init(|| {
        let engine = Engine::default();
        let module = Module::from_file(&engine, KERNEL).unwrap();
        (engine, module)
    });
    (engine, module)
}

fn options(about: &About, plan: &Plan, hold: Option<&HoldOptions>) -> Value {
    let selector = &plan.selector;
    let mut options = json!({
        "rules": [{
            "about": {"name": about.name, "version": about.version, "summary": about.summary},
            "plan": {
                "selector": {
                    "kinds": selector.kinds.bits(),
                    "attribute_keys": selector.attribute_keys,
                    "attribute_prefixes": selector.attribute_prefixes,
                    "with_links": selector.with_links,
                },
                "uses_index": plan.uses_index,
                "type_attribute": plan.type_attribute,
                "count_all_drops": plan.count_all_drops,
                "reads": plan.reads,
            },
            "world": "field",
        }],
    });
    if let Some(hold) = hold {
        options["hold"] = json!({
            "time_ms": hold.time.as_millis() as u64,
            "max_spans": hold.max_spans,
            "max_bytes": hold.max_bytes,
            "give_up_after": hold.give_up_after,
        });
    }
    options
}
