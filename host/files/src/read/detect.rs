//! Recognising the format of an input by its first bytes.

use linkmend_wire::{Scan, Selector};

use crate::fault::OpenError;
use crate::format::{Compression, Format};

use super::balance::Balance;
use super::source::Source;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How far an input that is nothing known is looked through for what it may be.
const LOOKED_THROUGH: usize = 4096;
const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// The format; none if the input is empty, or white space.
pub(super) fn detect(source: &mut Source, limit: usize) -> Result<Option<Format>, OpenError> {
    if is_short_message(source) {
        return Ok(Some(Format::Proto));
    }
    let bom = bom_length(source);
    let mut at = bom;
    let first = loop {
        match source.byte(at) {
            Some(byte) if byte.is_ascii_whitespace() && at < limit => at += 1,
            Some(byte) => break byte,
            None => return failure(source).map_or(Ok(()), Err).map(|()| None),
        }
    };
    if first == b'{' {
        return Ok(Some(json_format(source, at, limit)));
    }
    // Whether there are spans in it is seen when it is read.
    if first == b'[' {
        return Ok(Some(Format::Json));
    }
    source.want(32);
    if looks_like_message(source.seen()) {
        return Ok(Some(Format::Proto));
    }
    match source.seen() {
        // A length without its message may come from a crash while writing.
        [0, 0, 0, 0, ..] => Ok(Some(Format::Framed)),
        [_, _, _, _, rest @ ..] if rest.starts_with(&ZSTD_MAGIC) => {
            source.compression = match source.compression {
                Compression::None => Compression::ZstdMessages,
                outer => outer,
            };
            Ok(Some(Format::Framed))
        }
        [0..=15, _, _, _, rest @ ..] if looks_like_message(rest) || rest.starts_with(b"{") => {
            Ok(Some(Format::Framed))
        }
        _ => {
            source.want(LOOKED_THROUGH);
            Err(unknown(source.seen()))
        }
    }
}

/// How long a byte order mark at the start is: 3 or nothing.
pub(super) fn bom_length(source: &mut Source) -> usize {
    source.want(BOM.len());
    if source.seen().starts_with(&BOM) {
        BOM.len()
    } else {
        0
    }
}

fn failure(source: &mut Source) -> Option<OpenError> {
    source.failure().map(OpenError::Read)
}

fn unknown(seen: &[u8]) -> OpenError {
    let found = beginning(seen);
    let seen = seen.get(..LOOKED_THROUGH).unwrap_or(seen);
    let json = memchr::memchr_iter(b'{', seen).find(|at| {
        let rest = seen.get(*at..).unwrap_or_default();
        rest.starts_with(b"{\"resource") || rest.starts_with(b"{\"scopeSpans")
    });
    let before = json.and_then(|json| seen.get(..json)).unwrap_or_default();
    let is_printed = |byte: &u8| *byte >= 0x20 || byte.is_ascii_whitespace();
    let Some(json) = json.filter(|_| before.iter().all(is_printed)) else {
        return OpenError::UnknownFormat { found };
    };
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    OpenError::Prefixed {
        found,
        line: memchr::memchr_iter(b'\n', before).count() + 1,
        column: json - line_start + 1,
    }
}

/// The first bytes, for people.
fn beginning(seen: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(seen).chars().take(12).collect();
    let printable = |char: char| char.is_ascii_graphic() || char == ' ';
    if text.chars().all(printable) {
        return format!("`{text}`");
    }
    let bytes = seen.iter().take(8);
    let hex: Vec<String> = bytes.map(|byte| format!("{byte:02x}")).collect();
    format!("the bytes {}", hex.join(" "))
}

/// The first field is `resource_spans`, short, and well-formed. Its tag is a
/// line end in a text, and its length may be white space or a bracket. Texts are
/// well-formed at times, but have no byte in them that tags of a message with
/// spans are.
fn is_short_message(source: &mut Source) -> bool {
    source.want(2);
    let Some(&[0x0a, length @ ..0x80]) = source.seen().first_chunk() else {
        return false;
    };
    let length = 2 + usize::from(length);
    source.want(length);
    let field = source.seen().get(..length);
    let is_text = |field: &[u8]| {
        let is_printed = |byte: &u8| *byte >= 0x20 || byte.is_ascii_whitespace();
        let begin = field.trim_ascii_start().first();
        matches!(begin, Some(b'{' | b'[')) && field.iter().all(is_printed)
    };
    field.is_some_and(|field| {
        !is_text(field) && Scan::new().run(field, &Selector::default()).is_ok()
    })
}

/// The first field is `resource_spans`, and a tag of `ResourceSpans` follows.
fn looks_like_message(bytes: &[u8]) -> bool {
    let Some((0x0a, rest)) = bytes.split_first() else {
        return false;
    };
    let Some(last) = rest.iter().take(10).position(|byte| *byte < 0x80) else {
        return false;
    };
    // A length of nothing, however many bytes it takes.
    if rest
        .iter()
        .take(last + 1)
        .all(|byte| matches!(byte, 0 | 0x80))
    {
        return true;
    }
    match rest.get(last + 1) {
        // Field number 0 does not exist, and of the wire types OTLP has these.
        Some(tag) => tag >> 3 != 0 && matches!(tag & 7, 0 | 1 | 2 | 5),
        None => false,
    }
}

/// Tells the two JSON formats apart by what stands at the end of the first
/// line that is not blank; it begins at `start`.
fn json_format(source: &mut Source, start: usize, limit: usize) -> Format {
    let mut length = 0;
    let newline = loop {
        let line = source.seen().get(start..).unwrap_or_default();
        let unseen = line.get(length..).unwrap_or_default();
        if let Some(at) = memchr::memchr(b'\n', unseen) {
            break length + at;
        }
        length = line.len();
        // A line that is longer than a batch may be can only be read by its
        // elements.
        if length > limit || !source.more() {
            return Format::Json;
        }
    };
    source.want(start + newline + 32);
    let line = source
        .seen()
        .get(start..start + newline)
        .unwrap_or_default();
    let next = source.seen().get(start + newline + 1..).unwrap_or_default();
    let mut balance = Balance::default();
    let one_a_line = match balance.feed(line) {
        Some(end) => {
            let rest = line.get(end..).unwrap_or_default().trim_ascii();
            !rest.starts_with(b"{")
        }
        // Strings have no line ends, and an object in an object is never named
        // by this key: the first line of a JSON Lines file is broken.
        None => balance.in_string() || begins_batch(next),
    };
    if one_a_line {
        Format::JsonLines
    } else {
        Format::Json
    }
}

fn begins_batch(line: &[u8]) -> bool {
    line.starts_with(b"{\"resourceSpans\"") || line.starts_with(b"{\"resource_spans\"")
}
