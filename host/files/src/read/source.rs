//! Bytes of an input, decompressed, with a view of what comes next.

use std::io::{self, Cursor, Read};

use bytes::{Buf as _, Bytes, BytesMut};
use flate2::read::MultiGzDecoder;

use crate::fault::Position;
use crate::format::Compression;

const CHUNK: usize = 512 * 1024;

/// An input that is read in chunks; what is not consumed yet can be seen.
pub(super) struct Source {
    inner: Box<dyn Read + Send>,
    /// What is read and not consumed. What was taken out of it goes on without being
    /// copied.
    buffer: BytesMut,
    /// How many bytes are consumed.
    offset: u64,
    line: u64,
    column: u64,
    count_lines: bool,
    ended: bool,
    failure: Option<io::Error>,
    pub(super) compression: Compression,
}

impl Source {
    /// Recognises the compression by the first bytes.
    pub(super) fn open(mut input: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(4);
        input.by_ref().take(4).read_to_end(&mut magic)?;
        let compression = match magic.as_slice() {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd] => Compression::Zstd,
            _ => Compression::None,
        };
        let whole = Read::chain(Cursor::new(magic), input);
        let inner: Box<dyn Read + Send> = match compression {
            Compression::Gzip => Box::new(MultiGzDecoder::new(whole)),
            Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(whole)?),
            Compression::None | Compression::ZstdMessages => Box::new(whole),
        };
        Ok(Self {
            inner,
            buffer: BytesMut::new(),
            offset: 0,
            line: 1,
            column: 1,
            count_lines: true,
            ended: false,
            failure: None,
            compression,
        })
    }

    /// The positions of protobuf are offsets, and lines need not be counted.
    pub(super) fn without_lines(&mut self) {
        self.count_lines = false;
    }

    /// What is read and not consumed.
    pub(super) fn seen(&self) -> &[u8] {
        &self.buffer
    }

    /// Reads on; false when there is no more.
    pub(super) fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let before = self.buffer.len();
        self.buffer.resize(before + CHUNK, 0);
        let room = self.buffer.get_mut(before..).unwrap_or_default();
        let (filled, failure) = fill(&mut self.inner, room);
        self.buffer.truncate(before + filled);
        // What came before a failure counts.
        self.ended = filled == 0 || failure.is_some();
        self.failure = failure.map(|error| explain(error, self.compression));
        filled > 0
    }

    /// At least `count` bytes seen; false when there are not as many.
    pub(super) fn want(&mut self, count: usize) -> bool {
        while self.seen().len() < count {
            if !self.more() {
                return false;
            }
        }
        true
    }

    /// The byte at `at` of what comes next.
    pub(super) fn byte(&mut self, at: usize) -> Option<u8> {
        if at >= self.seen().len() {
            self.want(at.saturating_add(1));
        }
        self.seen().get(at).copied()
    }

    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.buffer.len());
        self.pass(count);
        self.buffer.advance(count);
    }

    /// Counts the next bytes, which are on their way out.
    fn pass(&mut self, count: usize) {
        if self.count_lines {
            let passed = self.buffer.get(..count).unwrap_or_default();
            if let Some(last) = memchr::memrchr(b'\n', passed) {
                self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
                self.column = (count - last) as u64;
            } else {
                self.column += count as u64;
            }
        }
        self.offset += count as u64;
    }

    /// Consumes and returns the next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Bytes {
        let count = count.min(self.buffer.len());
        self.pass(count);
        self.buffer.split_to(count).freeze()
    }

    /// Consumes `count` bytes, seen or not; false when there are not as many.
    pub(super) fn skip(&mut self, mut count: u64) -> bool {
        loop {
            let seen = self.seen().len();
            if count <= seen as u64 {
                self.consume(count as usize);
                return true;
            }
            self.consume(seen);
            count -= seen as u64;
            if !self.more() {
                return count == 0;
            }
        }
    }

    /// The line and column of what comes next.
    pub(super) fn text_position(&self) -> Position {
        Position::Text {
            line: self.line,
            column: self.column,
        }
    }

    /// The line and column of the byte at `at` of what comes next.
    pub(super) fn text_position_at(&self, at: usize) -> Position {
        let before = self.seen().get(..at).unwrap_or(self.seen());
        let lines = memchr::memchr_iter(b'\n', before).count() as u64;
        let column = match memchr::memrchr(b'\n', before) {
            Some(last) => before.len() - last,
            None => before.len() + 1,
        };
        self.text_position().in_text(lines + 1, column as u64)
    }

    /// The offset of what comes next.
    pub(super) fn byte_position(&self) -> Position {
        Position::Byte {
            offset: self.offset,
            decompressed: self.compression != Compression::None
                && self.compression != Compression::ZstdMessages,
        }
    }

    /// There is no more for another reason than that the input ends.
    pub(super) fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Why there is no more, if not because the input ends.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

/// Reads until there is no more room, or nothing more comes; why, if it failed.
fn fill(input: &mut dyn Read, room: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while let Some(rest) = room.get_mut(filled..)
        && !rest.is_empty()
    {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

/// What the decompressor says, in words that mean something to who has the
/// file. What the system says stays as it is.
fn explain(error: io::Error, compression: Compression) -> io::Error {
    let name = match compression {
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
        Compression::None | Compression::ZstdMessages => return error,
    };
    if error.raw_os_error().is_some() {
        return error;
    }
    let text = match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("the {name} stream is cut off"),
        _ => format!("the {name} stream is damaged: {error}"),
    };
    io::Error::new(error.kind(), text)
}
