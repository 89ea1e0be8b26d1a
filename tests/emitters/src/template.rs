//! From the declared shape of a span to its name and attributes.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Wire;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};

use crate::profile::{Attribute, Value};
use crate::world::Message;

/// What templates are filled from.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The messages of the span, or the one of a link.
    pub messages: &'a [Message],
    /// A template of what this side calls the destination.
    pub destination: &'a str,
}

impl View<'_> {
    /// A name.
    #[must_use]
    pub fn name(&self, template: &str) -> String {
        self.fill(template).unwrap_or_else(|| template.to_owned())
    }

    /// Attributes, without those that there is nothing to say for.
    #[must_use]
    pub fn attributes(&self, declared: &[Attribute]) -> Vec<KeyValue> {
        let attribute = |declared: &Attribute| {
            let value = self.value(declared.value)?;
            Some(key_value(declared.key, value))
        };
        declared.iter().filter_map(attribute).collect()
    }

    fn value(&self, value: Value) -> Option<Wire> {
        Some(match value {
            Value::True => Wire::BoolValue(true),
            Value::Text(template) => Wire::StringValue(self.fill(template)?),
            Value::Integer(template) => Wire::IntValue(self.fill(template)?.parse().ok()?),
            Value::Texts(template) => {
                let of_message = |message| Self {
                    messages: std::slice::from_ref(message),
                    ..*self
                };
                let texts = self.messages.iter().map(of_message);
                let texts: Option<Vec<_>> = texts.map(|view| view.fill(template)).collect();
                let values = texts?.into_iter().map(Wire::StringValue).map(any).collect();
                Wire::ArrayValue(ArrayValue { values })
            }
        })
    }

    /// `None` when the template names what the message does not have.
    fn fill(&self, template: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            out.push_str(before);
            out.push_str(&self.read(name)?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    fn read(&self, name: &str) -> Option<String> {
        let message = self.messages.first()?;
        Some(match name {
            "queue" => message.queue.clone(),
            "destination" => self.fill(self.destination)?,
            "id" => message.id.clone()?,
            "ids" => {
                let ids = self.messages.iter().map(|message| message.id.clone());
                ids.collect::<Option<Vec<_>>>()?.join(",")
            }
            "partition" => message.partition.to_string(),
            "offset" => message.offset.to_string(),
            "count" => self.messages.len().to_string(),
            "task" => format!("{}.work", message.queue),
            "conversation" => message.conversation.clone(),
            "cluster" => message.cluster.clone(),
            "traceparent" => message.creation.traceparent(),
            _ => return None,
        })
    }
}

fn any(value: Wire) -> AnyValue {
    AnyValue { value: Some(value) }
}

/// An attribute on the wire.
#[must_use]
pub fn key_value(key: &str, value: Wire) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(any(value)),
        ..KeyValue::default()
    }
}

/// An attribute on the wire whose value is a string.
#[must_use]
pub fn key_text(key: &str, value: &str) -> KeyValue {
    key_value(key, Wire::StringValue(value.to_owned()))
}
