//! The spans of a trace file, each with its place and all that is around it.

use std::fs::File;
use std::path::Path;

use linkmend_files::{BatchReader, Position, ReadOptions};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message as _;

/// A span where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    /// Where its batch begins.
    pub(crate) position: Position,
    pub(crate) origin: Origin,
    pub(crate) span: Span,
}

/// What is around a span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Origin {
    pub(crate) resource: Option<Resource>,
    resource_schema: String,
    scope: Option<InstrumentationScope>,
    scope_schema: String,
}

impl Placed {
    /// The span alone, with all that is around it.
    pub(crate) fn traces(&self) -> TracesData {
        let scope = ScopeSpans {
            scope: self.origin.scope.clone(),
            spans: vec![self.span.clone()],
            schema_url: self.origin.scope_schema.clone(),
        };
        TracesData {
            resource_spans: vec![ResourceSpans {
                resource: self.origin.resource.clone(),
                scope_spans: vec![scope],
                schema_url: self.origin.resource_schema.clone(),
            }],
        }
    }
}

impl Origin {
    /// `service.name`, if there is one.
    pub(crate) fn service(&self) -> Option<&str> {
        let attributes = &self.resource.as_ref()?.attributes;
        let found = attributes
            .iter()
            .rev()
            .find(|attribute| attribute.key == "service.name");
        match found?.value.as_ref()?.value.as_ref()? {
            Value::StringValue(name) => Some(name),
            _ => None,
        }
    }
}

/// All spans of a file that `linkmend process` reads, in their order.
///
/// # Errors
///
/// What is wrong with the file, and where.
pub(crate) fn read(path: &Path) -> Result<Vec<Placed>, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| told(&error))?;
    let reader = BatchReader::open(file, ReadOptions::default()).map_err(|error| told(&error))?;
    let mut spans = Vec::new();
    for raw in reader {
        let decoded = raw.map_err(|fault| told(&fault))?.decode();
        if let Some(fault) = decoded.faults.first() {
            return Err(told(fault));
        }
        let Some(batch) = decoded.batch else { continue };
        let position = batch.position();
        let traces = TracesData::decode(batch.traces().clone())
            .map_err(|error| told(&format_args!("{position}: {error}")))?;
        place(traces, position, &mut spans);
    }
    Ok(spans)
}

fn place(traces: TracesData, position: Position, spans: &mut Vec<Placed>) {
    for resource in traces.resource_spans {
        for scope in resource.scope_spans {
            let origin = Origin {
                resource: resource.resource.clone(),
                resource_schema: resource.schema_url.clone(),
                scope: scope.scope,
                scope_schema: scope.schema_url,
            };
            spans.extend(scope.spans.into_iter().map(|span| Placed {
                position,
                origin: origin.clone(),
                span,
            }));
        }
    }
}

/// An id in hexadecimal digits.
pub(crate) fn hex(id: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in id {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    if text.is_empty() {
        "(no id)".into()
    } else {
        text
    }
}

/// Attributes as people write them, sorted by key.
pub(crate) fn attributes(attributes: &[KeyValue]) -> String {
    let mut texts: Vec<String> = attributes.iter().map(pair).collect();
    texts.sort();
    texts.join(", ")
}

fn pair(attribute: &KeyValue) -> String {
    let value = attribute.value.as_ref().and_then(|any| any.value.as_ref());
    format!("{}={}", attribute.key, value_text(value))
}

fn value_text(value: Option<&Value>) -> String {
    let any =
        |any: &opentelemetry_proto::tonic::common::v1::AnyValue| value_text(any.value.as_ref());
    match value {
        None => "(nothing)".into(),
        // Quoted, so that "1" is not 1.
        Some(Value::StringValue(text)) => format!("{text:?}"),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => format!("{value:?}"),
        Some(Value::BytesValue(bytes)) => format!("0x{}", hex(bytes)),
        Some(Value::ArrayValue(array)) => {
            let values: Vec<String> = array.values.iter().map(any).collect();
            format!("[{}]", values.join(", "))
        }
        Some(Value::KvlistValue(list)) => format!("{{{}}}", attributes(&list.values)),
        Some(other) => format!("{other:?}"),
    }
}
