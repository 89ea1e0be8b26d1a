//! WASI with nothing in it, for components of languages that cannot be compiled
//! without (Go, and Rust for wasm32-wasip2): time stands still, there is no
//! file, variable, argument or network, random numbers are always the same. What
//! is printed is what the rule says ([`crate::said`]). Whatever else is called
//! traps.
//!
//! It is not an implementation of WASI: functions are answered by their names,
//! with the few answers that a language's runtime needs to come up.

use wasmtime::component::Linker;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, LinkerInstance, Resource, ResourceType, Val};
use wasmtime::{Engine, Error, StoreContextMut};

use crate::host::HostState;
use crate::said::Stream;

/// Names of WASI's interfaces begin like this.
const NAMESPACE: &str = "wasi:";

/// What every handle of WASI stands for, by its number: one of these streams, or
/// nothing.
struct Nothing;

const NOTHING: u32 = 0;
const OUTPUT: u32 = 1;
const ERROR: u32 = 2;

/// What a function answers.
#[derive(Clone, Copy)]
enum Answer {
    /// An empty list.
    Empty,
    /// No value.
    None,
    /// Success, without a value.
    Done,
    /// Success: room for so many bytes.
    Room(u64),
    /// The stream is at its end.
    Closed,
    /// A handle that stands for this.
    Handle(u32),
    /// Success, and the bytes go where the stream goes.
    Print,
    /// A number.
    Number(u64),
    /// Seconds and nanoseconds.
    Time(u64, u32),
    /// As many bytes as were asked for, always the same.
    Bytes,
    /// Two numbers, always the same.
    Seed,
}

/// Nanoseconds: a runtime may take zero for a clock that does not work.
const INSTANT: u64 = 1;
const RANDOM: u64 = 0x9e37_79b9_7f4a_7c15;
const MOST_RANDOM_BYTES: u64 = 1 << 16;

#[rustfmt::skip]
const ANSWERS: &[(&str, &str, Answer)] = &[
    ("cli/environment", "get-environment", Answer::Empty),
    ("cli/environment", "get-arguments", Answer::Empty),
    ("cli/environment", "initial-cwd", Answer::None),
    ("cli/stdin", "get-stdin", Answer::Handle(NOTHING)),
    ("cli/stdout", "get-stdout", Answer::Handle(OUTPUT)),
    ("cli/stderr", "get-stderr", Answer::Handle(ERROR)),
    ("cli/terminal-stdin", "get-terminal-stdin", Answer::None),
    ("cli/terminal-stdout", "get-terminal-stdout", Answer::None),
    ("cli/terminal-stderr", "get-terminal-stderr", Answer::None),
    ("clocks/monotonic-clock", "now", Answer::Number(INSTANT)),
    ("clocks/monotonic-clock", "resolution", Answer::Number(1)),
    // Go's garbage collector asks, not only rules.
    ("clocks/wall-clock", "now", Answer::Time(0, 0)),
    ("clocks/wall-clock", "resolution", Answer::Time(0, 1)),
    ("filesystem/preopens", "get-directories", Answer::Empty),
    ("io/streams", "[method]input-stream.read", Answer::Closed),
    ("io/streams", "[method]input-stream.blocking-read", Answer::Closed),
    ("io/streams", "[method]output-stream.check-write", Answer::Room(1 << 16)),
    ("io/streams", "[method]output-stream.write", Answer::Print),
    ("io/streams", "[method]output-stream.blocking-write-and-flush", Answer::Print),
    ("io/streams", "[method]output-stream.flush", Answer::Done),
    ("io/streams", "[method]output-stream.blocking-flush", Answer::Done),
    ("random/random", "get-random-bytes", Answer::Bytes),
    ("random/random", "get-random-u64", Answer::Number(RANDOM)),
    ("random/insecure", "get-insecure-random-bytes", Answer::Bytes),
    ("random/insecure", "get-insecure-random-u64", Answer::Number(RANDOM)),
    ("random/insecure-seed", "insecure-seed", Answer::Seed),
];

/// An import of this name is answered here.
pub(crate) fn is_wasi(import: &str) -> bool {
    import.starts_with(NAMESPACE)
}

/// Defines what a component imports of WASI.
pub(crate) fn add(
    linker: &mut Linker<HostState>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<()> {
    for (name, item) in component.component_type().imports(engine) {
        if let (true, ComponentItem::ComponentInstance(instance)) = (is_wasi(name), item.ty) {
            let mut defined = linker.instance(name)?;
            for (member, item) in instance.exports(engine) {
                define(&mut defined, name, member, &item.ty)?;
            }
        }
    }
    Ok(())
}

fn define(
    linker: &mut LinkerInstance<'_, HostState>,
    interface: &str,
    member: &str,
    item: &ComponentItem,
) -> wasmtime::Result<()> {
    match item {
        ComponentItem::Resource(_) => {
            linker.resource(member, ResourceType::host::<Nothing>(), |_, _| Ok(()))
        }
        ComponentItem::ComponentFunc(_) => {
            let name = format!("{interface} {member}");
            let answer = answer(interface, member);
            linker.func_new(member, move |mut store, _, parameters, results| {
                let answer = answer.ok_or_else(|| refusal(&name))?;
                let handles = take_back(&mut store, parameters)?;
                give(answer, store, &handles, parameters, results)
            })
        }
        _ => Ok(()),
    }
}

fn refusal(function: &str) -> Error {
    let has_no = if function.contains("clocks/") {
        "a rule has no clock: what time it is, the spans say"
    } else {
        "a rule has no clock, file, environment, network or sleep"
    };
    Error::msg(format!("{function} was called, and {has_no}"))
}

fn answer(interface: &str, member: &str) -> Option<Answer> {
    let name = interface.strip_prefix(NAMESPACE)?;
    let name = name.split('@').next()?;
    let known = ANSWERS
        .iter()
        .find(|(interface, function, _)| *interface == name && *function == member);
    known.map(|(_, _, answer)| *answer)
}

/// The numbers of the handles that came with a call. A call must not end before
/// the host has given back those that were lent to it.
fn take_back(
    store: &mut StoreContextMut<'_, HostState>,
    parameters: &[Val],
) -> wasmtime::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for parameter in parameters {
        if let Val::Resource(handle) = parameter {
            let handle = handle.try_into_resource::<Nothing>(&mut *store)?;
            numbers.push(handle.rep());
        }
    }
    Ok(numbers)
}

fn give(
    answer: Answer,
    mut store: StoreContextMut<'_, HostState>,
    handles: &[u32],
    parameters: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let value = match answer {
        Answer::Empty => Val::List(Vec::new()),
        Answer::None => Val::Option(None),
        Answer::Done => Val::Result(Ok(None)),
        Answer::Room(bytes) => Val::Result(Ok(Some(Box::new(Val::U64(bytes))))),
        Answer::Closed => {
            let closed = Val::Variant("closed".into(), None);
            Val::Result(Err(Some(Box::new(closed))))
        }
        Answer::Handle(number) => {
            let handle = Resource::<Nothing>::new_own(number);
            Val::Resource(handle.try_into_resource_any(store)?)
        }
        Answer::Print => {
            print(&mut store, handles, parameters)?;
            Val::Result(Ok(None))
        }
        Answer::Number(number) => Val::U64(number),
        Answer::Time(seconds, nanoseconds) => Val::Record(vec![
            ("seconds".into(), Val::U64(seconds)),
            ("nanoseconds".into(), Val::U32(nanoseconds)),
        ]),
        Answer::Bytes => bytes(parameters)?,
        Answer::Seed => Val::Tuple(vec![Val::U64(RANDOM), Val::U64(RANDOM.rotate_left(32))]),
    };
    match results {
        [result] => {
            *result = value;
            Ok(())
        }
        _ => Err(of_another_type()),
    }
}

fn print(
    store: &mut StoreContextMut<'_, HostState>,
    handles: &[u32],
    parameters: &[Val],
) -> wasmtime::Result<()> {
    let stream = match handles {
        [OUTPUT] => Stream::Output,
        [ERROR] => Stream::Error,
        _ => return Ok(()),
    };
    let [_, Val::List(bytes)] = parameters else {
        return Err(of_another_type());
    };
    let bytes: Vec<u8> = bytes
        .iter()
        .filter_map(|byte| match byte {
            Val::U8(byte) => Some(*byte),
            _ => None,
        })
        .collect();
    store.data_mut().said.print(stream, &bytes);
    Ok(())
}

fn of_another_type() -> Error {
    Error::msg("a function of WASI has another type than it should")
}

fn bytes(parameters: &[Val]) -> wasmtime::Result<Val> {
    match parameters {
        [Val::U64(length)] if *length <= MOST_RANDOM_BYTES => {
            let bytes = RANDOM.to_le_bytes().into_iter().cycle();
            let bytes = bytes.take(*length as usize).map(Val::U8);
            Ok(Val::List(bytes.collect()))
        }
        _ => Err(Error::msg(
            "more random bytes were asked for than a rule is given",
        )),
    }
}
