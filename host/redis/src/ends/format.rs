//! What stands in the store of an end, byte for byte: see `docs/index-format.md`, which other
//! programs are written after.

use linkmend::Scope;

use crate::format::{put_number, take, take_number};

/// What follows the prefix of a key: the version of this format.
const VERSION: &[u8] = b":f1:";

/// A text has no more bytes: what a host keeps of a name, with what is no UTF-8 replaced.
const LONGEST_TEXT: usize = 768;

/// How many texts there are.
const TEXTS: usize = 6;

/// A value that is longer is none.
pub(crate) const LONGEST: usize = 8 + 1 + 1 + 10 + 5 + TEXTS * (2 + LONGEST_TEXT);

/// Which span, and of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanKey {
    /// Where senders have scopes, that of this one.
    pub scope: Option<Scope>,
    /// Its trace.
    pub trace: [u8; 16],
    /// Its own id.
    pub span: [u8; 8],
}

/// The end of a flow at its producer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct End<'a> {
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// The span's flags.
    pub flags: u32,
    /// OTLP's `SpanKind`.
    pub kind: u8,
    /// OTLP's `StatusCode`.
    pub status: u8,
    /// `service.name`.
    pub service: &'a str,
    /// `service.namespace`; empty: none.
    pub namespace: &'a str,
    /// The name of the span.
    pub name: &'a str,
    /// The operation; empty: not known.
    pub operation: &'a str,
    /// `messaging.system`; empty: not known.
    pub system: &'a str,
    /// Where the message went; empty: not known.
    pub destination: &'a str,
}

/// The key of an end.
#[must_use]
pub fn key(prefix: &str, of: &SpanKey) -> Vec<u8> {
    let mut key = Vec::with_capacity(prefix.len() + VERSION.len() + 40);
    key.extend_from_slice(prefix.as_bytes());
    key.extend_from_slice(VERSION);
    if let Some(scope) = of.scope {
        key.extend_from_slice(&scope.to_bytes());
    }
    key.extend_from_slice(&of.trace);
    key.extend_from_slice(&of.span);
    key
}

/// The value of an end. Of a text with more than 768 bytes nothing is written.
#[must_use]
pub fn value(end: &End<'_>) -> Vec<u8> {
    let texts = [
        end.service,
        end.namespace,
        end.name,
        end.operation,
        end.system,
        end.destination,
    ];
    let length = texts.iter().map(|text| text.len() + 2).sum::<usize>();
    let mut value = Vec::with_capacity(18 + length);
    value.extend_from_slice(&end.start.to_be_bytes());
    value.extend_from_slice(&[end.kind, end.status]);
    put_number(&mut value, end.end.wrapping_sub(end.start));
    put_number(&mut value, end.flags.into());
    for text in texts {
        let text = if text.len() > LONGEST_TEXT { "" } else { text };
        put_number(&mut value, text.len() as u64);
        value.extend_from_slice(text.as_bytes());
    }
    value
}

/// What a value says; `None` when it is none. What stands behind the texts is passed over.
#[must_use]
pub fn read(value: &[u8]) -> Option<End<'_>> {
    let mut rest = value;
    let start = u64::from_be_bytes(take(&mut rest)?);
    let [kind, status] = take(&mut rest)?;
    let end = start.wrapping_add(take_number(&mut rest)?);
    let flags = u32::try_from(take_number(&mut rest)?).ok()?;
    let mut texts = [""; TEXTS];
    for text in &mut texts {
        let length = usize::try_from(take_number(&mut rest)?).ok()?;
        let (bytes, behind) = rest.split_at_checked(length)?;
        let is_short = length <= LONGEST_TEXT;
        *text = std::str::from_utf8(bytes).ok().filter(|_| is_short)?;
        rest = behind;
    }
    let [service, namespace, name, operation, system, destination] = texts;
    Some(End {
        start,
        end,
        flags,
        kind,
        status,
        service,
        namespace,
        name,
        operation,
        system,
        destination,
    })
}

#[cfg(test)]
mod tests;
