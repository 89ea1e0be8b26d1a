//! Components made of text, so that no toolchain is needed.

use linkmend::World;

const SHELL: &str = include_str!("../guests/shell.wat");

/// The records of `spans`, and the types that they are made of. Types of an
/// export must have names that are exported themselves.
const RECORDS: &str = include_str!("../guests/records.wat");

/// What is another in the world `span-rule`: a text of the shell, and what
/// takes its place.
const OF_SPANS: [(&str, &str); 4] = [
    // The three lists of the batch, flat. What stands for the length of the
    // batch is the length of the first span's name: baits have long ones.
    (
        "(param $tasks i32) (param $traces i32) (param $length i32) (result i32)\n",
        "(param $tasks i32) (param i32 i32) (param $traces i32) (param $spans i32) (result i32)
      (local $length i32)
      (if (local.get $spans)
        (then (local.set $length (i32.load offset=52 (local.get $traces)))))\n",
    ),
    ("(param \"traces\" (list u8))", "(param \"traces\" $traces)"),
    ("(instance $batch ", "(instance $spans "),
    (
        "(export \"linkmend:rule/batch@0.2.0\" (instance $batch))",
        "(export \"linkmend:rule/spans@0.2.0\" (instance $spans))",
    ),
];

/// What is another in the world `field-rule`. What stands for the length of the
/// batch is that of the values: baits have long names.
const OF_FIELDS: [(&str, &str); 4] = [
    (
        "(param $tasks i32) (param $traces i32) (param $length i32) (result i32)\n",
        "(param $tasks i32) (param $traces i32) (param i32 i32) (param $length i32) (result i32)\n",
    ),
    (
        "(param \"traces\" (list u8))",
        "(param \"fields\" (list u8)) (param \"values\" (list u8))",
    ),
    ("(instance $batch ", "(instance $fields "),
    (
        "(export \"linkmend:rule/batch@0.2.0\" (instance $batch))",
        "(export \"linkmend:rule/fields@0.2.0\" (instance $fields))",
    ),
];

/// Where the records are declared: before the first function.
const BEFORE_FUNCTIONS: &str = "  (func $describe (result $about)";

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

/// The text of a guest in its shell, in the world `batch-rule`.
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

/// The same in any world.
///
/// # Panics
///
/// When the shell has changed and this here has not.
#[must_use]
pub fn in_shell_of(world: World, guest: &str) -> String {
    let text = in_shell(guest);
    let records = format!("{RECORDS}\n{BEFORE_FUNCTIONS}");
    let all: Vec<(&str, &str)> = match world {
        World::Batch => Vec::new(),
        World::Field => OF_FIELDS.into(),
        World::Span => {
            let records = (BEFORE_FUNCTIONS, records.as_str());
            OF_SPANS.into_iter().chain([records]).collect()
        }
    };
    all.into_iter().fold(text, |text, (old, new)| {
        assert_eq!(text.matches(old).count(), 1, "of the shell: {old}");
        text.replace(old, new)
    })
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
