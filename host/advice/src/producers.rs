//! Which producers are in the inputs: what advice depends on.

use std::collections::BTreeMap;
use std::ops::{AddAssign, BitOrAssign};

use linkmend_wire::Fields;
use linkmend_wire::otlp::{resource, resource_spans, scope_spans, span, traces_data};
use linkmend_wire::value::{AnyValue, Attribute};

/// `SPAN_KIND_PRODUCER`.
const PRODUCER: u64 = 4;
/// Names come from the data: so many systems are told apart.
const MOST_SYSTEMS: usize = 100;
/// What stands for all others.
const OTHER: &str = "other";

/// What the producers' spans of all inputs name, by messaging system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Producers {
    by_system: BTreeMap<String, Seen>,
}

/// What was seen of the producers of one system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// One whose span names its message, and be it by partition and offset.
    pub named: bool,
    /// One whose span names no message.
    pub nameless: bool,
    /// One of the Java agent with a partition and without an offset.
    pub java_without_offset: bool,
}

impl Producers {
    /// Those of a batch. What cannot be read has none: the rest of the job says
    /// what is wrong with it.
    #[must_use]
    pub fn of(batch: &[u8]) -> Self {
        let mut all = Self::default();
        for resource_spans in messages(batch, traces_data::RESOURCE_SPANS) {
            let mut is_java = None;
            for scope in messages(resource_spans, resource_spans::SCOPE_SPANS) {
                for span in messages(scope, scope_spans::SPANS) {
                    if is_producer(span) {
                        let is_java = *is_java.get_or_insert_with(|| is_of_java(resource_spans));
                        all.see(span, is_java);
                    }
                }
            }
        }
        all
    }

    /// What was seen of the producers of this system, by any of its names.
    #[must_use]
    pub fn of_system(&self, names: &[&str]) -> Seen {
        let mut sum = Seen::default();
        for name in names {
            sum |= self.by_system.get(*name).copied().unwrap_or_default();
        }
        sum
    }

    /// With one system.
    #[cfg(test)]
    pub(crate) fn with(system: &str, seen: Seen) -> Self {
        Self {
            by_system: BTreeMap::from([(system.to_owned(), seen)]),
        }
    }

    fn see(&mut self, span: &[u8], is_java: bool) {
        let mut found = Found::default();
        for attribute in messages(span, span::ATTRIBUTES) {
            found.take(&Attribute::read(attribute));
        }
        let system = found.system.unwrap_or_default();
        *self.entry(system) |= Seen {
            named: found.id || found.offset,
            nameless: !found.id && !found.offset,
            java_without_offset: is_java && found.partition && !found.offset,
        };
    }

    fn entry(&mut self, system: &[u8]) -> &mut Seen {
        let system = String::from_utf8_lossy(system);
        if !self.by_system.contains_key(&*system) && self.by_system.len() < MOST_SYSTEMS {
            self.by_system.insert(system.to_string(), Seen::default());
        }
        let known = self.by_system.contains_key(&*system);
        let name = if known {
            system.into_owned()
        } else {
            OTHER.to_owned()
        };
        self.by_system.entry(name).or_default()
    }
}

#[allow(
    clippy::suspicious_op_assign_impl,
    reason = "what was seen is joined, system by system"
)]
impl AddAssign<&Producers> for Producers {
    fn add_assign(&mut self, other: &Producers) {
        for (system, seen) in &other.by_system {
            *self.entry(system.as_bytes()) |= *seen;
        }
    }
}

impl Seen {
    /// There is a producer at all.
    #[must_use]
    pub fn any(self) -> bool {
        self.named || self.nameless
    }
}

impl BitOrAssign for Seen {
    fn bitor_assign(&mut self, other: Self) {
        self.named |= other.named;
        self.nameless |= other.nameless;
        self.java_without_offset |= other.java_without_offset;
    }
}

/// What the attributes of one span say.
#[derive(Default)]
struct Found<'a> {
    system: Option<&'a [u8]>,
    id: bool,
    partition: bool,
    offset: bool,
}

impl<'a> Found<'a> {
    fn take(&mut self, attribute: &Attribute<'a>) {
        let key = attribute.key;
        if key == b"messaging.system" {
            if let AnyValue::String(text) = attribute.value {
                self.system.get_or_insert(text);
            }
        } else if key.ends_with(b"message.id")
            || key.ends_with(b"message_id")
            || key.ends_with(b"message.ids")
            || key.ends_with(b"job.id")
        {
            self.id |= is_something(&attribute.value);
        } else if key.ends_with(b"partition") || key.ends_with(b"partition.id") {
            self.partition = true;
        } else if key.starts_with(b"messaging.kafka.") && key.ends_with(b"offset") {
            // Of a record that was not acknowledged it is -1.
            self.offset |= is_something(&attribute.value);
        }
    }
}

fn is_something(value: &AnyValue<'_>) -> bool {
    match value {
        AnyValue::String(text) => !text.is_empty() && !text.starts_with(b"-"),
        AnyValue::Int(number) => *number >= 0,
        AnyValue::Array(_) => true,
        _ => false,
    }
}

fn is_producer(span: &[u8]) -> bool {
    let mut fields = Fields::new(span).flatten();
    fields.any(|field| field.number == span::KIND && field.number_value() == Some(PRODUCER))
}

fn is_of_java(resource_spans: &[u8]) -> bool {
    messages(resource_spans, resource_spans::RESOURCE)
        .flat_map(|message| messages(message, resource::ATTRIBUTES))
        .map(Attribute::read)
        .any(|attribute| {
            attribute.key == b"telemetry.sdk.language"
                && matches!(attribute.value, AnyValue::String(b"java"))
        })
}

/// The messages of this number in another one.
fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message)
        .flatten()
        .filter(move |field| field.number == number)
        .filter_map(|field| field.bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    /// A field of bytes, all of them short.
    fn field(number: u8, body: &[u8]) -> Vec<u8> {
        let length = u8::try_from(body.len()).unwrap();
        assert!(length < 128);
        [&[number << 3 | 2, length][..], body].concat()
    }

    fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
        let pair = [field(1, key.as_bytes()), field(2, value)].concat();
        field(9, &pair)
    }

    fn batch(kind: u8, attributes: &[Vec<u8>]) -> Vec<u8> {
        let span = [&[6 << 3, kind][..], &attributes.concat()].concat();
        field(1, &field(2, &field(2, &span)))
    }

    #[test]
    fn what_producers_name_is_seen_by_system() {
        let kafka = attribute("messaging.system", &field(1, b"kafka"));
        let partition = attribute("messaging.destination.partition.id", &field(1, b"3"));
        let offset = |value: &[u8]| attribute("messaging.kafka.offset", value);
        let seen =
            |attributes: &[Vec<u8>]| Producers::of(&batch(4, attributes)).of_system(&["kafka"]);
        let none = seen(&[kafka.clone(), partition.clone()]);
        assert!(none.nameless && !none.named && !none.java_without_offset);
        let known = seen(&[kafka.clone(), partition, offset(&[3 << 3, 7])]);
        assert!(known.named && !known.nameless);
        let minus_one = [&[3 << 3][..], &[0xff; 9], &[1]].concat();
        assert!(seen(&[kafka.clone(), offset(&minus_one)]).nameless);
        assert!(!seen(&[]).any());
        let consumer = Producers::of(&batch(5, &[kafka]));
        assert_eq!(consumer, Producers::default());
    }

    #[test]
    fn what_is_no_trace_has_no_producers() {
        assert_eq!(Producers::of(b"\x0a\xff\xff"), Producers::default());
    }

    #[test]
    fn systems_beyond_the_first_hundred_are_seen_together() {
        let mut all = Producers::default();
        for number in 0..500 {
            let system = format!("system-{number}");
            let system = attribute("messaging.system", &field(1, system.as_bytes()));
            all += &Producers::of(&batch(4, &[system]));
        }
        assert_eq!(all.by_system.len(), MOST_SYSTEMS + 1);
        assert!(all.of_system(&["other"]).nameless);
    }
}
