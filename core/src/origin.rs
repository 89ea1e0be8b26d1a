//! Whose a span is: what the host itself reads of spans and resources, for
//! figures and explanations.

use std::borrow::Cow;
use std::ops::Range;

use linkmend_wire::Fields;
use linkmend_wire::otlp::{resource, resource_spans, span, traces_data};
use linkmend_wire::value::{AnyValue, Attribute, plain_pair};

/// The resources of a batch, each read once at most.
pub(crate) struct Resources<'a> {
    batch: &'a [u8],
    /// In the order of the bytes.
    all: Vec<Resource<'a>>,
}

struct Resource<'a> {
    /// Of the whole `ResourceSpans`.
    body: Range<usize>,
    owner: Option<Owner<'a>>,
}

/// Whose the spans of a resource are; what is not there is empty.
pub(crate) struct Owner<'a> {
    /// `service.name`.
    pub(crate) service: Cow<'a, str>,
    /// `telemetry.sdk.language`.
    pub(crate) language: Cow<'a, str>,
}

impl<'a> Resources<'a> {
    /// Finds the resources of a well-formed batch; reads none of them.
    pub(crate) fn of(batch: &'a [u8]) -> Self {
        let resources = Fields::new(batch)
            .flatten()
            .filter(|field| field.number == traces_data::RESOURCE_SPANS)
            .map(|field| Resource {
                body: field.body(),
                owner: None,
            });
        Self {
            batch,
            all: resources.collect(),
        }
    }

    /// `service.name` of the resource around this place in the batch; empty
    /// when it has none.
    pub(crate) fn service_at(&mut self, place: usize) -> &str {
        self.owner_at(place)
            .map_or("", |owner| owner.service.as_ref())
    }

    /// Whose a span at this place in the batch is.
    pub(crate) fn owner_at(&mut self, place: usize) -> Option<&Owner<'a>> {
        let number = self.all.partition_point(|found| found.body.end <= place);
        let found = self.all.get_mut(number)?;
        let (batch, body) = (self.batch, found.body.clone());
        Some(found.owner.get_or_insert_with(|| {
            let of = |key| text_of(resource_attributes(batch, body.clone()), key);
            Owner {
                service: of(b"service.name"),
                language: of(b"telemetry.sdk.language"),
            }
        }))
    }
}

/// The attributes of the resource of the `ResourceSpans` that lies here.
fn resource_attributes(batch: &[u8], body: Range<usize>) -> impl Iterator<Item = &[u8]> {
    Fields::within(batch, body)
        .flatten()
        .filter(|field| field.number == resource_spans::RESOURCE)
        .filter_map(|field| field.bytes())
        .flat_map(|message| attributes(message, resource::ATTRIBUTES))
}

/// `messaging.system` of the span whose fields lie here; empty when it has none.
pub(crate) fn messaging_system(batch: &[u8], body: Range<usize>) -> Cow<'_, str> {
    let message = batch.get(body).unwrap_or_default();
    text_of(attributes(message, span::ATTRIBUTES), b"messaging.system")
}

/// The attributes of a message, not read yet.
fn attributes(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message)
        .flatten()
        .filter(move |field| field.number == number)
        .filter_map(|field| field.bytes())
}

/// The value of the first attribute with this key, if it is a string.
fn text_of<'a>(attributes: impl Iterator<Item = &'a [u8]>, key: &[u8]) -> Cow<'a, str> {
    // Most are another one, which can be told without reading the value.
    let may_be = |message: &&[u8]| plain_pair(message).is_none_or(|(found, _)| found == key);
    let mut found = attributes.filter(may_be).map(Attribute::read);
    match found.find(|attribute| attribute.key == key) {
        Some(Attribute {
            value: AnyValue::String(text),
            ..
        }) => String::from_utf8_lossy(text),
        _ => Cow::Borrowed(""),
    }
}
