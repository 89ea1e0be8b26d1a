//! How a rule failed, and where: the functions, as far as the component has
//! their names, and what it said.

use linkmend_core::clip;
use wasmtime::{Error, WasmBacktrace};

use crate::said::Saying;

/// How many functions are told.
const MOST_FUNCTIONS: usize = 4;

/// Those that every failure of a language goes through say nothing of it.
const OF_FAILING: [&str; 9] = [
    "abort",
    "core::option::",
    "core::panicking::",
    "core::result::",
    "__rust",
    "rust_",
    "std::panicking::",
    "std::process::",
    "std::sys::",
];

/// A failure, with where it was and what the rule said of it.
pub(crate) fn told(error: &Error, text: &str, said: &Saying) -> String {
    let place = place(error);
    let words = match said.last_words() {
        words if words.is_empty() => words,
        words => format!("; it said: {words}"),
    };
    format!("{text}{place}{words}")
}

/// Where a call failed or was ended: ` in inner < outer`. Empty where nobody knows.
pub(crate) fn place(error: &Error) -> String {
    match functions(error).as_slice() {
        [] => String::new(),
        functions => clip(format!(" in {}", functions.join(" < "))),
    }
}

/// The functions that were running, the innermost first.
fn functions(error: &Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let frames = backtrace.frames().iter();
    let names = frames.filter_map(|frame| frame.func_name()).map(plain_name);
    let is_telling = |name: &String| !OF_FAILING.iter().any(|of| name.starts_with(of));
    names.filter(is_telling).take(MOST_FUNCTIONS).collect()
}

/// As it stands in the source, without the compiler's hash.
fn plain_name(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}
