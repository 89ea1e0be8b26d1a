//! A stream cut into lines.

use std::io::{self, BufRead};

/// What stands next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A line, with its end.
    Line(Vec<u8>),
    /// So many bytes of a line that is too long; the rest of it comes.
    TooLong(u64),
    /// What stands behind the last end of a line, perhaps nothing.
    Rest(Vec<u8>),
}

/// The next line, of at most `limit` bytes.
pub(super) fn next(input: &mut impl BufRead, limit: u64) -> io::Result<Next> {
    let mut line = Vec::new();
    // Its end does not count, which may be two bytes.
    let most = limit.saturating_add(2);
    io::Read::take(&mut *input, most).read_until(b'\n', &mut line)?;
    let length = line.len() as u64;
    if line.ends_with(b"\n") {
        Ok(Next::Line(line))
    } else if length >= most {
        Ok(Next::TooLong(length))
    } else {
        Ok(Next::Rest(line))
    }
}

/// Goes behind the next end of a line: how many bytes that are, and whether
/// there is one.
pub(super) fn skip(input: &mut impl BufRead) -> io::Result<(u64, bool)> {
    let mut skipped = 0;
    loop {
        let seen = input.fill_buf()?;
        if seen.is_empty() {
            return Ok((skipped, false));
        }
        let end = seen.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(seen.len(), |end| end + 1);
        input.consume(count);
        skipped += count as u64;
        if end.is_some() {
            return Ok((skipped, true));
        }
    }
}
