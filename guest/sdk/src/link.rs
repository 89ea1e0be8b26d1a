//! Views of the links of a span.

use linkmend_wire::links::{self, Context, span_id, trace_id};
use linkmend_wire::value::Attribute;

use crate::getters::getters;

/// A link. Ids are as they came: 16 and 8 bytes when they are valid.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// Its place in the span, which edits name it by.
    pub number: u32,
    /// 16 bytes when it is valid.
    pub trace_id: &'a [u8],
    /// 8 bytes when it is valid.
    pub span_id: &'a [u8],
    /// W3C `tracestate`.
    pub trace_state: &'a [u8],
    /// OTLP flags.
    pub flags: u32,
    view: links::Link<'a>,
}

impl<'a> Link<'a> {
    #[inline]
    pub(crate) fn read(number: u32, message: &'a [u8]) -> Self {
        let link = links::Link::read(message);
        Self {
            number,
            trace_id: link.trace_id,
            span_id: link.span_id,
            trace_state: link.trace_state,
            flags: link.flags,
            view: link,
        }
    }

    /// The attributes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        self.view.attributes()
    }

    /// What it points at; none when an id is not valid.
    #[must_use]
    pub fn context(&self) -> Option<Context<'a>> {
        Some(Context {
            trace_id: trace_id(self.trace_id)?,
            span_id: span_id(self.span_id)?,
            trace_state: self.trace_state,
            flags: self.flags,
        })
    }
}

getters!(Link);
