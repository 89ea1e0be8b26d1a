//! Random edits of the links of a span, done to bytes and to structs.

use std::ops::Range;

use linkmend_wire::encode::put_bytes_field;
use linkmend_wire::links::{Context, Rewrite};
use linkmend_wire::{Fate, SpanLinks};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::{Span, span::Link};
use prost::Message;

use super::batch;
use super::choices::Choices;

#[derive(Debug, Clone)]
pub struct SpanEdit {
    pub links: Vec<LinkEdit>,
    pub added: Vec<Link>,
    pub dropped: Option<u32>,
}

#[derive(Debug, Clone)]
pub enum LinkEdit {
    Keep,
    Drop,
    Change {
        context: Option<NewContext>,
        attributes: Vec<KeyValue>,
    },
}

#[derive(Debug, Clone)]
pub struct NewContext {
    pub trace_id: u128,
    pub span_id: u64,
    pub trace_state: String,
    pub flags: u32,
}

impl NewContext {
    pub fn random(choices: &mut Choices<'_>) -> Self {
        Self {
            trace_id: u128::from(choices.u64()) << 64 | u128::from(choices.u64()),
            span_id: choices.u64(),
            trace_state: choices.pick(&["", "", "ot=th:8", "a=1,b=2"]).to_owned(),
            flags: choices.pick(&[0, 1, 0x301]),
        }
    }

    pub fn view(&self) -> Context<'_> {
        Context {
            trace_id: self.trace_id,
            span_id: self.span_id,
            trace_state: self.trace_state.as_bytes(),
            flags: self.flags,
        }
    }

    fn apply(&self, link: &mut Link) {
        link.trace_id = self.trace_id.to_be_bytes().to_vec();
        link.span_id = self.span_id.to_be_bytes().to_vec();
        if !self.trace_state.is_empty() {
            link.trace_state.clone_from(&self.trace_state);
        }
        link.flags = self.flags;
    }
}

impl SpanEdit {
    /// An edit of a span with this many links.
    pub fn random(choices: &mut Choices<'_>, links: usize) -> Self {
        let link = |choices: &mut Choices<'_>| match choices.below(5) {
            0 | 1 => LinkEdit::Keep,
            2 => LinkEdit::Drop,
            _ => LinkEdit::Change {
                context: choices.maybe(NewContext::random),
                attributes: choices.many(2, batch::attribute),
            },
        };
        Self {
            links: (0..links).map(|_| link(choices)).collect(),
            added: choices.many(2, batch::link),
            dropped: choices.maybe(|choices| choices.pick(&[0, 1, 128, u32::MAX])),
        }
    }

    pub fn apply(&self, span: &mut Span) {
        let mut edits = self.links.iter();
        span.links.retain_mut(|link| match edits.next() {
            None | Some(LinkEdit::Keep) => true,
            Some(LinkEdit::Drop) => false,
            Some(LinkEdit::Change {
                context,
                attributes,
            }) => {
                if let Some(context) = context {
                    context.apply(link);
                }
                link.attributes.extend_from_slice(attributes);
                true
            }
        });
        span.links.extend_from_slice(&self.added);
        if let Some(dropped) = self.dropped {
            span.dropped_links_count = dropped;
        }
    }

    /// Writes the fields of the span in `body` of `bytes` to `out`, edited.
    pub fn rewrite(&self, bytes: &[u8], body: Range<usize>, out: &mut Vec<u8>) -> Range<usize> {
        let mut links = SpanLinks::default();
        links.read(bytes, body.clone());
        assert_eq!(links.len(), self.links.len());
        let mut fresh = b"not a link".to_vec();
        let mut put = |write: &dyn Fn(&mut Vec<u8>)| {
            let start = fresh.len();
            write(&mut fresh);
            start..fresh.len()
        };
        let mut fates = Vec::new();
        for (index, edit) in self.links.iter().enumerate() {
            let original = links.link(bytes, index);
            fates.push(match edit {
                LinkEdit::Keep => Fate::Keep,
                LinkEdit::Drop => Fate::Drop,
                LinkEdit::Change {
                    context,
                    attributes,
                } => Fate::Replace(put(&|fresh| {
                    match context {
                        Some(context) => context.view().put_over(original, fresh),
                        None => fresh.extend_from_slice(original),
                    }
                    for attribute in attributes {
                        put_bytes_field(fresh, 4, &attribute.encode_to_vec());
                    }
                })),
            });
        }
        let added = self.added.iter();
        let added: Vec<_> = added
            .map(|link| put(&|fresh| link.encode(fresh).unwrap()))
            .collect();
        let rewrite = Rewrite {
            fates: &fates,
            added: &added,
            fresh: &fresh,
            dropped: self.dropped,
        };
        links.rewrite(bytes, body, rewrite, out)
    }
}
