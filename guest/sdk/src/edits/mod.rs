//! The edits of one span, hard to misuse.

mod pending;
mod put;

use std::fmt;

use linkmend_wire::links::Context;

use crate::interface::{DropReason, NoteKind};
use crate::traces::Span;
use crate::verdict::AttributeValue;
use pending::{Action, Pending, Target};

/// What is to become of the links of one span.
///
/// Whatever is asked for, and in whatever order, the host takes what comes of
/// it, and a second run over the output changes nothing:
///
/// - all is decided together when the rule is done with the span, and adding
///   comes last: a link that is dropped makes room for one that is added, and
///   one that gets another context no longer stands for its old one;
/// - of two edits of one link that do not go together the first holds; what an
///   edit adds to a link that is dropped goes with it;
/// - an attribute that a link has already stays as it is;
/// - links with an all-zero id and links to the span itself are not made, and
///   neither are links to where the span has one;
/// - added links that find no room under [`crate::Rule::max_links`] are noted
///   (`no-room`). A span that is over it with its original links alone is left
///   as it came: which of them are worth the least only a rule can say, by
///   dropping them.
#[derive(Debug)]
pub struct Edits<'a> {
    span: Span<'a>,
    max_links: usize,
    explains: bool,
    pending: Pending,
    notes: Vec<(NoteKind, u32)>,
    explanation: String,
}

/// An edit that may be given attributes for the link.
#[derive(Debug)]
pub struct WithAttributes<'e> {
    /// None where the edit is ignored.
    pending: Option<&'e mut Pending>,
}

impl<'a> Edits<'a> {
    pub(crate) fn new(max_links: usize, explains: bool) -> Self {
        Self {
            span: Span::default(),
            max_links,
            explains,
            pending: Pending::default(),
            notes: Vec::new(),
            explanation: String::new(),
        }
    }

    pub(crate) fn begin(&mut self, span: &Span<'a>) {
        self.span = *span;
        self.pending.clear();
        self.notes.clear();
        self.explanation.clear();
    }

    /// Appends a link to `context`, which may be a [`crate::ProducerSpan`].
    /// Does nothing when the span has a link with the same trace id and span
    /// id, or was just given one.
    ///
    /// ```no_run
    /// # use linkmend_rule::{Edits, Found, Span};
    /// # fn mend(span: &Span<'_>, found: &Found<'_>, edits: &mut Edits<'_>) {
    /// for producer in found.nearest(span) {
    ///     edits.link(producer).with("link.type", "triggered_by").with("attempt", 2);
    /// }
    /// # }
    /// ```
    pub fn link<'c>(&mut self, context: impl Into<Context<'c>>) -> WithAttributes<'_> {
        self.push(Action::Link, context.into())
    }

    /// Gives link number `link` another context, and attributes that it does
    /// not have yet. Its trace state stays when the context has none.
    pub fn replace<'c>(
        &mut self,
        link: u32,
        context: impl Into<Context<'c>>,
    ) -> WithAttributes<'_> {
        self.push(|target| Action::Replace(link, target), context.into())
    }

    /// Removes link number `link`.
    pub fn drop(&mut self, link: u32, reason: DropReason) {
        self.pending.push(Action::Drop(link, reason));
    }

    /// Puts an attribute on link number `link`, unless it has one of that key.
    pub fn annotate<'v>(&mut self, link: u32, key: &str, value: impl Into<AttributeValue<'v>>) {
        self.pending.push(Action::Annotate(link));
        self.pending.push_attribute(key, value.into());
    }

    /// Tells of something that was found and could not be mended. Awaited
    /// messages without a producer are told of already.
    pub fn note(&mut self, kind: NoteKind, count: u32) {
        self.notes.push((kind, count));
    }

    /// Says why the span was or was not mended, in a line for people. Costs
    /// nothing unless somebody asked (`linkmend process --explain`).
    ///
    /// ```no_run
    /// # fn mend(edits: &mut linkmend_rule::Edits<'_>, id: &str) {
    /// edits.explain(format_args!("request {id} is known twice"));
    /// # }
    /// ```
    pub fn explain(&mut self, line: impl fmt::Display) {
        if !self.explains {
            return;
        }
        if !self.explanation.is_empty() {
            self.explanation.push('\n');
        }
        // A `String` takes all that is written to it.
        let _ = fmt::Write::write_fmt(&mut self.explanation, format_args!("{line}"));
    }

    fn push(
        &mut self,
        action: impl FnOnce(Target) -> Action,
        context: Context<'_>,
    ) -> WithAttributes<'_> {
        let own = self.span.context();
        let is_own = own
            .is_some_and(|own| (own.trace_id, own.span_id) == (context.trace_id, context.span_id));
        if is_own || !context.is_valid() {
            return WithAttributes { pending: None };
        }
        self.pending.push(action(Target::of(context)));
        WithAttributes {
            pending: Some(&mut self.pending),
        }
    }
}

impl WithAttributes<'_> {
    /// Puts an attribute on the link, unless it has one of that key.
    #[allow(
        clippy::return_self_not_must_use,
        reason = "the attribute is on the link already"
    )]
    pub fn with<'v>(mut self, key: &str, value: impl Into<AttributeValue<'v>>) -> Self {
        if let Some(pending) = &mut self.pending {
            pending.push_attribute(key, value.into());
        }
        self
    }
}
