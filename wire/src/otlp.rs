//! OTLP's field numbers (opentelemetry-proto 1.11, trace/v1 and common/v1).

/// The field number of a tag.
#[inline]
#[must_use]
pub const fn field_number(tag: u32) -> u32 {
    tag >> 3
}

/// The wire type of a tag.
#[inline]
#[must_use]
pub const fn wire_type(tag: u32) -> u32 {
    tag & 7
}

/// `TracesData`, and `ExportTraceServiceRequest`.
pub mod traces_data {
    /// repeated `ResourceSpans`
    pub const RESOURCE_SPANS: u32 = 1;
}

/// `ResourceSpans`.
pub mod resource_spans {
    /// `Resource`
    pub const RESOURCE: u32 = 1;
    /// repeated `ScopeSpans`
    pub const SCOPE_SPANS: u32 = 2;
    /// string
    pub const SCHEMA_URL: u32 = 3;
}

/// `Resource`.
pub mod resource {
    /// repeated `KeyValue`
    pub const ATTRIBUTES: u32 = 1;
}

/// `ScopeSpans`.
pub mod scope_spans {
    /// `InstrumentationScope`
    pub const SCOPE: u32 = 1;
    /// repeated `Span`
    pub const SPANS: u32 = 2;
    /// string
    pub const SCHEMA_URL: u32 = 3;
}

/// `InstrumentationScope`.
pub mod scope {
    /// string
    pub const NAME: u32 = 1;
    /// string
    pub const VERSION: u32 = 2;
    /// repeated `KeyValue`
    pub const ATTRIBUTES: u32 = 3;
}

/// `Span`.
pub mod span {
    /// bytes, 16
    pub const TRACE_ID: u32 = 1;
    /// bytes, 8
    pub const SPAN_ID: u32 = 2;
    /// string
    pub const TRACE_STATE: u32 = 3;
    /// bytes, 8 or empty
    pub const PARENT_SPAN_ID: u32 = 4;
    /// string
    pub const NAME: u32 = 5;
    /// enum `SpanKind`
    pub const KIND: u32 = 6;
    /// fixed64
    pub const START_TIME_UNIX_NANO: u32 = 7;
    /// fixed64
    pub const END_TIME_UNIX_NANO: u32 = 8;
    /// repeated `KeyValue`
    pub const ATTRIBUTES: u32 = 9;
    /// uint32
    pub const DROPPED_ATTRIBUTES_COUNT: u32 = 10;
    /// repeated `Event`
    pub const EVENTS: u32 = 11;
    /// uint32
    pub const DROPPED_EVENTS_COUNT: u32 = 12;
    /// repeated `Link`
    pub const LINKS: u32 = 13;
    /// uint32
    pub const DROPPED_LINKS_COUNT: u32 = 14;
    /// `Status`
    pub const STATUS: u32 = 15;
    /// fixed32
    pub const FLAGS: u32 = 16;
}

/// `Span.Event`.
pub mod event {
    /// fixed64
    pub const TIME_UNIX_NANO: u32 = 1;
    /// string
    pub const NAME: u32 = 2;
    /// repeated `KeyValue`
    pub const ATTRIBUTES: u32 = 3;
}

/// `Span.Link`.
pub mod link {
    /// bytes, 16
    pub const TRACE_ID: u32 = 1;
    /// bytes, 8
    pub const SPAN_ID: u32 = 2;
    /// string
    pub const TRACE_STATE: u32 = 3;
    /// repeated `KeyValue`
    pub const ATTRIBUTES: u32 = 4;
    /// uint32
    pub const DROPPED_ATTRIBUTES_COUNT: u32 = 5;
    /// fixed32
    pub const FLAGS: u32 = 6;
}

/// `Status`.
pub mod status {
    /// enum `StatusCode`
    pub const CODE: u32 = 3;
}

/// `KeyValue`.
pub mod key_value {
    /// string
    pub const KEY: u32 = 1;
    /// `AnyValue`
    pub const VALUE: u32 = 2;
}

/// `AnyValue`, a oneof.
pub mod any_value {
    /// string
    pub const STRING: u32 = 1;
    /// bool
    pub const BOOL: u32 = 2;
    /// int64
    pub const INT: u32 = 3;
    /// double
    pub const DOUBLE: u32 = 4;
    /// `ArrayValue`
    pub const ARRAY: u32 = 5;
    /// `KeyValueList`
    pub const KVLIST: u32 = 6;
    /// bytes
    pub const BYTES: u32 = 7;
    /// int32, in profiles only
    pub const STRING_STRINDEX: u32 = 8;
}

/// `ArrayValue` and `KeyValueList`.
pub mod list {
    /// repeated `AnyValue`, repeated `KeyValue`
    pub const VALUES: u32 = 1;
}

/// `SpanKind`.
pub mod span_kind {
    /// Not told; may be read as internal.
    pub const UNSPECIFIED: u64 = 0;
    /// Inside an application.
    pub const INTERNAL: u64 = 1;
    /// Answers a request.
    pub const SERVER: u64 = 2;
    /// Sends a request.
    pub const CLIENT: u64 = 3;
    /// Makes or sends a message.
    pub const PRODUCER: u64 = 4;
    /// Receives or works off a message.
    pub const CONSUMER: u64 = 5;
}
