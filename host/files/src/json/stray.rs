//! Keys that are not OTLP's. Most may be skipped; not those behind which spans
//! would be lost without a word.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::schema::{Field, Message, letters};

/// A key that a message does not have, and that is worth a look.
pub(super) struct Stray {
    /// As it stands there, cut where it is long.
    key: String,
    /// The name that it is in another spelling.
    meant: Option<&'static str>,
}

impl Stray {
    /// None if the key may be skipped.
    pub(super) fn new(message: &Message, key: &str) -> Option<Self> {
        let meant = message.same_letters(key);
        (meant.is_some() || message.holder.is_some()).then(|| Self {
            key: key.chars().take(40).collect(),
            meant,
        })
    }

    /// With a letter or two more, less or changed it is the name of the field
    /// that holds the spans.
    fn is_like(&self, holder: &str) -> bool {
        let [key, holder] = [self.key.as_str(), holder]
            .map(|name| letters(name).map(char::from).collect::<String>());
        // A letter more in a short name would be anything.
        let most = if holder.len() > 8 { 2 } else { 1 };
        strsim::damerau_levenshtein(&key, &holder) <= most
    }
}

/// What is to be said of the keys of one message that it does not have.
pub(super) struct Strays {
    message: &'static Message,
    /// The first key behind which there may be spans; at the top, any key.
    suspect: Option<Stray>,
    is_held: bool,
}

impl Strays {
    pub(super) fn new(message: &'static Message) -> Self {
        Self {
            message,
            suspect: None,
            is_held: message.holder.is_none(),
        }
    }

    /// A field of the message is there.
    pub(super) fn known(&mut self, field: &Field) {
        let holder = self.message.holder;
        self.is_held |= field.old && field.repeated || holder == Some(field.name);
    }

    /// Takes the value of a key.
    pub(super) fn value<'de, A: MapAccess<'de>>(
        &mut self,
        stray: Stray,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let holds = map.next_value_seed(Look { depth: 0 })?;
        let holds_objects = holds != Holds::Nothing;
        let holder = self.message.holder;
        let meant = match stray.meant {
            // Without an object in it there are no spans to lose.
            Some(meant) if holds_objects || holder != Some(meant) => Some(meant),
            _ => holder.filter(|holder| holds_objects && stray.is_like(holder)),
        };
        if let Some(meant) = meant {
            return Err(Error::custom(format_args!(
                "`{}` is no key of {}; write `{meant}`",
                stray.key.escape_debug(),
                self.message.name
            )));
        }
        if self.suspect.is_none() && (holds == Holds::Objects || self.is_top()) {
            self.suspect = Some(stray);
        }
        Ok(())
    }

    fn is_top(&self) -> bool {
        self.message.is_top()
    }

    /// All keys of the message are read.
    pub(super) fn finish<E: Error>(self) -> Result<(), E> {
        let (false, Some(stray), Some(holder)) = (self.is_held, &self.suspect, self.message.holder)
        else {
            return Ok(());
        };
        if self.is_top() {
            return Err(Error::custom(not_traces(holder, &stray.key)));
        }
        Err(Error::custom(format_args!(
            "there is no `{holder}` in it, but `{}`: its spans would be lost",
            stray.key.escape_debug()
        )))
    }
}

/// What an object without `resourceSpans` is, by a key that it has.
fn not_traces(holder: &str, key: &str) -> String {
    let signal = match key {
        "resourceLogs" | "resource_logs" => "OTLP logs",
        "resourceMetrics" | "resource_metrics" => "OTLP metrics",
        "resourceProfiles" | "resource_profiles" => "OTLP profiles",
        _ => {
            return format!(
                "not OTLP trace data: there is no `{holder}`, but `{}`",
                key.escape_debug()
            );
        }
    };
    format!("these are {signal} (`{key}`), not trace data (`{holder}`)")
}

/// What a value is, as far as spans may be in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Nothing,
    Object,
    /// An array with an object in it.
    Objects,
}

/// Reads over a value.
struct Look {
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Look {
    type Value = Holds;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Holds, D::Error> {
        // Arrays in arrays are not looked into: the depth is anybody's.
        if self.depth > 1 {
            return json
                .deserialize_ignored_any(IgnoredAny)
                .map(|_| Holds::Nothing);
        }
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look {
    type Value = Holds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Holds, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Holds::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Holds, A::Error> {
        let depth = self.depth + 1;
        let mut found = Holds::Nothing;
        while let Some(holds) = seq.next_element_seed(Look { depth })? {
            if holds == Holds::Object {
                found = Holds::Objects;
            }
        }
        Ok(found)
    }

    fn visit_unit<E>(self) -> Result<Holds, E> {
        Ok(Holds::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Holds, E> {
        Ok(Holds::Nothing)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Holds, E> {
        Ok(Holds::Nothing)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Holds, E> {
        Ok(Holds::Nothing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Holds, E> {
        Ok(Holds::Nothing)
    }

    fn visit_str<E>(self, _: &str) -> Result<Holds, E> {
        Ok(Holds::Nothing)
    }
}
