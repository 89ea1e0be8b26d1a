//! What the module imports: a rule that runs in this program, on a thread of its own, since
//! what it asks of its index the kernel answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::time::Instant;

use linkmend::index::{IndexError, MessageIndex, MessageKey, Producer, Recalled};
use linkmend::interface::Tasks;
use linkmend::wire::located::Located;
use linkmend::{NativeRule, Shown};
use wasmtime::{Caller, Engine, Extern, Linker, Memory};

use super::lists::{put_key, put_producer, put_verdict, recalled};

/// What instances of a rule are made by.
pub type Make = Arc<dyn Fn() -> Box<dyn NativeRule> + Send + Sync>;

/// What the host keeps.
pub(super) struct Outside {
    pub(super) began: Instant,
    make: Make,
    rules: HashMap<u32, Box<dyn NativeRule>>,
    made: u32,
    pub(super) logged: Vec<String>,
}

impl Outside {
    pub(super) fn new(make: Make) -> Self {
        Self {
            began: Instant::now(),
            make,
            rules: HashMap::new(),
            made: 0,
            logged: Vec::new(),
        }
    }
}

/// A question of a rule, on its thread, to its index, which is in the kernel.
enum Question {
    Remember(Vec<u8>, Vec<u8>, SyncSender<u32>),
    Recall(Vec<u8>, SyncSender<Vec<u8>>),
}

/// The index of a rule: it asks the thread that is in the kernel.
struct Through(Sender<Question>);

pub(super) fn linker(engine: &Engine) -> Linker<Outside> {
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

pub(super) fn block_at(memory: &[u8], block: u64) -> Vec<u8> {
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
        wasmtime::Val::I32(status) => u64::from(status as u32),
        wasmtime::Val::I64(block) => block as u64,
        _ => panic!("no number"),
    }
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
            put_producer(&mut bytes, producer);
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
