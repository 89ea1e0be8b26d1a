//! OTLP protobuf bytes to OTLP/JSON text, as the specification and the
//! Collector write it: lowerCamelCase keys in the order of the `.proto` files,
//! ids in lower-case hex, enums as integers, 64-bit integers as strings, bytes
//! in base64, defaults left out.
//!
//! JSON has no place for unknown fields: they are lost, and text that is not
//! UTF-8 gets replacement characters.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use linkmend_wire::fields::{Field as WireField, Fields, Value};
use linkmend_wire::otlp::traces_data;

use super::schema::{Field, Kind, LINK, MAX_DEPTH, Message, RESOURCE_SPANS, TRACES_DATA};

/// Protobuf bytes cannot be written as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset} of the batch: {reason}")]
#[non_exhaustive]
pub struct EncodeError {
    /// Bytes from the start of the batch.
    pub offset: usize,
    /// What is wrong.
    pub reason: String,
}

impl From<linkmend_wire::WireError> for EncodeError {
    fn from(error: linkmend_wire::WireError) -> Self {
        Self {
            offset: error.offset,
            reason: error.kind.to_string(),
        }
    }
}

/// How a text spells what OTLP/JSON has more than one spelling of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Style {
    /// Keys as in the `.proto` files.
    pub(crate) snake: bool,
    /// Ids in base64, as protobuf's own JSON mapping has them.
    pub(crate) base64_ids: bool,
}

/// One `TracesData` message as a JSON object, without a newline at its end.
///
/// # Errors
///
/// The bytes are not well-formed.
pub fn encode(traces: &[u8]) -> Result<Vec<u8>, EncodeError> {
    message(traces, &TRACES_DATA, Style::default())
}

/// The elements of `resourceSpans`, with commas between them.
pub(crate) fn encode_elements(traces: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new(traces, Style::default());
    for field in Fields::new(traces) {
        let field = field?;
        if field.number == traces_data::RESOURCE_SPANS {
            if !encoder.out.is_empty() {
                encoder.out.push(b',');
            }
            encoder.object(field.body(), &RESOURCE_SPANS)?;
        }
    }
    Ok(encoder.out)
}

/// One `Link` message as a JSON object.
pub(super) fn encode_link(link: &[u8], style: Style) -> Result<Vec<u8>, EncodeError> {
    message(link, &LINK, style)
}

fn message(bytes: &[u8], message: &'static Message, style: Style) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new(bytes, style);
    encoder.object(0..bytes.len(), message)?;
    Ok(encoder.out)
}

struct Encoder<'a> {
    batch: &'a [u8],
    out: Vec<u8>,
    /// The known fields of all open messages, with their place in the table.
    fields: Vec<(usize, WireField<'a>)>,
    depth: u32,
    style: Style,
}

impl<'a> Encoder<'a> {
    fn new(batch: &'a [u8], style: Style) -> Self {
        Self {
            batch,
            style,
            out: Vec::with_capacity(batch.len() * 2),
            fields: Vec::new(),
            depth: 0,
        }
    }

    fn object(&mut self, body: Range<usize>, message: &'static Message) -> Result<(), EncodeError> {
        let base = self.fields.len();
        self.gather(body, message)?;
        self.write(base, message)
    }

    /// Puts the known fields of a message on the stack.
    fn gather(&mut self, body: Range<usize>, message: &'static Message) -> Result<(), EncodeError> {
        for field in Fields::within(self.batch, body) {
            let field = field?;
            let Some(place) = message.place(field.number) else {
                continue;
            };
            let known = message.fields.get(place);
            if known.is_some_and(|known| known.kind.wire_type() != wire_type(&field.value)) {
                return Err(EncodeError {
                    offset: field.start,
                    reason: format!(
                        "field {} of {} has the wrong wire type",
                        field.number, message.name
                    ),
                });
            }
            self.fields.push((place, field));
        }
        Ok(())
    }

    /// Writes the object whose fields lie on the stack from `base` on.
    fn write(&mut self, base: usize, message: &'static Message) -> Result<(), EncodeError> {
        self.enter(base)?;
        let fields = self.fields.get_mut(base..).unwrap_or_default();
        if message.oneof && fields.len() > 1 {
            // The last member wins.
            fields.rotate_right(1);
            self.fields.truncate(base + 1);
        } else if !fields.is_sorted_by_key(|field| field.0) {
            fields.sort_by_key(|field| field.0);
        }
        let end = self.fields.len();
        let mut at = base;
        self.out.push(b'{');
        let empty = self.out.len();
        while let Some(&(place, _)) = self.fields.get(at).filter(|_| at < end) {
            let run = self.fields.get(at..end).unwrap_or_default();
            let next = at + run.iter().take_while(|field| field.0 == place).count();
            if let Some(field) = message.fields.get(place) {
                self.field(field, message.oneof, at..next, empty)?;
            }
            at = next;
        }
        self.out.push(b'}');
        self.fields.truncate(base);
        self.depth -= 1;
        Ok(())
    }

    fn enter(&mut self, base: usize) -> Result<(), EncodeError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(EncodeError {
                offset: self.fields.get(base).map_or(0, |field| field.1.start),
                reason: format!("more than {MAX_DEPTH} messages in each other"),
            });
        }
        Ok(())
    }

    /// Writes a field that occurs at `run` on the stack; `empty` is where the
    /// object is still without members.
    fn field(
        &mut self,
        field: &'static Field,
        keep: bool,
        run: Range<usize>,
        empty: usize,
    ) -> Result<(), EncodeError> {
        let Some(&(_, last)) = self.fields.get(run.end - 1) else {
            return Ok(());
        };
        if !field.repeated && !keep && is_default(field.kind, &last.value) {
            return Ok(());
        }
        if self.out.len() > empty {
            self.out.push(b',');
        }
        self.out.push(b'"');
        let name = if self.style.snake {
            field.snake
        } else {
            field.name
        };
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        if field.repeated {
            return self.array(field, run);
        }
        match field.kind {
            Kind::Message(message) => {
                // A message that occurs more than once is merged.
                let base = self.fields.len();
                for at in run {
                    if let Some(&(_, part)) = self.fields.get(at) {
                        self.gather(part.body(), message)?;
                    }
                }
                self.write(base, message)
            }
            kind => {
                self.scalar(kind, &last.value);
                Ok(())
            }
        }
    }

    fn array(&mut self, field: &'static Field, run: Range<usize>) -> Result<(), EncodeError> {
        self.out.push(b'[');
        let start = self.out.len();
        for at in run {
            let Some(&(_, item)) = self.fields.get(at) else {
                continue;
            };
            if self.out.len() > start {
                self.out.push(b',');
            }
            match field.kind {
                Kind::Message(message) => self.object(item.body(), message)?,
                kind => self.scalar(kind, &item.value),
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn scalar(&mut self, kind: Kind, value: &Value<'_>) {
        match (kind, value) {
            // Base64 without padding would be read as hex; no id has that length.
            (Kind::Id, Value::Bytes(bytes))
                if !self.style.base64_ids || bytes.len().is_multiple_of(3) =>
            {
                self.hex(bytes);
            }
            (Kind::Bytes | Kind::Id, Value::Bytes(bytes)) => {
                self.out.push(b'"');
                let text = STANDARD.encode(bytes);
                self.out.extend_from_slice(text.as_bytes());
                self.out.push(b'"');
            }
            (_, Value::Bytes(bytes)) => self.json(&String::from_utf8_lossy(bytes)),
            (Kind::Double, Value::Fixed64(bits)) => self.double(f64::from_bits(*bits)),
            (Kind::Bool, Value::Varint(value)) => self.json(&(*value != 0)),
            (Kind::Int64, Value::Varint(value)) => self.quoted(&value.cast_signed()),
            (Kind::Enum(_), Value::Varint(value)) => self.json(&(*value as i32)),
            (_, Value::Varint(value)) => self.json(&(*value as u32)),
            (_, Value::Fixed64(value)) => self.quoted(value),
            (_, Value::Fixed32(value)) => self.json(value),
        }
    }

    fn json(&mut self, value: &(impl serde::Serialize + ?Sized)) {
        // Writing a plain value to a Vec cannot fail.
        let _ = serde_json::to_writer(&mut self.out, value);
    }

    fn quoted(&mut self, value: &impl serde::Serialize) {
        self.out.push(b'"');
        self.json(value);
        self.out.push(b'"');
    }

    fn double(&mut self, value: f64) {
        if value.is_finite() {
            self.json(&value);
        } else if value.is_nan() {
            self.json("NaN");
        } else if value > 0.0 {
            self.json("Infinity");
        } else {
            self.json("-Infinity");
        }
    }

    fn hex(&mut self, bytes: &[u8]) {
        const fn digit(nibble: u8) -> u8 {
            nibble + if nibble < 10 { b'0' } else { b'a' - 10 }
        }
        self.out.push(b'"');
        for byte in bytes {
            self.out
                .extend_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
        }
        self.out.push(b'"');
    }
}

fn wire_type(value: &Value<'_>) -> u8 {
    match value {
        Value::Varint(_) => 0,
        Value::Fixed64(_) => 1,
        Value::Bytes(_) => 2,
        Value::Fixed32(_) => 5,
    }
}

/// A scalar that proto3 does not write. Messages have presence.
fn is_default(kind: Kind, value: &Value<'_>) -> bool {
    match value {
        Value::Bytes(bytes) => bytes.is_empty() && !matches!(kind, Kind::Message(_)),
        Value::Varint(value) | Value::Fixed64(value) => *value == 0,
        Value::Fixed32(value) => *value == 0,
    }
}
