//! What goes over the pipes between a process and the one that compiles for it.

use std::io::{self, Read, Write};
use std::time::Duration;

use crate::checksum::Checksum;

/// Version and direction.
const REQUEST: &[u8; 8] = b"lmcomp1>";
const ANSWER: &[u8; 8] = b"lmcomp1<";

/// The most that is read of an answer: compiled code takes some times what its
/// component takes.
pub(super) const MOST_CODE: u64 = 1 << 30;
const MOST_TEXT: u64 = 64 << 10;

/// What is asked for.
pub(super) struct Request {
    pub(super) time: Duration,
    pub(super) memory: u64,
    pub(super) component: Vec<u8>,
}

/// Writes a request.
pub(super) fn ask(
    to: &mut impl Write,
    time: Duration,
    memory: u64,
    component: &[u8],
) -> io::Result<()> {
    to.write_all(REQUEST)?;
    for number in [time.as_secs(), memory, component.len() as u64] {
        to.write_all(&number.to_le_bytes())?;
    }
    to.write_all(component)?;
    to.flush()
}

impl Request {
    /// Reads what is before the component, so that limits hold for the rest.
    pub(super) fn read(from: &mut impl Read) -> io::Result<(Self, u64)> {
        expect(from, *REQUEST)?;
        let time = Duration::from_secs(number(from)?);
        let memory = number(from)?;
        let length = number(from)?;
        let request = Self {
            time,
            memory,
            component: Vec::new(),
        };
        Ok((request, length))
    }

    pub(super) fn read_component(&mut self, from: impl Read, length: u64) -> io::Result<()> {
        self.component = exactly(from, length)?;
        Ok(())
    }
}

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The code, and the engine that it is for.
    Code { engine: Checksum, code: Vec<u8> },
    /// The component is not valid, for this reason.
    Invalid(String),
}

impl Answer {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(ANSWER)?;
        let (kind, engine, payload) = match self {
            Self::Code { engine, code } => (0, engine.bytes(), code.as_slice()),
            Self::Invalid(text) => (1, [0; 32], text.as_bytes()),
        };
        to.write_all(&[kind])?;
        to.write_all(&engine)?;
        to.write_all(&Checksum::of(payload).bytes())?;
        to.write_all(&(payload.len() as u64).to_le_bytes())?;
        to.write_all(payload)?;
        to.flush()
    }

    /// Reads an answer, and that nothing is behind it. A process that dies while
    /// it writes has written no code.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        expect(from, *ANSWER)?;
        let mut kind = [0];
        from.read_exact(&mut kind)?;
        let (mut engine, mut sum) = ([0; 32], [0; 32]);
        from.read_exact(&mut engine)?;
        from.read_exact(&mut sum)?;
        let length = number(from)?;
        let most = if kind == [0] { MOST_CODE } else { MOST_TEXT };
        if length > most {
            return Err(damaged("it answers with too much"));
        }
        let payload = exactly(&mut *from, length)?;
        if Checksum::of(&payload).bytes() != sum || from.read(&mut [0])? > 0 {
            return Err(damaged("its answer is damaged"));
        }
        match kind {
            [0] => Ok(Self::Code {
                engine: Checksum::from(engine),
                code: payload,
            }),
            [1] => Ok(Self::Invalid(
                String::from_utf8_lossy(&payload).into_owned(),
            )),
            _ => Err(damaged("its answer is damaged")),
        }
    }
}

fn expect(from: &mut impl Read, magic: [u8; 8]) -> io::Result<()> {
    let mut found = [0; 8];
    from.read_exact(&mut found)?;
    if found == magic {
        return Ok(());
    }
    Err(damaged("it does not speak as this version does"))
}

fn number(from: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// So many bytes; memory grows only with what comes.
fn exactly(from: impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        return Ok(bytes);
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn damaged(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test that panics has failed"
    )]
    use super::*;

    #[test]
    fn an_answer_that_is_cut_or_damaged_is_none() {
        let answer = Answer::Code {
            engine: Checksum::of(b"engine"),
            code: b"code".to_vec(),
        };
        let mut bytes = Vec::new();
        answer.write(&mut bytes).unwrap();
        assert_eq!(Answer::read(&mut &bytes[..]).unwrap(), answer);
        for length in 0..bytes.len() {
            assert!(Answer::read(&mut &bytes[..length]).is_err(), "{length}");
        }
        for place in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[place] ^= 0x10;
            // Another engine is another engine, and is refused elsewhere.
            let is_engine = (9..41).contains(&place);
            assert_eq!(Answer::read(&mut &bytes[..]).is_ok(), is_engine, "{place}");
        }
        bytes.push(0);
        assert!(Answer::read(&mut &bytes[..]).is_err());
    }
}
