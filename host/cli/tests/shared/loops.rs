//! A rule of some kilobytes whose compilation takes minutes and gigabytes: so
//! many loops in each other, and so many variables that all of them change.

use std::fmt::Write as _;

/// A guest for the shell of `tests/guests`.
pub fn loops() -> String {
    const LOOPS: usize = 2000;
    const LOCALS: usize = 5000;
    let mut text = String::from("(func $hostile (param i32 i32 i32) (result i32) (local");
    text.push_str(&" i32".repeat(LOCALS));
    text.push_str(")\n");
    text.push_str(&"loop\n".repeat(LOOPS));
    for local in 3..LOCALS + 3 {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "local.get {local} i32.const 1 i32.add local.set {local}"
        );
    }
    text.push_str(&"local.get 3 br_if 0 end\n".repeat(LOOPS));
    text + "i32.const 0)\n"
}
