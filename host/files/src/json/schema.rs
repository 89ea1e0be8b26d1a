//! OTLP's trace messages as one table: field numbers, JSON names and types.
//!
//! Both ways between JSON and protobuf are driven by it. The fields stand in
//! the order of OTLP's `.proto` files, which is the order that the Collector
//! writes them in.

/// A message.
#[derive(Debug)]
pub(crate) struct Message {
    /// The name, for errors.
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
    /// The name of the field without which there are no spans in it, if it is
    /// there to hold them.
    pub(crate) holder: Option<&'static str>,
    /// The fields are members of one oneof: at most one is set, and a member
    /// that is set is written even if it holds the default.
    pub(crate) oneof: bool,
}

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) number: u32,
    /// The name in OTLP/JSON.
    pub(crate) name: &'static str,
    /// The name in the `.proto` file, which some writers use.
    pub(crate) snake: &'static str,
    pub(crate) kind: Kind,
    pub(crate) repeated: bool,
    /// The name that it had before OTLP 0.15: read, never written, and only
    /// where the message has not the new one as well.
    pub(crate) old: bool,
}

/// The type of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    /// Bytes that JSON writes in hex: trace and span ids.
    Id,
    /// Bytes that JSON writes in base64.
    Bytes,
    Bool,
    Int64,
    Fixed64,
    Uint32,
    Fixed32,
    Double,
    /// An enum; the names in the order of their numbers, from 0.
    Enum(&'static [&'static str]),
    Message(&'static Message),
}

impl Kind {
    pub(crate) const fn wire_type(self) -> u8 {
        match self {
            Self::Bool | Self::Int64 | Self::Uint32 | Self::Enum(_) => 0,
            Self::Fixed64 | Self::Double => 1,
            Self::Text | Self::Id | Self::Bytes | Self::Message(_) => 2,
            Self::Fixed32 => 5,
        }
    }
}

impl Message {
    /// The field with that name, in either spelling.
    pub(crate) fn by_name(&self, name: &str) -> Option<&'static Field> {
        self.fields
            .iter()
            .find(|field| field.name == name || field.snake == name)
    }

    /// It is the outermost one of a text.
    pub(crate) fn is_top(&self) -> bool {
        matches!(self.name, "TracesData" | "Trace")
    }

    /// The field whose name a key is in another spelling: `traceID`.
    pub(crate) fn same_letters(&self, key: &str) -> Option<&'static str> {
        let same = |field: &&Field| letters(field.name).eq(letters(key));
        self.fields.iter().find(same).map(|field| field.name)
    }

    /// The place in the table of the field with that number.
    pub(crate) fn place(&self, number: u32) -> Option<usize> {
        self.fields.iter().position(|field| field.number == number)
    }
}

/// A name without what spellings differ in.
pub(crate) fn letters(name: &str) -> impl Iterator<Item = u8> {
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase())
}

const fn one(number: u32, name: &'static str, snake: &'static str, kind: Kind) -> Field {
    Field {
        number,
        name,
        snake,
        kind,
        repeated: false,
        old: false,
    }
}

const fn many(number: u32, name: &'static str, snake: &'static str, kind: Kind) -> Field {
    Field {
        number,
        name,
        snake,
        kind,
        repeated: true,
        old: false,
    }
}

/// The same under an older name.
const fn old(field: Field) -> Field {
    Field { old: true, ..field }
}

macro_rules! message {
    ($(#[$meta:meta])* $id:ident = $name:literal [$($field:expr),* $(,)?]) => {
        message!(@ $(#[$meta])* $id, $name, None, false, [$($field),*]);
    };
    ($(#[$meta:meta])* $id:ident = $name:literal holds $holder:literal [$($field:expr),* $(,)?]) => {
        message!(@ $(#[$meta])* $id, $name, Some($holder), false, [$($field),*]);
    };
    ($(#[$meta:meta])* $id:ident = oneof $name:literal [$($field:expr),* $(,)?]) => {
        message!(@ $(#[$meta])* $id, $name, None, true, [$($field),*]);
    };
    (@ $(#[$meta:meta])* $id:ident, $name:literal, $holder:expr, $oneof:literal, [$($field:expr),*]) => {
        $(#[$meta])*
        pub(crate) static $id: Message = Message {
            name: $name,
            fields: &[$($field),*],
            holder: $holder,
            oneof: $oneof,
        };
    };
}

message!(TRACES_DATA = "TracesData" holds "resourceSpans" [
    many(1, "resourceSpans", "resource_spans", Kind::Message(&RESOURCE_SPANS)),
]);

message!(
    /// What Tempo's API and Grafana call the same.
    TEMPO_TRACE = "Trace" holds "batches" [
        many(1, "batches", "batches", Kind::Message(&RESOURCE_SPANS)),
    ]
);

message!(RESOURCE_SPANS = "ResourceSpans" holds "scopeSpans" [
    one(1, "resource", "resource", Kind::Message(&RESOURCE)),
    many(2, "scopeSpans", "scope_spans", Kind::Message(&SCOPE_SPANS)),
    old(many(
        2,
        "instrumentationLibrarySpans",
        "instrumentation_library_spans",
        Kind::Message(&SCOPE_SPANS),
    )),
    // The Collector's own name of that.
    old(many(
        2,
        "deprecatedScopeSpans",
        "deprecated_scope_spans",
        Kind::Message(&SCOPE_SPANS),
    )),
    one(3, "schemaUrl", "schema_url", Kind::Text),
]);

message!(RESOURCE = "Resource" [
    many(1, "attributes", "attributes", Kind::Message(&KEY_VALUE)),
    one(2, "droppedAttributesCount", "dropped_attributes_count", Kind::Uint32),
    many(3, "entityRefs", "entity_refs", Kind::Message(&ENTITY_REF)),
]);

message!(ENTITY_REF = "EntityRef" [
    one(1, "schemaUrl", "schema_url", Kind::Text),
    one(2, "type", "type", Kind::Text),
    many(3, "idKeys", "id_keys", Kind::Text),
    many(4, "descriptionKeys", "description_keys", Kind::Text),
]);

message!(SCOPE_SPANS = "ScopeSpans" holds "spans" [
    one(1, "scope", "scope", Kind::Message(&SCOPE)),
    old(one(
        1,
        "instrumentationLibrary",
        "instrumentation_library",
        Kind::Message(&SCOPE),
    )),
    many(2, "spans", "spans", Kind::Message(&SPAN)),
    one(3, "schemaUrl", "schema_url", Kind::Text),
]);

message!(SCOPE = "InstrumentationScope" [
    one(1, "name", "name", Kind::Text),
    one(2, "version", "version", Kind::Text),
    many(3, "attributes", "attributes", Kind::Message(&KEY_VALUE)),
    one(4, "droppedAttributesCount", "dropped_attributes_count", Kind::Uint32),
]);

message!(SPAN = "Span" [
    one(1, "traceId", "trace_id", Kind::Id),
    one(2, "spanId", "span_id", Kind::Id),
    one(3, "traceState", "trace_state", Kind::Text),
    one(4, "parentSpanId", "parent_span_id", Kind::Id),
    one(16, "flags", "flags", Kind::Fixed32),
    one(5, "name", "name", Kind::Text),
    one(6, "kind", "kind", Kind::Enum(&[
        "SPAN_KIND_UNSPECIFIED",
        "SPAN_KIND_INTERNAL",
        "SPAN_KIND_SERVER",
        "SPAN_KIND_CLIENT",
        "SPAN_KIND_PRODUCER",
        "SPAN_KIND_CONSUMER",
    ])),
    one(7, "startTimeUnixNano", "start_time_unix_nano", Kind::Fixed64),
    one(8, "endTimeUnixNano", "end_time_unix_nano", Kind::Fixed64),
    many(9, "attributes", "attributes", Kind::Message(&KEY_VALUE)),
    one(10, "droppedAttributesCount", "dropped_attributes_count", Kind::Uint32),
    many(11, "events", "events", Kind::Message(&EVENT)),
    one(12, "droppedEventsCount", "dropped_events_count", Kind::Uint32),
    many(13, "links", "links", Kind::Message(&LINK)),
    one(14, "droppedLinksCount", "dropped_links_count", Kind::Uint32),
    one(15, "status", "status", Kind::Message(&STATUS)),
]);

message!(EVENT = "Event" [
    one(1, "timeUnixNano", "time_unix_nano", Kind::Fixed64),
    one(2, "name", "name", Kind::Text),
    many(3, "attributes", "attributes", Kind::Message(&KEY_VALUE)),
    one(4, "droppedAttributesCount", "dropped_attributes_count", Kind::Uint32),
]);

message!(LINK = "Link" [
    one(1, "traceId", "trace_id", Kind::Id),
    one(2, "spanId", "span_id", Kind::Id),
    one(3, "traceState", "trace_state", Kind::Text),
    many(4, "attributes", "attributes", Kind::Message(&KEY_VALUE)),
    one(5, "droppedAttributesCount", "dropped_attributes_count", Kind::Uint32),
    one(6, "flags", "flags", Kind::Fixed32),
]);

message!(STATUS = "Status" [
    one(2, "message", "message", Kind::Text),
    one(3, "code", "code", Kind::Enum(&[
        "STATUS_CODE_UNSET",
        "STATUS_CODE_OK",
        "STATUS_CODE_ERROR",
    ])),
]);

message!(KEY_VALUE = "KeyValue" [
    one(1, "key", "key", Kind::Text),
    one(2, "value", "value", Kind::Message(&ANY_VALUE)),
]);

message!(
    /// The only message that can lie in itself, over lists.
    ANY_VALUE = oneof "AnyValue" [
        one(1, "stringValue", "string_value", Kind::Text),
        one(2, "boolValue", "bool_value", Kind::Bool),
        one(3, "intValue", "int_value", Kind::Int64),
        one(4, "doubleValue", "double_value", Kind::Double),
        one(5, "arrayValue", "array_value", Kind::Message(&ARRAY_VALUE)),
        one(6, "kvlistValue", "kvlist_value", Kind::Message(&KEY_VALUE_LIST)),
        one(7, "bytesValue", "bytes_value", Kind::Bytes),
    ]
);

message!(ARRAY_VALUE = "ArrayValue" [
    many(1, "values", "values", Kind::Message(&ANY_VALUE)),
]);

message!(KEY_VALUE_LIST = "KeyValueList" [
    many(1, "values", "values", Kind::Message(&KEY_VALUE)),
]);

/// How many messages may lie in each other, the batch counted: as deep as the
/// walk over protobuf goes, so that what is decoded here can be walked.
pub(crate) const MAX_DEPTH: u32 = linkmend_wire::scan::MAX_DEPTH;
