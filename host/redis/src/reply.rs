//! What a server answers, read out of bytes: as much of the protocol (RESP 2) as the
//! answers to what a batch asks have. Nothing is copied, and nothing is kept that is not
//! there: how long an answer says that it is counts for nothing.

/// An answer that is there as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply<'b> {
    /// A list of texts.
    Texts(Texts<'b>),
    /// An error of the server: its code, and what it says.
    Error(&'b [u8]),
    /// Anything else.
    Other,
}

/// The texts of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Texts<'b> {
    left: usize,
    bytes: &'b [u8],
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
    let (kind, words, mut at) = line(bytes)?;
    match kind {
        b'*' => {
            let Some(count) = number(words)? else {
                return Ok((Reply::Other, at));
            };
            let start = at;
            for _ in 0..count {
                let (_, length) = text(bytes.get(at..).unwrap_or_default())?;
                at += length;
            }
            let texts = Texts {
                left: count,
                bytes: bytes.get(start..at).unwrap_or_default(),
            };
            Ok((Reply::Texts(texts), at))
        }
        b'$' => text(bytes).map(|(_, length)| (Reply::Other, length)),
        b'-' => Ok((Reply::Error(words), at)),
        b'+' | b':' => Ok((Reply::Other, at)),
        _ => Err(Unread::Nonsense),
    }
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

/// A text, and how long it is with what stands around it. One that is nothing is empty.
fn text(bytes: &[u8]) -> Result<(&[u8], usize), Unread> {
    let (kind, words, start) = line(bytes)?;
    if kind != b'$' {
        return Err(Unread::Nonsense);
    }
    let Some(length) = number(words)? else {
        return Ok((&[], start));
    };
    let end = start.saturating_add(length);
    let text = bytes.get(start..end).ok_or(Unread::Incomplete)?;
    match bytes.get(end..end + 2) {
        Some(b"\r\n") => Ok((text, end + 2)),
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

impl<'b> Iterator for Texts<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let (found, length) = text(self.bytes).ok()?;
        self.bytes = self.bytes.get(length..).unwrap_or_default();
        Some(found)
    }
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

    /// What a server writes for a list of texts.
    fn written(texts: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = format!("*{}\r\n", texts.len()).into_bytes();
        for text in texts {
            bytes.extend(format!("${}\r\n", text.len()).bytes());
            bytes.extend(text);
            bytes.extend(b"\r\n");
        }
        bytes
    }

    proptest! {
        /// Guarantees: texts come out as they went in, whatever bytes they have; and
        /// nothing is read of an answer that is not there as a whole.
        #[test]
        fn a_list_is_read_when_it_is_whole(
            texts in vec(vec(any::<u8>(), 0..40), 0..20),
            behind in vec(any::<u8>(), 0..20),
        ) {
            let whole = written(&texts);
            for end in 0..whole.len() {
                prop_assert_eq!(read(&whole[..end]), Err(Unread::Incomplete));
            }
            let more = [&whole[..], &behind].concat();
            let (reply, length) = read(&more).unwrap();
            prop_assert_eq!(length, whole.len());
            let Reply::Texts(found) = reply else { panic!("{reply:?}") };
            let found: Vec<_> = found.map(<[u8]>::to_vec).collect();
            prop_assert_eq!(found, texts);
        }

        /// Guarantees: any bytes are an answer, the beginning of one, or nonsense.
        #[test]
        fn any_bytes_are_read(
            start in 0..6usize, bytes in vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), b'0'..=b'9'], 0..60),
        ) {
            let starts = ["", "*", "$", "*2\r\n$", "-", "*99999999999999999999"];
            let bytes = [starts[start].as_bytes(), &bytes].concat();
            if let Ok((reply, length)) = read(&bytes) {
                prop_assert!(length > 0 && length <= bytes.len());
                if let Reply::Texts(texts) = reply {
                    prop_assert_eq!(texts.clone().count(), texts.left);
                }
            }
        }
    }

    #[test]
    fn other_answers_are_told_apart() {
        for (bytes, reply) in [
            ("+PONG\r\n", Reply::Other),
            (":12\r\n", Reply::Other),
            ("$3\r\nabc\r\n", Reply::Other),
            ("$-1\r\n", Reply::Other),
            ("*-1\r\n", Reply::Other),
            ("-MOVED 1 a:1\r\n", Reply::Error(b"MOVED 1 a:1")),
        ] {
            assert_eq!(read(bytes.as_bytes()), Ok((reply, bytes.len())));
        }
        for nonsense in [
            "\r\n",
            "\n",
            "x\r\n",
            "*x\r\n",
            "*1\r\n:1\r\n",
            "*1\r\n*0\r\n",
            "$1\r\nab\r\n",
            "*-2\r\n",
        ] {
            assert_eq!(
                read(nonsense.as_bytes()),
                Err(Unread::Nonsense),
                "{nonsense:?}"
            );
        }
    }
}
