//! Rules that mean no good, as components: those of `tests/guests`.

const SHELL: &str = include_str!("../../../../../tests/guests/shell.wat");
const DESCRIBE: &str = "(func (export \"describe\") (result i32) (i32.const 256))";
const CONFIGURE: &str =
    "(func (export \"configure\") (param i32 i32) (result i32) (i32.const 320))";

/// A guest in the shell, which says what becomes of batches of more than 1,000
/// bytes; others get a link to a span of number 3.
pub fn guest(hostile: &str) -> Vec<u8> {
    let text = SHELL
        .replace("\n    GUEST-HERE", hostile)
        .replace("\n    DEFAULTS-HERE", &[DESCRIBE, CONFIGURE].join("\n"));
    wat::parse_str(text).unwrap()
}
