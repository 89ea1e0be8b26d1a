//! Rules of text, so that no toolchain is needed: `tests/guests`.

use linkmend::Limits;
use linkmend_workbench::Subject;
use std::time::Duration;

const SHELL: &str = include_str!("../../../../tests/guests/shell.wat");

/// What a guest is given when it does not say it itself.
const DEFAULTS: [(&str, &str); 3] = [
    (
        "(export \"describe\")",
        "(func (export \"describe\") (result i32) (i32.const 256))",
    ),
    (
        "(export \"configure\")",
        "(func (export \"configure\") (param i32 i32) (result i32) (i32.const 320))",
    ),
    (
        "(func $hostile",
        "(func $hostile (param i32 i32 i32) (result i32) (call $answer (i32.const 0)))",
    ),
];

/// A rule that links span 0 of each small batch, and is what `guest` says on
/// larger ones.
pub fn subject(guest: &str) -> Subject {
    let missing = DEFAULTS.iter().filter(|(mark, _)| !guest.contains(mark));
    let defaults: Vec<&str> = missing.map(|(_, default)| *default).collect();
    let text = SHELL
        .replace("\n    GUEST-HERE", guest)
        .replace("\n    DEFAULTS-HERE", &defaults.join("\n"));
    let mut subject = Subject::new("guest.wasm", wat::parse_str(text).unwrap());
    subject.limits = Limits {
        // Reaching it is to take little time.
        call_time: Duration::from_millis(100),
        ..Limits::default()
    };
    subject
}
