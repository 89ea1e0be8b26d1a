//! What a server answers, read out of bytes: as much of the protocol (RESP 2) as the
//! answers to what a batch asks have. Nothing is copied, and nothing is kept that is not
//! there: how long an answer says that it is counts for nothing.

/// An answer, or the beginning of a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply<'b> {
    /// So many answers follow, which are one.
    List(usize),
    /// A text.
    Text(&'b [u8]),
    /// That there is nothing.
    Nothing,
    /// An error of the server: its code, and what it says.
    Error(&'b [u8]),
    /// It was done, or a number.
    Done,
}

/// Why no answer was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is not there as a whole.
    Incomplete,
    /// It is none, or none that was asked for.
    Nonsense,
}

/// The first answer of some bytes, and how long it is.
pub(crate) fn read(bytes: &[u8]) -> Result<(Reply<'_>, usize), Unread> {
    let (kind, words, start) = line(bytes)?;
    let reply = match kind {
        b'*' => number(words)?.map_or(Reply::Nothing, Reply::List),
        b'$' => match number(words)? {
            None => Reply::Nothing,
            Some(length) => return text(bytes, start, length),
        },
        b'-' => Reply::Error(words),
        b'+' | b':' => Reply::Done,
        _ => return Err(Unread::Nonsense),
    };
    Ok((reply, start))
}

/// The kind of an answer, the rest of its first line, and how long that is.
fn line(bytes: &[u8]) -> Result<(u8, &[u8], usize), Unread> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let end = end.ok_or(Unread::Incomplete)?;
    let line = bytes.get(..end).unwrap_or_default();
    match line.split_first() {
        Some((kind, [words @ .., b'\r'])) => Ok((*kind, words, end + 1)),
        _ => Err(Unread::Nonsense),
    }
}

/// A text of that length which begins there.
fn text(bytes: &[u8], start: usize, length: usize) -> Result<(Reply<'_>, usize), Unread> {
    let end = start.saturating_add(length);
    let text = bytes.get(start..end).ok_or(Unread::Incomplete)?;
    match bytes.get(end..end + 2) {
        Some(b"\r\n") => Ok((Reply::Text(text), end + 2)),
        Some(_) => Err(Unread::Nonsense),
        None => Err(Unread::Incomplete),
    }
}

/// How many; -1 says that there is nothing.
fn number(words: &[u8]) -> Result<Option<usize>, Unread> {
    if words == b"-1" {
        return Ok(None);
    }
    let digits = || words.iter().map(|byte| byte.wrapping_sub(b'0'));
    if words.is_empty() || words.len() > 10 || digits().any(|digit| digit > 9) {
        return Err(Unread::Nonsense);
    }
    let number = digits().fold(0, |number: usize, digit| {
        number.saturating_mul(10).saturating_add(digit.into())
    });
    Ok(Some(number))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test that panics has failed"
    )]
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What a server writes for a text.
    fn written(text: &[u8]) -> Vec<u8> {
        let head = format!("${}\r\n", text.len());
        [head.as_bytes(), text, b"\r\n"].concat()
    }

    proptest! {
        /// Guarantees: a text comes out as it went in, whatever bytes it has; and nothing is
        /// read of an answer that is not there as a whole.
        #[test]
        fn a_text_is_read_when_it_is_whole(
            text in vec(any::<u8>(), 0..40), behind in vec(any::<u8>(), 0..20),
        ) {
            let whole = written(&text);
            for end in 0..whole.len() {
                prop_assert_eq!(read(&whole[..end]), Err(Unread::Incomplete));
            }
            let more = [&whole[..], &behind].concat();
            prop_assert_eq!(read(&more), Ok((Reply::Text(&text), whole.len())));
        }

        /// Guarantees: any bytes are an answer, the beginning of one, or nonsense.
        #[test]
        fn any_bytes_are_read(
            start in 0..6usize, bytes in vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), b'0'..=b'9'], 0..60),
        ) {
            let starts = ["", "*", "$", "*2\r\n$", "-", "*99999999999999999999"];
            let bytes = [starts[start].as_bytes(), &bytes].concat();
            if let Ok((_, length)) = read(&bytes) {
                prop_assert!(length > 0 && length <= bytes.len());
            }
        }
    }

    #[test]
    fn answers_are_told_apart() {
        for (bytes, reply) in [
            ("+PONG\r\n", Reply::Done),
            (":12\r\n", Reply::Done),
            ("$3\r\nabc\r\n", Reply::Text(b"abc")),
            ("$0\r\n\r\n", Reply::Text(b"")),
            ("$-1\r\n", Reply::Nothing),
            ("*-1\r\n", Reply::Nothing),
            ("*0\r\n", Reply::List(0)),
            ("*12\r\n", Reply::List(12)),
            ("-MOVED 1 a:1\r\n", Reply::Error(b"MOVED 1 a:1")),
        ] {
            assert_eq!(read(bytes.as_bytes()), Ok((reply, bytes.len())));
        }
        for nonsense in [
            "\r\n",
            "\n",
            "x\r\n",
            "*x\r\n",
            "$1\r\nab\r\n",
            "*-2\r\n",
            "$99999999999\r\n",
        ] {
            assert_eq!(
                read(nonsense.as_bytes()),
                Err(Unread::Nonsense),
                "{nonsense:?}"
            );
        }
    }
}
