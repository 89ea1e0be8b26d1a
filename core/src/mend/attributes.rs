//! The attributes of a verdict, encoded once however many links get them.

use std::ops::Range;

use linkmend_wire::encode::{
    bytes_field_len, put_bytes_field, put_delimiter, put_fixed64_field, put_varint_field,
};
use linkmend_wire::otlp::{any_value, key_value, link};

use super::subject::Subject;
use crate::counts::Counts;
use crate::error::VerdictError;
use crate::interface::{Attribute, Edit, Text, ValueKind, Verdict};

/// The attributes of a verdict.
#[derive(Debug)]
pub(super) struct Attributes {
    attributes: Vec<Encoded>,
    /// `Link` fields: tag, length and `KeyValue` of one after the other.
    fields: Vec<u8>,
}

#[derive(Debug)]
struct Encoded {
    key: Range<usize>,
    field: Range<usize>,
    /// Of the attribute that says why a link exists: the value, and on how
    /// many links it was put.
    type_value: Option<String>,
    uses: u64,
}

impl Attributes {
    pub(super) fn encode(verdict: &Verdict, subject: &Subject<'_>) -> Result<Self, VerdictError> {
        let mut encoded = Self {
            attributes: Vec::with_capacity(verdict.attributes.len()),
            fields: Vec::with_capacity(verdict.attributes.len() * 48),
        };
        for attribute in &verdict.attributes {
            encoded.push(attribute, &verdict.texts, subject)?;
        }
        Ok(encoded)
    }

    fn push(
        &mut self,
        attribute: &Attribute,
        texts: &[u8],
        subject: &Subject<'_>,
    ) -> Result<(), VerdictError> {
        let key = utf8(attribute.key, texts)?;
        if key.is_empty() {
            return Err(VerdictError::EmptyKey);
        }
        let value = match attribute.kind {
            ValueKind::Text => utf8(attribute.text, texts)?,
            _ => "",
        };
        // Short texts may be named again and again, and their sum is bounded
        // only here.
        if self.fields.len() > subject.limits.growth {
            let limit = subject.limits.growth;
            return Err(VerdictError::TooMuchGrowth { limit });
        }
        let start = self.fields.len();
        self.put(attribute, key, value);
        let key_end = self.fields.len() - value_length(attribute, value);
        let is_type = attribute.kind == ValueKind::Text && key == subject.type_attribute;
        self.attributes.push(Encoded {
            key: key_end - key.len()..key_end,
            field: start..self.fields.len(),
            type_value: is_type.then(|| value.to_owned()),
            uses: 0,
        });
        Ok(())
    }

    fn put(&mut self, attribute: &Attribute, key: &str, value: &str) {
        let out = &mut self.fields;
        let length = bytes_field_len(key_value::KEY, key.len()) + value_length(attribute, value);
        put_delimiter(out, link::ATTRIBUTES, length);
        put_bytes_field(out, key_value::KEY, key.as_bytes());
        put_delimiter(out, key_value::VALUE, any_value_length(attribute, value));
        match attribute.kind {
            ValueKind::Text => put_bytes_field(out, any_value::STRING, value.as_bytes()),
            ValueKind::Boolean => {
                put_varint_field(out, any_value::BOOL, u64::from(attribute.bits != 0));
            }
            ValueKind::Integer => put_varint_field(out, any_value::INT, attribute.bits),
            ValueKind::Double => put_fixed64_field(out, any_value::DOUBLE, attribute.bits),
        }
    }

    /// Checks the range of attributes that an edit names.
    pub(super) fn range(&self, edit: &Edit) -> Result<Range<usize>, VerdictError> {
        let start = edit.first_attribute as usize;
        let range = start..start.saturating_add(edit.attribute_count as usize);
        if range.is_empty() {
            return Ok(0..0);
        }
        match self.attributes.get(range.clone()) {
            Some(_) => Ok(range),
            None => Err(VerdictError::BadRange { list: "attributes" }),
        }
    }

    /// The keys of attributes.
    pub(super) fn keys(&self, range: Range<usize>) -> impl Iterator<Item = &[u8]> {
        let attributes = self.attributes.get(range).unwrap_or_default();
        attributes
            .iter()
            .map(|attribute| self.slice(&attribute.key))
    }

    /// Writes attributes as fields of a `Link` message.
    pub(super) fn put_fields(&mut self, ranges: [Range<usize>; 2], out: &mut Vec<u8>) {
        for attribute in ranges.into_iter().flatten() {
            let Some(attribute) = self.attributes.get_mut(attribute) else {
                continue;
            };
            attribute.uses += 1;
            out.extend_from_slice(self.fields.get(attribute.field.clone()).unwrap_or_default());
        }
    }

    /// The reason that an edit puts on its link.
    pub(super) fn type_value(&self, edit: &Edit) -> Option<&str> {
        let range = self.range(edit).ok()?;
        let mut attributes = self.attributes.get(range)?.iter();
        attributes.find_map(|attribute| attribute.type_value.as_deref())
    }

    /// How often each reason was put on a link.
    pub(super) fn count_types(&self, counts: &mut Counts) {
        let used = self
            .attributes
            .iter()
            .filter(|attribute| attribute.uses > 0);
        for attribute in used {
            if let Some(value) = &attribute.type_value {
                counts.links_typed += attribute.uses;
                counts.count_type(value, attribute.uses);
            }
        }
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.fields.get(range.clone()).unwrap_or_default()
    }
}

fn any_value_length(attribute: &Attribute, value: &str) -> usize {
    match attribute.kind {
        ValueKind::Text => bytes_field_len(any_value::STRING, value.len()),
        ValueKind::Boolean => 2,
        ValueKind::Integer => 1 + linkmend_wire::encode::varint_len(attribute.bits),
        ValueKind::Double => 9,
    }
}

/// Of the field `KeyValue.value`.
fn value_length(attribute: &Attribute, value: &str) -> usize {
    bytes_field_len(key_value::VALUE, any_value_length(attribute, value))
}

fn utf8(range: Text, texts: &[u8]) -> Result<&str, VerdictError> {
    let bytes = range
        .of(texts)
        .ok_or(VerdictError::BadRange { list: "texts" })?;
    std::str::from_utf8(bytes).map_err(|_| VerdictError::BadText)
}
