//! Writes a batch in the ways that protobuf allows and prost never takes:
//! fields in any order, unknown fields, padded varints, fields repeated or
//! present without need. A reader must see the same batch in all of them.

use std::cmp::Reverse;

use linkmend_wire::encode::put_varint;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, EntityRef, InstrumentationScope, KeyValue, any_value::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};

use super::choices::Choices;

/// Field numbers that no message of OTLP uses.
pub const UNKNOWN: [u32; 4] = [17, 20, 1000, (1 << 29) - 1];

/// In which order the fields of a message are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As the SDKs do.
    Ascending,
    /// As the Collector does.
    Descending,
    /// As nobody does but anybody may.
    Shuffled,
}

pub struct Encoder<'c, 'b> {
    choices: &'c mut Choices<'b>,
    order: Order,
    /// Unknown fields, padded varints, repeated and needless fields.
    noise: bool,
}

/// The fields of a message that is being written. Fields of one number keep
/// their order; that is all that protobuf asks.
struct Fields<'e, 'c, 'b> {
    encoder: &'e mut Encoder<'c, 'b>,
    fields: Vec<(u32, Vec<u8>)>,
}

/// `batch` as bytes, in an order and with noise as `choices` will have it.
pub fn encode(batch: &TracesData, choices: &mut Choices<'_>) -> Vec<u8> {
    let order = choices.pick(&[Order::Ascending, Order::Descending, Order::Shuffled]);
    let noise = choices.one_in(2);
    Encoder::new(choices, order, noise).traces(batch)
}

impl<'c, 'b> Encoder<'c, 'b> {
    pub fn new(choices: &'c mut Choices<'b>, order: Order, noise: bool) -> Self {
        Self {
            choices,
            order,
            noise,
        }
    }

    fn sometimes(&mut self, times: usize) -> bool {
        self.noise && self.choices.one_in(times)
    }

    fn varint(&mut self, out: &mut Vec<u8>, value: u64) {
        let start = out.len();
        put_varint(out, value);
        if self.sometimes(8) {
            let room = 10 - (out.len() - start);
            for _ in 0..self.choices.below(room + 1) {
                *out.last_mut().unwrap() |= 0x80;
                out.push(0);
            }
        }
    }

    fn delimited(&mut self, number: u32, body: &[u8]) -> Vec<u8> {
        let mut field = Vec::new();
        self.varint(&mut field, u64::from(number) << 3 | 2);
        self.varint(&mut field, body.len() as u64);
        field.extend_from_slice(body);
        field
    }

    fn unknown(&mut self) -> Vec<u8> {
        let number = self.choices.pick(&UNKNOWN);
        let wire_type = self.choices.pick(&[0, 1, 2, 5]);
        if wire_type == 2 {
            let length = self.choices.below(9);
            let body = self.choices.bytes(length);
            return self.delimited(number, &body);
        }
        let mut field = Vec::new();
        self.varint(&mut field, u64::from(number) << 3 | wire_type);
        match wire_type {
            0 => {
                let value = self.choices.u64();
                self.varint(&mut field, value);
            }
            1 => field.extend(self.choices.bytes(8)),
            _ => field.extend(self.choices.bytes(4)),
        }
        field
    }

    fn message(&mut self, write: impl FnOnce(&mut Fields<'_, 'c, 'b>)) -> Vec<u8> {
        let mut fields = Fields {
            encoder: self,
            fields: Vec::new(),
        };
        write(&mut fields);
        let fields = fields.fields;
        let mut fields = self.ordered(fields);
        while self.sometimes(4) {
            let at = self.choices.below(fields.len() + 1);
            let unknown = self.unknown();
            fields.insert(at, unknown);
        }
        fields.concat()
    }

    fn ordered(&mut self, mut fields: Vec<(u32, Vec<u8>)>) -> Vec<Vec<u8>> {
        match self.order {
            Order::Ascending => fields.sort_by_key(|(number, _)| *number),
            Order::Descending => fields.sort_by_key(|(number, _)| Reverse(*number)),
            Order::Shuffled => {
                // The numbers take random places, and each place the next
                // field of its number.
                let mut numbers: Vec<u32> = fields.iter().map(|(number, _)| *number).collect();
                for last in (1..numbers.len()).rev() {
                    numbers.swap(last, self.choices.below(last + 1));
                }
                let mut next = |number| {
                    let at = fields.iter().position(|field| field.0 == number).unwrap();
                    fields.remove(at)
                };
                fields = numbers.into_iter().map(&mut next).collect();
            }
        }
        fields.into_iter().map(|(_, bytes)| bytes).collect()
    }

    pub fn traces(&mut self, batch: &TracesData) -> Vec<u8> {
        self.message(|fields| {
            fields.each(1, &batch.resource_spans, Self::resource_spans);
        })
    }

    fn resource_spans(&mut self, of: &ResourceSpans) -> Vec<u8> {
        self.message(|fields| {
            fields.one(1, of.resource.as_ref(), Self::resource);
            fields.each(2, &of.scope_spans, Self::scope_spans);
            fields.text(3, &of.schema_url);
        })
    }

    fn resource(&mut self, of: &Resource) -> Vec<u8> {
        self.message(|fields| {
            fields.each(1, &of.attributes, Self::attribute);
            fields.varint(2, u64::from(of.dropped_attributes_count));
            fields.each(3, &of.entity_refs, Self::entity_ref);
        })
    }

    fn entity_ref(&mut self, of: &EntityRef) -> Vec<u8> {
        self.message(|fields| {
            fields.text(1, &of.schema_url);
            fields.text(2, &of.r#type);
            fields.each(3, &of.id_keys, |_, text| text.as_bytes().to_vec());
            fields.each(4, &of.description_keys, |_, text| text.as_bytes().to_vec());
        })
    }

    fn scope_spans(&mut self, of: &ScopeSpans) -> Vec<u8> {
        self.message(|fields| {
            fields.one(1, of.scope.as_ref(), Self::scope);
            fields.each(2, &of.spans, Self::span);
            fields.text(3, &of.schema_url);
        })
    }

    fn scope(&mut self, of: &InstrumentationScope) -> Vec<u8> {
        self.message(|fields| {
            fields.text(1, &of.name);
            fields.text(2, &of.version);
            fields.each(3, &of.attributes, Self::attribute);
            fields.varint(4, u64::from(of.dropped_attributes_count));
        })
    }

    pub fn span(&mut self, of: &Span) -> Vec<u8> {
        self.message(|fields| {
            fields.bytes(1, &of.trace_id);
            fields.bytes(2, &of.span_id);
            fields.text(3, &of.trace_state);
            fields.bytes(4, &of.parent_span_id);
            fields.text(5, &of.name);
            fields.varint(6, i64::from(of.kind).cast_unsigned());
            fields.fixed64(7, of.start_time_unix_nano);
            fields.fixed64(8, of.end_time_unix_nano);
            fields.each(9, &of.attributes, Self::attribute);
            fields.varint(10, u64::from(of.dropped_attributes_count));
            fields.each(11, &of.events, Self::event);
            fields.varint(12, u64::from(of.dropped_events_count));
            fields.each(13, &of.links, Self::link);
            fields.varint(14, u64::from(of.dropped_links_count));
            fields.one(15, of.status.as_ref(), Self::status);
            fields.fixed32(16, of.flags);
        })
    }

    fn event(&mut self, of: &Event) -> Vec<u8> {
        self.message(|fields| {
            fields.fixed64(1, of.time_unix_nano);
            fields.text(2, &of.name);
            fields.each(3, &of.attributes, Self::attribute);
            fields.varint(4, u64::from(of.dropped_attributes_count));
        })
    }

    pub fn link(&mut self, of: &Link) -> Vec<u8> {
        self.message(|fields| {
            fields.bytes(1, &of.trace_id);
            fields.bytes(2, &of.span_id);
            fields.text(3, &of.trace_state);
            fields.each(4, &of.attributes, Self::attribute);
            fields.varint(5, u64::from(of.dropped_attributes_count));
            fields.fixed32(6, of.flags);
        })
    }

    fn status(&mut self, of: &Status) -> Vec<u8> {
        self.message(|fields| {
            fields.text(2, &of.message);
            fields.varint(3, i64::from(of.code).cast_unsigned());
        })
    }

    fn attribute(&mut self, of: &KeyValue) -> Vec<u8> {
        self.message(|fields| {
            fields.text(1, &of.key);
            fields.one(2, of.value.as_ref(), Self::value);
            fields.varint(3, i64::from(of.key_strindex).cast_unsigned());
        })
    }

    fn value(&mut self, of: &AnyValue) -> Vec<u8> {
        // A oneof is written even when it holds a default.
        self.message(|fields| match &of.value {
            None => {}
            Some(Value::StringValue(text)) => fields.put_bytes(1, text.as_bytes()),
            Some(Value::BoolValue(value)) => fields.put_varint(2, u64::from(*value)),
            Some(Value::IntValue(value)) => fields.put_varint(3, value.cast_unsigned()),
            Some(Value::DoubleValue(value)) => fields.put_fixed64(4, value.to_bits()),
            Some(Value::ArrayValue(list)) => {
                let list = fields.encoder.message(|fields| {
                    fields.each(1, &list.values, Self::value);
                });
                fields.put_bytes(5, &list);
            }
            Some(Value::KvlistValue(list)) => {
                let list = fields.encoder.message(|fields| {
                    fields.each(1, &list.values, Self::attribute);
                });
                fields.put_bytes(6, &list);
            }
            Some(Value::BytesValue(bytes)) => fields.put_bytes(7, bytes),
            Some(Value::StringValueStrindex(index)) => {
                fields.put_varint(8, i64::from(*index).cast_unsigned());
            }
        })
    }
}

impl<'c, 'b> Fields<'_, 'c, 'b> {
    fn put_bytes(&mut self, number: u32, bytes: &[u8]) {
        let field = self.encoder.delimited(number, bytes);
        self.fields.push((number, field));
    }

    fn put_varint(&mut self, number: u32, value: u64) {
        let mut field = Vec::new();
        self.encoder.varint(&mut field, u64::from(number) << 3);
        self.encoder.varint(&mut field, value);
        self.fields.push((number, field));
    }

    fn put_fixed64(&mut self, number: u32, value: u64) {
        let mut field = Vec::new();
        self.encoder.varint(&mut field, u64::from(number) << 3 | 1);
        field.extend_from_slice(&value.to_le_bytes());
        self.fields.push((number, field));
    }

    fn put_fixed32(&mut self, number: u32, value: u32) {
        let mut field = Vec::new();
        self.encoder.varint(&mut field, u64::from(number) << 3 | 5);
        field.extend_from_slice(&value.to_le_bytes());
        self.fields.push((number, field));
    }

    /// A singular field: left out when it holds the default, unless there is
    /// noise, and after another one of the same number, which it overrides.
    fn singular(&mut self, is_default: bool, put: impl Fn(&mut Self, bool)) {
        let overrides = self.encoder.sometimes(8);
        if overrides {
            put(self, true);
        }
        if !is_default || overrides || self.encoder.sometimes(4) {
            put(self, false);
        }
    }

    fn bytes(&mut self, number: u32, bytes: &[u8]) {
        self.singular(bytes.is_empty(), |fields, decoy| {
            fields.put_bytes(number, if decoy { b"decoy" } else { bytes });
        });
    }

    fn text(&mut self, number: u32, text: &str) {
        self.bytes(number, text.as_bytes());
    }

    fn varint(&mut self, number: u32, value: u64) {
        self.singular(value == 0, |fields, decoy| {
            fields.put_varint(number, if decoy { 5 } else { value });
        });
    }

    fn fixed64(&mut self, number: u32, value: u64) {
        self.singular(value == 0, |fields, decoy| {
            fields.put_fixed64(number, if decoy { 5 } else { value });
        });
    }

    fn fixed32(&mut self, number: u32, value: u32) {
        self.singular(value == 0, |fields, decoy| {
            fields.put_fixed32(number, if decoy { 5 } else { value });
        });
    }

    fn each<T>(
        &mut self,
        number: u32,
        messages: &[T],
        encode: impl Fn(&mut Encoder<'c, 'b>, &T) -> Vec<u8>,
    ) {
        for message in messages {
            let body = encode(self.encoder, message);
            self.put_bytes(number, &body);
        }
    }

    /// A singular message. Readers merge it with another one of its number,
    /// and an empty one adds nothing.
    fn one<T>(
        &mut self,
        number: u32,
        message: Option<&T>,
        encode: impl Fn(&mut Encoder<'c, 'b>, &T) -> Vec<u8>,
    ) {
        let Some(message) = message else { return };
        if self.encoder.sometimes(8) {
            self.put_bytes(number, &[]);
        }
        let body = encode(self.encoder, message);
        self.put_bytes(number, &body);
        if self.encoder.sometimes(8) {
            self.put_bytes(number, &[]);
        }
    }
}
