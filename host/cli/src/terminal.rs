//! What is said on standard error and standard output.

use std::fmt::Display;
use std::io::{self, Write as _};

use linkmend::plain_lines;

/// A line, or several, on standard error, with nothing in it that a terminal
/// would obey. When nobody can read it, there is nobody to tell.
pub fn tell(line: impl Display) {
    let line = line.to_string();
    let _ = writeln!(io::stderr(), "linkmend: {}", plain_lines(&line));
}

/// The same on standard output.
pub fn say(line: impl Display) {
    let line = line.to_string();
    let _ = writeln!(io::stdout(), "{}", plain_lines(&line));
}
