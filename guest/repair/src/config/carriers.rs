//! Attributes that hold a whole context: captured headers, and ids that came
//! with a work item.

use serde_json::Value;

use super::object::{Member, Refusal};
use super::values::name;

/// Two attributes that hold captured W3C headers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers {
    /// Of the `traceparent` header.
    pub traceparent: String,
    /// Of the `tracestate` header; empty: none.
    pub tracestate: String,
}

/// Attributes that the rule knows without being told: those of the Java agent
/// (`otel.instrumentation.messaging.experimental.capture-headers`), and those
/// of `AppSignal`'s instrumentation of `BullMQ`, which lays the options of a job
/// open (0.9.0).
pub const USUAL_HEADERS: [[&str; 2]; 2] = [
    [
        "messaging.header.traceparent",
        "messaging.header.tracestate",
    ],
    [
        "messaging.bullmq.job.opts.traceparent",
        "messaging.bullmq.job.opts.tracestate",
    ],
];

/// The keys of an element of `captured_headers`.
pub const HEADERS: &[Member<Headers>] = &[
    Member {
        key: "traceparent",
        default: "",
        values: "an attribute name",
        summary: "The attribute that holds the `traceparent` header: a string, or an array with one for each \
                  message.",
        set: |headers, value| put(&mut headers.traceparent, value),
    },
    Member {
        key: "tracestate",
        default: "\"\"",
        values: "an attribute name",
        summary: "The same for `tracestate`; without it links get no trace state.",
        set: |headers, value| put_optional(&mut headers.tracestate, value),
    },
];

/// Attributes that hold the ids of a context, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContextNames {
    /// Of the trace id.
    pub trace_id: String,
    /// Of the span id.
    pub span_id: String,
    /// Of the W3C flags; empty: none.
    pub trace_flags: String,
}

/// The keys of an element of `context_attributes`.
pub const CONTEXTS: &[Member<ContextNames>] = &[
    Member {
        key: "trace_id",
        default: "",
        values: "an attribute name",
        summary: "The attribute that holds the trace id: 32 hex digits, or an array with one for each work item.",
        set: |names, value| put(&mut names.trace_id, value),
    },
    Member {
        key: "span_id",
        default: "",
        values: "an attribute name",
        summary: "The same for the span id: 16 hex digits.",
        set: |names, value| put(&mut names.span_id, value),
    },
    Member {
        key: "trace_flags",
        default: "\"\"",
        values: "an attribute name",
        summary: "The same for the W3C trace flags: an integer, or 2 hex digits. Without it they are 0.",
        set: |names, value| put_optional(&mut names.trace_flags, value),
    },
];

fn put(place: &mut String, value: &Value) -> Result<(), Refusal> {
    *place = name(value)?;
    Ok(())
}

fn put_optional(place: &mut String, value: &Value) -> Result<(), Refusal> {
    value.as_str().ok_or(Refusal::Value)?.clone_into(place);
    Ok(())
}
