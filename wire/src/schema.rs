//! OTLP's messages as a table: one source for checking wire types and for the
//! field paths of errors.

/// A message.
#[derive(Debug)]
pub(crate) struct Schema {
    /// By field number.
    fields: &'static [FieldSchema],
}

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldSchema {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) repeated: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Varint,
    Fixed64,
    Fixed32,
    Bytes,
    Message(&'static Schema),
    /// Not a field of the message: anything goes.
    Unknown,
}

impl Schema {
    #[inline]
    pub(crate) fn field(&self, number: u32) -> &'static FieldSchema {
        self.fields.get(number as usize).unwrap_or(&NONE)
    }
}

impl Kind {
    /// `None`: any.
    #[inline]
    pub(crate) fn wire_type(self) -> Option<u32> {
        match self {
            Varint => Some(0),
            Fixed64 => Some(1),
            Bytes | Message(_) => Some(2),
            Fixed32 => Some(5),
            Unknown => None,
        }
    }
}

use Kind::{Bytes, Fixed32, Fixed64, Message, Unknown, Varint};

/// A number that the message does not use.
const NONE: FieldSchema = one("", Unknown);

const fn one(name: &'static str, kind: Kind) -> FieldSchema {
    FieldSchema {
        name,
        kind,
        repeated: false,
    }
}

const fn many(name: &'static str, schema: &'static Schema) -> FieldSchema {
    FieldSchema {
        name,
        kind: Message(schema),
        repeated: true,
    }
}

pub(crate) static TRACES_DATA: Schema = Schema {
    fields: &[NONE, many("resource_spans", &RESOURCE_SPANS)],
};

pub(crate) static RESOURCE_SPANS: Schema = Schema {
    fields: &[
        NONE,
        one("resource", Message(&RESOURCE)),
        many("scope_spans", &SCOPE_SPANS),
        one("schema_url", Bytes),
    ],
};

static RESOURCE: Schema = Schema {
    fields: &[
        NONE,
        many("attributes", &KEY_VALUE),
        one("dropped_attributes_count", Varint),
        many("entity_refs", &ENTITY_REF),
    ],
};

static ENTITY_REF: Schema = Schema {
    fields: &[
        NONE,
        one("schema_url", Bytes),
        one("type", Bytes),
        one("id_keys", Bytes),
        one("description_keys", Bytes),
    ],
};

pub(crate) static SCOPE_SPANS: Schema = Schema {
    fields: &[
        NONE,
        one("scope", Message(&SCOPE)),
        many("spans", &SPAN),
        one("schema_url", Bytes),
    ],
};

static SCOPE: Schema = Schema {
    fields: &[
        NONE,
        one("name", Bytes),
        one("version", Bytes),
        many("attributes", &KEY_VALUE),
        one("dropped_attributes_count", Varint),
    ],
};

pub(crate) static SPAN: Schema = Schema {
    fields: &[
        NONE,
        one("trace_id", Bytes),
        one("span_id", Bytes),
        one("trace_state", Bytes),
        one("parent_span_id", Bytes),
        one("name", Bytes),
        one("kind", Varint),
        one("start_time_unix_nano", Fixed64),
        one("end_time_unix_nano", Fixed64),
        many("attributes", &KEY_VALUE),
        one("dropped_attributes_count", Varint),
        many("events", &EVENT),
        one("dropped_events_count", Varint),
        many("links", &LINK),
        one("dropped_links_count", Varint),
        one("status", Message(&STATUS)),
        one("flags", Fixed32),
    ],
};

static EVENT: Schema = Schema {
    fields: &[
        NONE,
        one("time_unix_nano", Fixed64),
        one("name", Bytes),
        many("attributes", &KEY_VALUE),
        one("dropped_attributes_count", Varint),
    ],
};

static LINK: Schema = Schema {
    fields: &[
        NONE,
        one("trace_id", Bytes),
        one("span_id", Bytes),
        one("trace_state", Bytes),
        many("attributes", &KEY_VALUE),
        one("dropped_attributes_count", Varint),
        one("flags", Fixed32),
    ],
};

static STATUS: Schema = Schema {
    fields: &[NONE, NONE, one("message", Bytes), one("code", Varint)],
};

pub(crate) static KEY_VALUE: Schema = Schema {
    fields: &[
        NONE,
        one("key", Bytes),
        one("value", Message(&ANY_VALUE)),
        one("key_strindex", Varint),
    ],
};

static ANY_VALUE: Schema = Schema {
    fields: &[
        NONE,
        one("string_value", Bytes),
        one("bool_value", Varint),
        one("int_value", Varint),
        one("double_value", Fixed64),
        one("array_value", Message(&ARRAY_VALUE)),
        one("kvlist_value", Message(&KEY_VALUE_LIST)),
        one("bytes_value", Bytes),
        one("string_value_strindex", Varint),
    ],
};

static ARRAY_VALUE: Schema = Schema {
    fields: &[NONE, many("values", &ANY_VALUE)],
};

static KEY_VALUE_LIST: Schema = Schema {
    fields: &[NONE, many("values", &KEY_VALUE)],
};
