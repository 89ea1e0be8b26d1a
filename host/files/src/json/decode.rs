//! OTLP/JSON text to OTLP protobuf bytes, in one pass and without structs.
//!
//! `serde_json` reads; the visitors here write protobuf straight into a buffer,
//! driven by the table in `schema`. The keys may come in any order and in
//! either spelling (`traceId`, `trace_id`); unknown keys are skipped, but for
//! those that may hold spans (see `stray`); `null` means absent. The bytes are
//! canonical: ascending fields, no defaults.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::JsonError;
use super::quick::{self, SpanPlaces};
use super::scalar::ScalarSeed;
use super::schema::{Field, Kind, MAX_DEPTH, Message, RESOURCE_SPANS, TRACES_DATA};
use super::sink::{Sink, Step};
use super::stray::{Stray, Strays};

/// The OTLP protobuf bytes of one `TracesData` object.
///
/// # Errors
///
/// The text is not JSON, not OTLP, or holds another signal than traces.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let mut decoder = Decoder::with_capacity(text.len() / 2);
    decoder.traces(text)?;
    Ok(decoder.finish())
}

/// The same, always by the way that reads everything. For tests: whichever way is
/// taken, the bytes and the errors are these.
///
/// # Errors
///
/// See [`decode`].
#[doc(hidden)]
pub fn decode_by_keys(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let mut decoder = Decoder::with_capacity(text.len() / 2);
    decoder.top(text, &TRACES_DATA)?;
    Ok(decoder.finish())
}

/// Decodes texts one after the other into one buffer.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    sink: Sink,
}

impl Decoder {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        let mut decoder = Self::default();
        decoder.sink.out.reserve(bytes);
        decoder
    }

    /// The ids of something that was read stand there in base64.
    pub(crate) fn has_base64_ids(&self) -> bool {
        self.sink.base64_ids
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.sink.out
    }

    /// Appends what a `TracesData` object holds. Where its spans stand, if that was
    /// found out on the way.
    pub(crate) fn traces(&mut self, text: &[u8]) -> Result<Option<SpanPlaces>, JsonError> {
        if let Ok(text) = std::str::from_utf8(text)
            && let Some(places) = quick::traces(text, &mut self.sink.out)
        {
            return Ok(Some(places));
        }
        self.top(text, &TRACES_DATA).map(|()| None)
    }

    /// Appends what an object holds that is `TracesData` but for the name of its
    /// field.
    pub(super) fn top(&mut self, text: &[u8], message: &'static Message) -> Result<(), JsonError> {
        self.run(text, |sink, json| {
            let top = MessageSeed { sink, message };
            match top.deserialize(json)? {
                Presence::Present => Ok(()),
                Presence::Null => Err(Error::custom("null is not OTLP trace data")),
            }
        })
    }

    /// Appends one element of an array of `ResourceSpans` of that name, the one
    /// with that index.
    pub(crate) fn resource_spans(
        &mut self,
        text: &[u8],
        name: &'static str,
        index: usize,
    ) -> Result<Option<SpanPlaces>, JsonError> {
        if let Ok(text) = std::str::from_utf8(text)
            && let Some(places) = quick::resource_spans(text, &mut self.sink.out)
        {
            return Ok(Some(places));
        }
        let path = [Step::Key(name), Step::Index(index)];
        self.resource_spans_at(text, &path).map(|()| None)
    }

    /// Appends one `ResourceSpans` object, which is found by that way.
    pub(super) fn resource_spans_at(
        &mut self,
        text: &[u8],
        path: &[Step],
    ) -> Result<(), JsonError> {
        self.run(text, |sink, json| {
            let Some(field) = TRACES_DATA.fields.first() else {
                return Ok(());
            };
            sink.path.extend_from_slice(path);
            sink.depth = 1;
            sink.tag(field);
            let start = sink.leave_length();
            MessageSeed {
                sink,
                message: &RESOURCE_SPANS,
            }
            .deserialize(json)?;
            sink.set_length(start);
            sink.depth = 0;
            Ok(())
        })
    }

    fn run(
        &mut self,
        text: &[u8],
        read: impl FnOnce(
            &mut Sink,
            &mut serde_json::Deserializer<serde_json::de::StrRead<'_>>,
        ) -> Result<(), serde_json::Error>,
    ) -> Result<(), JsonError> {
        let length = self.sink.out.len();
        let text = std::str::from_utf8(text).map_err(|error| JsonError::utf8(text, error))?;
        let mut json = serde_json::Deserializer::from_str(text);
        // MAX_DEPTH bounds the depth of what is read, and what is
        // skipped is not read recursively.
        json.disable_recursion_limit();
        let result = read(&mut self.sink, &mut json).and_then(|()| {
            self.sink.path.clear();
            json.end()
        });
        result.map_err(|error| {
            let error = JsonError::new(&error, self.sink.path_text());
            self.sink.reset(length);
            error
        })
    }
}

/// Whether there was a message, or `null` in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Present,
    Null,
}

/// Reads a message and writes its fields, without tag and length.
struct MessageSeed<'s> {
    sink: &'s mut Sink,
    message: &'static Message,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_> {
    type Value = Presence;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Presence, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_> {
    type Value = Presence;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object ({})", self.message.name)
    }

    fn visit_unit<E>(self) -> Result<Presence, E> {
        Ok(Presence::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Presence, A::Error> {
        self.sink.depth += 1;
        if self.sink.depth > MAX_DEPTH {
            return Err(Error::custom(format_args!(
                "more than {MAX_DEPTH} messages in each other"
            )));
        }
        let open = self.sink.open();
        let mut strays = Strays::new(self.message);
        while let Some(key) = map.next_key_seed(KeySeed(self.message))? {
            let field = match key {
                Key::Known(field) => field,
                Key::Stray(stray) => {
                    strays.value(stray, &mut map)?;
                    continue;
                }
                Key::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            strays.known(field);
            self.sink.path.push(Step::Key(field.name));
            if !self.sink.begin_field(&open, field) {
                return Err(Error::custom("the key stands here twice"));
            }
            let sink = &mut *self.sink;
            let keep = self.message.oneof;
            map.next_value_seed(FieldSeed { sink, field, keep })?;
            self.sink.end_field(&open, self.message);
            self.sink.path.pop();
        }
        self.sink.close(&open);
        self.sink.depth -= 1;
        strays.finish().map(|()| Presence::Present)
    }
}

/// Looks a key up in the table.
struct KeySeed(&'static Message);

enum Key {
    Known(&'static Field),
    Stray(Stray),
    Unknown,
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Key, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match self.0.by_name(key) {
            Some(field) => Key::Known(field),
            None => Stray::new(self.0, key).map_or(Key::Unknown, Key::Stray),
        })
    }
}

/// Reads the value of a field and writes it, with tag and length.
struct FieldSeed<'s> {
    sink: &'s mut Sink,
    field: &'static Field,
    /// Write it even if it is the default.
    keep: bool,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self { sink, field, keep } = self;
        if field.repeated {
            json.deserialize_any(ListVisitor { sink, field })
        } else {
            ItemSeed { sink, field, keep }.deserialize(json)
        }
    }
}

struct ListVisitor<'s> {
    sink: &'s mut Sink,
    field: &'static Field,
}

impl<'de> Visitor<'de> for ListVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.sink.path.push(Step::Index(index));
            let item = ItemSeed {
                sink: self.sink,
                field: self.field,
                keep: true,
            };
            let more = seq.next_element_seed(item)?;
            self.sink.path.pop();
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Reads one value.
struct ItemSeed<'s> {
    sink: &'s mut Sink,
    field: &'static Field,
    /// Write it even if it is the default or, in an array, `null`.
    keep: bool,
}

impl<'de> DeserializeSeed<'de> for ItemSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self { sink, field, keep } = self;
        let Kind::Message(message) = field.kind else {
            return ScalarSeed { sink, field, keep }.deserialize(json);
        };
        let before = sink.out.len();
        sink.tag(field);
        let start = sink.leave_length();
        let presence = MessageSeed { sink, message }.deserialize(json)?;
        if presence == Presence::Null && !field.repeated {
            sink.out.truncate(before);
        } else {
            sink.set_length(start);
        }
        Ok(())
    }
}
