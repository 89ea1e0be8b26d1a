//! Components made of text, so that no toolchain is needed.

const SHELL: &str = include_str!("../guests/shell.wat");

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
        "(func $hostile (param i32 i32 i32) (result i32) (unreachable))",
    ),
];

/// The text of a guest in its shell.
#[must_use]
pub fn in_shell(guest: &str) -> String {
    let defaults: Vec<&str> = DEFAULTS
        .iter()
        .filter(|(mark, _)| !guest.contains(mark))
        .map(|(_, default)| *default)
        .collect();
    SHELL
        .replace("\n    GUEST-HERE", guest)
        .replace("\n    DEFAULTS-HERE", &defaults.join("\n"))
}

/// A component of its text.
///
/// # Panics
///
/// When it is not well-formed.
#[must_use]
pub fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}
