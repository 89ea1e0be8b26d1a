//! The built-in rule beside the kernel: the engine as a WebAssembly module, in wasmtime, with
//! a host that does what docs/kernel.md says.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::index::{IndexError, MessageIndex, MessageKey, Producer, Recalled, Text};
use linkmend::interface::{About, Plan, Tasks, Verdict};
use linkmend::wire::located::Located;
use linkmend::{
    Counts, FaultReason, HoldOptions, HoldStats, Mended, NativeRule, ProcessError, Reason,
    RuleFault, Shown,
};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message as _;
use serde_json::{Value, json};
use wasmtime::{Caller, Engine, Extern, Instance, Linker, Memory, Module, Store};

/// The committed module.
const KERNEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../collector/internal/embedded/kernel.wasm"
);

/// What instances of a rule are made by.
pub type Make = Arc<dyn Fn() -> Box<dyn NativeRule> + Send + Sync>;

/// A kernel whose one rule runs in this program.
pub struct Kernel(Mutex<Running>);

struct Running {
    store: Store<Outside>,
    instance: Instance,
    /// What was done until now.
    totals: Totals,
}

/// What the host keeps.
struct Outside {
    began: Instant,
    make: Make,
    rules: HashMap<u32, Box<dyn NativeRule>>,
    made: u32,
    logged: Vec<String>,
}

#[derive(Clone, Default)]
struct Totals {
    counts: BTreeMap<String, u64>,
    by_link_type: BTreeMap<String, u64>,
    reasons: BTreeMap<(String, String, String), u64>,
}

/// A question of a rule, on its thread, to its index, which is in the kernel.
enum Question {
    Remember(Vec<u8>, Vec<u8>, SyncSender<u32>),
    Recall(Vec<u8>, SyncSender<Vec<u8>>),
}

/// The index of a rule: it asks the thread that is in the kernel.
struct Through(Sender<Question>);

impl Kernel {
    /// One that holds spans as these options want, if there are some.
    ///
    /// # Panics
    ///
    /// When the module is not what docs/kernel.md says.
    #[must_use]
    pub fn new(about: &About, plan: &Plan, make: Make, hold: Option<&HoldOptions>) -> Self {
        let (engine, module) = module();
        let outside = Outside {
            began: Instant::now(),
            make,
            rules: HashMap::new(),
            made: 0,
            logged: Vec::new(),
        };
        let mut store = Store::new(engine, outside);
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

fn is_all(batch: &[u8], spans: usize) -> bool {
    crate::otlp::spans_of(batch).len() == spans
}

/// A batch with what the kernel says of it, as a host does it that has it as structs.
fn applied(batch: &[u8], changed: &[usize], links: &[u8], held: &[usize]) -> Bytes {
    let mut traces = TracesData::decode(batch).unwrap();
    let mended: Vec<Span> = crate::otlp::spans_of(links);
    assert_eq!(mended.len(), changed.len());
    let mut mended = changed.iter().zip(mended).peekable();
    let mut place = 0;
    let mut keep = |span: &mut Span| {
        let here = place;
        place += 1;
        if let Some((_, mended)) = mended.next_if(|(place, _)| **place == here) {
            assert_eq!((&mended.name, mended.span_id.len()), (&String::new(), 0));
            span.links = mended.links;
            span.dropped_links_count = mended.dropped_links_count;
        }
        !held.contains(&here)
    };
    for resource in &mut traces.resource_spans {
        for scope in &mut resource.scope_spans {
            scope.spans.retain_mut(&mut keep);
        }
        resource.scope_spans.retain(|scope| !scope.spans.is_empty());
    }
    traces
        .resource_spans
        .retain(|resource| !resource.scope_spans.is_empty());
    traces.encode_to_vec().into()
}

impl Totals {
    fn of(told: &Value) -> Self {
        let numbers = |value: &Value| {
            let members = value.as_object().unwrap().iter();
            let numbers = members.filter_map(|(name, value)| Some((name.clone(), value.as_u64()?)));
            numbers.collect::<BTreeMap<_, _>>()
        };
        let reasons = told["reasons"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            counts: numbers(&told["counts"]),
            by_link_type: numbers(&told["counts"]["by_link_type"]),
            reasons: reasons
                .map(|reason| {
                    let whose = (
                        text(&reason["reason"]),
                        text(&reason["service"]),
                        text(&reason["messaging_system"]),
                    );
                    (whose, reason["count"].as_u64().unwrap())
                })
                .collect(),
        }
    }

    fn minus(&self, before: &Self) -> Counts {
        let number = |name: &str| {
            let now = self.counts.get(name).copied().unwrap_or(0);
            now - before.counts.get(name).copied().unwrap_or(0)
        };
        let mut counts = Counts {
            batches: number("batches"),
            spans: number("spans"),
            spans_invalid: number("spans_invalid"),
            links_in: number("links_in"),
            links_added: number("links_added"),
            links_repaired: number("links_repaired"),
            links_dropped_invalid: number("links_dropped_invalid"),
            links_dropped_duplicate: number("links_dropped_duplicate"),
            links_dropped_unwanted: number("links_dropped_unwanted"),
            links_cut: number("links_cut"),
            links_typed: number("links_typed"),
            links_out: number("links_out"),
            links_held: number("links_held"),
            links_released: number("links_released"),
            unresolved: number("unresolved"),
            ambiguous: number("ambiguous"),
            incomplete: number("incomplete"),
            unnamed: number("unnamed"),
            unnamed_spans: number("unnamed_spans"),
            rule_calls: number("rule_calls"),
            rule_faults: number("rule_faults"),
            ..Counts::default()
        };
        for (name, count) in &self.by_link_type {
            let count = count - before.by_link_type.get(name).copied().unwrap_or(0);
            if count > 0 {
                counts.by_link_type.insert(name.clone(), count);
            }
        }
        for (whose, count) in &self.reasons {
            let count = count - before.reasons.get(whose).copied().unwrap_or(0);
            let (reason, service, system) = whose;
            let reason = Reason::ALL.iter().find(|one| one.as_str() == reason);
            if count > 0 {
                counts.reasons.add(*reason.unwrap(), service, system, count);
            }
        }
        counts
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

fn linker(engine: &Engine) -> Linker<Outside> {
    let mut linker = Linker::new(engine);
    let name = "linkmend";
    linker
        .func_wrap(name, "now", |caller: Caller<'_, Outside>| {
            caller.data().began.elapsed().as_nanos() as u64
        })
        .unwrap()
        .func_wrap(
            name,
            "log",
            |mut caller: Caller<'_, Outside>, level: u32, address: u32, length: u32| {
                let text = bytes_at(&mut caller, address, length);
                if level >= 4 {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    caller.data_mut().logged.push(text);
                }
            },
        )
        .unwrap()
        .func_wrap(
            name,
            "rule_new",
            |mut caller: Caller<'_, Outside>, rule: u32| {
                assert_eq!(rule, 0);
                let outside = caller.data_mut();
                outside.made += 1;
                let instance = (outside.make)();
                outside.rules.insert(outside.made, instance);
                let handle = u64::from(outside.made);
                answer(&mut caller, &(handle << 32).to_le_bytes())
            },
        )
        .unwrap()
        .func_wrap(name, "rule_call", rule_call)
        .unwrap()
        .func_wrap(
            name,
            "rule_drop",
            |mut caller: Caller<'_, Outside>, instance: u32| {
                assert!(caller.data_mut().rules.remove(&instance).is_some());
            },
        )
        .unwrap()
        .func_wrap(
            name,
            "store_remember",
            |_: Caller<'_, Outside>, _: u32, _: u32, _: u32, _: u32| {},
        )
        .unwrap()
        .func_wrap(
            name,
            "store_recall",
            |_: Caller<'_, Outside>, _: u32, _: u32| 0_u64,
        )
        .unwrap();
    linker
}

/// Runs the rule on a thread of its own, and asks the kernel what it wants to know.
fn rule_call(
    mut caller: Caller<'_, Outside>,
    instance: u32,
    tasks: u32,
    shown: u32,
    shown_length: u32,
    values: u32,
    values_length: u32,
) -> u64 {
    let fields = bytes_at(&mut caller, shown, shown_length);
    let values = bytes_at(&mut caller, values, values_length);
    let mut rule = caller.data_mut().rules.remove(&instance).unwrap();
    let tasks = Tasks::from_bits(tasks as u8).unwrap();
    let (asks, questions) = channel();
    let verdict = std::thread::scope(|scope| {
        let runs = scope.spawn(|| {
            let through = Through(asks);
            let shown = Shown::Fields(Located {
                fields: &fields,
                values: &values,
            });
            rule.process(tasks, shown, &through)
        });
        for question in questions {
            match question {
                Question::Remember(producers, texts, reply) => {
                    let status = call_back(&mut caller, "index_remember", &[&producers, &texts]);
                    reply.send(status as u32).unwrap();
                }
                Question::Recall(keys, reply) => {
                    let recalled = call_back(&mut caller, "index_recall", &[&keys]);
                    let memory = memory(&mut caller);
                    let recalled = block_at(memory.data(&caller), recalled);
                    reply.send(recalled).unwrap();
                }
            }
        }
        runs.join().unwrap()
    });
    caller.data_mut().rules.insert(instance, rule);
    let mut bytes = Vec::new();
    match verdict {
        Ok(verdict) => {
            bytes.extend([0, 1].map(u32::to_le_bytes).concat());
            put_verdict(&mut bytes, &verdict);
        }
        Err(text) => {
            bytes.extend([8, 1].map(u32::to_le_bytes).concat());
            bytes.extend(text.as_bytes());
        }
    }
    answer(&mut caller, &bytes)
}

fn memory(caller: &mut Caller<'_, Outside>) -> Memory {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => memory,
        _ => panic!("no memory"),
    }
}

fn bytes_at(caller: &mut Caller<'_, Outside>, address: u32, length: u32) -> Vec<u8> {
    let memory = memory(caller);
    let range = address as usize..address as usize + length as usize;
    memory.data(&caller)[range].to_vec()
}

fn block_at(memory: &[u8], block: u64) -> Vec<u8> {
    let (address, length) = ((block >> 32) as usize, block as u32 as usize);
    memory[address..address + length].to_vec()
}

/// Lends a block, and fills it.
fn answer(caller: &mut Caller<'_, Outside>, bytes: &[u8]) -> u64 {
    let Some(Extern::Func(allocate)) = caller.get_export("allocate") else {
        panic!("no allocate");
    };
    let allocate = allocate.typed::<u32, u32>(&caller).unwrap();
    let address = allocate.call(&mut *caller, bytes.len() as u32).unwrap();
    let memory = memory(caller);
    memory.write(caller, address as usize, bytes).unwrap();
    u64::from(address) << 32 | bytes.len() as u64
}

/// Calls an export from an import, with blocks.
fn call_back(caller: &mut Caller<'_, Outside>, export: &str, blocks: &[&[u8]]) -> u64 {
    let mut arguments = Vec::new();
    for block in blocks {
        let block = answer(caller, block);
        arguments.push(wasmtime::Val::I32((block >> 32) as i32));
        arguments.push(wasmtime::Val::I32(block as i32));
    }
    let Some(Extern::Func(function)) = caller.get_export(export) else {
        panic!("no {export}");
    };
    let mut results = [wasmtime::Val::I32(0)];
    function.call(caller, &arguments, &mut results).unwrap();
    match results[0] {
        wasmtime::Val::I32(status) => status as u32 as u64,
        wasmtime::Val::I64(block) => block as u64,
        _ => panic!("no number"),
    }
}

/// A verdict as the canonical ABI lays its lists out.
fn put_verdict(out: &mut Vec<u8>, verdict: &Verdict) {
    let mut lists: [Vec<u8>; 7] = Default::default();
    let [
        edits,
        attributes,
        notes,
        deferrals,
        keys,
        texts,
        explanations,
    ] = &mut lists;
    let text = |list: &mut Vec<u8>, text: Text| put(list, &[text.offset, text.length]);
    for edit in &verdict.edits {
        put(edits, &[edit.span, edit.link]);
        edits.extend([
            edit.action as u8,
            edit.reason as u8,
            0xaa,
            0xaa,
            0xaa,
            0xaa,
            0xaa,
            0xaa,
        ]);
        let context = &edit.context;
        for id in [context.trace_id_high, context.trace_id_low, context.span_id] {
            edits.extend(id.to_le_bytes());
        }
        text(edits, context.trace_state);
        put(edits, &[context.flags, 0xaaaa_aaaa]);
        put(edits, &[edit.first_attribute, edit.attribute_count]);
    }
    for attribute in &verdict.attributes {
        text(attributes, attribute.key);
        attributes.extend([attribute.kind as u8, 0xaa, 0xaa, 0xaa]);
        text(attributes, attribute.text);
        put(attributes, &[0xaaaa_aaaa]);
        attributes.extend(attribute.bits.to_le_bytes());
    }
    for note in &verdict.notes {
        put(notes, &[note.span]);
        notes.extend([note.kind as u8, 0xaa, 0xaa, 0xaa]);
        put(notes, &[note.count]);
    }
    for deferral in &verdict.deferrals {
        let numbers = [deferral.span, deferral.first_key, deferral.key_count];
        put(deferrals, &numbers);
    }
    for key in &verdict.keys {
        put_key(keys, *key);
    }
    texts.extend(&verdict.texts);
    for explanation in &verdict.explanations {
        put(explanations, &[explanation.span]);
        text(explanations, explanation.text);
    }
    for list in &lists {
        put(out, &[list.len() as u32]);
    }
    out.extend(lists.concat());
}

fn put(out: &mut Vec<u8>, numbers: &[u32]) {
    for number in numbers {
        out.extend(number.to_le_bytes());
    }
}

fn put_key(out: &mut Vec<u8>, key: MessageKey) {
    out.extend(key.high.to_le_bytes());
    out.extend(key.low.to_le_bytes());
}

impl Through {
    fn recall(&self, keys: &[MessageKey], before: impl Fn(usize) -> u64) -> Recalled {
        let mut bytes = Vec::new();
        for (place, key) in keys.iter().enumerate() {
            put_key(&mut bytes, *key);
            bytes.extend(before(place).to_le_bytes());
        }
        let (reply, replied) = sync_channel(1);
        self.0.send(Question::Recall(bytes, reply)).unwrap();
        recalled(&replied.recv().unwrap())
    }
}

impl MessageIndex for Through {
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        let mut bytes = Vec::new();
        for producer in producers {
            put_key(&mut bytes, producer.key);
            for number in [
                producer.trace_id_high,
                producer.trace_id_low,
                producer.span_id,
                producer.start,
                producer.end,
            ] {
                bytes.extend(number.to_le_bytes());
            }
            let state = producer.trace_state;
            put(&mut bytes, &[state.offset, state.length, producer.flags]);
            bytes.extend(producer.hint.to_le_bytes());
            bytes.extend([producer.rank, 0]);
        }
        let (reply, replied) = sync_channel(1);
        let question = Question::Remember(bytes, texts.to_vec(), reply);
        self.0.send(question).unwrap();
        match replied.recv().unwrap() {
            0 => Ok(()),
            1 => Err(IndexError::Malformed),
            2 => Err(IndexError::TooMany),
            _ => Err(IndexError::Unavailable),
        }
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        Ok(Self::recall(self, keys, |_| u64::MAX))
    }

    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        Ok(Self::recall(self, keys, |place| before[place]))
    }
}

fn recalled(bytes: &[u8]) -> Recalled {
    let (lengths, rest) = bytes.split_at(16);
    let lengths: Vec<usize> = lengths
        .chunks(4)
        .map(|number| u32::from_le_bytes(number.try_into().unwrap()) as usize)
        .collect();
    assert_eq!(lengths[0], 0);
    let (counts, rest) = rest.split_at(lengths[1]);
    let (producers, texts) = rest.split_at(lengths[2]);
    assert_eq!(texts.len(), lengths[3]);
    let producers = producers.chunks(72).map(|bytes| {
        let wide = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let narrow = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        Producer {
            key: MessageKey {
                high: wide(0),
                low: wide(8),
            },
            trace_id_high: wide(16),
            trace_id_low: wide(24),
            span_id: wide(32),
            start: wide(40),
            end: wide(48),
            trace_state: Text {
                offset: narrow(56),
                length: narrow(60),
            },
            flags: narrow(64),
            hint: u16::from_le_bytes([bytes[68], bytes[69]]),
            rank: bytes[70],
        }
    });
    Recalled {
        counts: counts.to_vec(),
        producers: producers.collect(),
        texts: texts.to_vec(),
    }
}
