//! From a verdict to the mended batch, with the checks of the host.

use std::ops::Range;

use linkmend_wire::encode::{put_bytes_field, put_fixed64_field, put_varint_field};
use linkmend_wire::links::{Context, Link, Rewrite};
use linkmend_wire::otlp::{any_value, key_value, link};
use linkmend_wire::{Fate, Patch, Scan, SpanLinks, splice};

use super::check;
use super::fault::Fault;
use crate::{Action, Attribute, DropReason, Edit, SpanContext, ValueKind, Verdict};

/// The `AttributePerLinkCountLimit` of OpenTelemetry.
const MOST_ATTRIBUTES: usize = 128;
/// How many edits the host takes for one span.
const MOST_EDITS: usize = 65_536;

/// Who looks at which batch.
pub(super) struct Subject<'a> {
    pub(super) batch: &'a [u8],
    pub(super) scan: &'a Scan,
    pub(super) verdict: &'a Verdict,
    pub(super) max_links: usize,
    pub(super) count_all_drops: bool,
}

/// The links of one span, and what becomes of them.
struct Span<'a> {
    subject: &'a Subject<'a>,
    number: u32,
    links: &'a SpanLinks,
    fates: Vec<Fate>,
    /// By original link: the edit that replaces or drops it, and the one that
    /// adds to it.
    edits: Vec<[Option<&'a Edit>; 2]>,
    added: Vec<Range<usize>>,
    fresh: Vec<u8>,
    told: u32,
}

/// The batch that the verdict makes of it.
pub(super) fn apply(subject: &Subject<'_>) -> Result<Vec<u8>, Fault> {
    for attribute in &subject.verdict.attributes {
        if check::text(attribute.key, subject.verdict)?.is_empty() {
            return Err(Fault::new("an attribute has an empty key"));
        }
        if attribute.kind == ValueKind::Text {
            check::text(attribute.text, subject.verdict)?;
        }
    }
    let mut edits: Vec<&Edit> = subject.verdict.edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let mut patches = Vec::new();
    let mut fresh = Vec::new();
    for edits in edits.chunk_by(|one, other| one.span == other.span) {
        patches.extend(subject.mend_span(edits, &mut fresh)?);
    }
    let mut out = Vec::new();
    splice(subject.batch, subject.scan, &patches, &fresh, &mut out);
    Ok(out)
}

impl Subject<'_> {
    fn mend_span(&self, edits: &[&Edit], fresh: &mut Vec<u8>) -> Result<Option<Patch>, Fault> {
        let Some(number) = edits.first().map(|edit| edit.span) else {
            return Ok(None);
        };
        let selected = self.scan.selected();
        let span = selected
            .get(number as usize)
            .ok_or_else(|| Fault::no_such_span(number, selected.len()))?;
        let mut links = SpanLinks::default();
        links.read(self.batch, span.body());
        let mut editor = Span {
            subject: self,
            number,
            links: &links,
            fates: vec![Fate::Keep; links.len()],
            edits: vec![[None, None]; links.len()],
            added: Vec::new(),
            fresh: Vec::new(),
            told: 0,
        };
        editor.edit(edits)?;
        let before = links.dropped_links_count();
        let rewrite = Rewrite {
            fates: &editor.fates,
            added: &editor.added,
            fresh: &editor.fresh,
            dropped: (editor.told > 0).then(|| before.saturating_add(editor.told)),
        };
        let start = fresh.len();
        let kept = links.rewrite(self.batch, span.body(), rewrite, fresh);
        Ok(Some(Patch {
            span: number as usize,
            kept,
            body: start..fresh.len(),
        }))
    }
}

impl<'a> Span<'a> {
    fn edit(&mut self, edits: &[&'a Edit]) -> Result<(), Fault> {
        if edits.len() > MOST_EDITS {
            return Err(Fault::new(format!(
                "it has {} edits for span {}, more than limits.edits_per_span = {MOST_EDITS}",
                edits.len(),
                self.number
            )));
        }
        for edit in edits {
            match edit.action {
                Action::AddLink => self.add(edit)?,
                Action::ReplaceContext => self.claim(edit, 0)?,
                Action::AddAttributes => self.claim(edit, 1)?,
                Action::DropLink => {
                    self.claim(edit, 0)?;
                    self.drop(edit);
                }
            }
        }
        for link in 0..self.links.len() {
            self.change(link)?;
        }
        let kept = self.fates.iter().filter(|fate| **fate != Fate::Drop);
        let links = kept.count() + self.added.len();
        let limit = self.subject.max_links;
        if links > limit {
            return Err(Fault::too_many_links(self.number, links, limit));
        }
        Ok(())
    }

    /// An original link takes one edit of each sort.
    fn claim(&mut self, edit: &'a Edit, sort: usize) -> Result<(), Fault> {
        let links = self.links.len();
        let slots = self.edits.get_mut(edit.link as usize);
        let slot = slots.and_then(|slots| slots.get_mut(sort)).ok_or_else(|| {
            Fault::new(format!(
                "it names link {} of span {}, which has {links} links",
                edit.link, self.number
            ))
        })?;
        match slot.replace(edit) {
            None => Ok(()),
            Some(_) => Err(Fault::edited_twice(edit.span, edit.link)),
        }
    }

    fn drop(&mut self, edit: &Edit) {
        if let Some(fate) = self.fates.get_mut(edit.link as usize) {
            *fate = Fate::Drop;
        }
        if edit.reason == DropReason::OverLimit || self.subject.count_all_drops {
            self.told = self.told.saturating_add(1);
        }
    }

    fn add(&mut self, edit: &Edit) -> Result<(), Fault> {
        let start = self.fresh.len();
        let attributes = self.attributes(edit)?;
        self.check_attributes(&[], &[attributes])?;
        self.context(&edit.context)?.put(&mut self.fresh);
        self.put_attributes(attributes)?;
        self.added.push(start..self.fresh.len());
        Ok(())
    }

    /// Writes an original link anew, when edits want it.
    fn change(&mut self, link: usize) -> Result<(), Fault> {
        let [context, more] = self.edits.get(link).copied().unwrap_or_default();
        if self.fates.get(link) == Some(&Fate::Drop) {
            return match more {
                Some(edit) => Err(Fault::edited_twice(edit.span, edit.link)),
                None => Ok(()),
            };
        }
        if context.is_none() && more.is_none() {
            return Ok(());
        }
        let original = self.links.link(self.subject.batch, link);
        let of = |edit: Option<&Edit>| edit.map_or(Ok(&[][..]), |edit| self.attributes(edit));
        let attributes = [of(context)?, of(more)?];
        self.check_attributes(original, &attributes)?;
        let start = self.fresh.len();
        match context {
            Some(edit) => self
                .context(&edit.context)?
                .put_over(original, &mut self.fresh),
            None => self.fresh.extend_from_slice(original),
        }
        for list in attributes {
            self.put_attributes(list)?;
        }
        if let Some(fate) = self.fates.get_mut(link) {
            *fate = Fate::Replace(start..self.fresh.len());
        }
        Ok(())
    }

    fn attributes(&self, edit: &Edit) -> Result<&'a [Attribute], Fault> {
        if edit.attribute_count == 0 {
            return Ok(&[]);
        }
        let start = edit.first_attribute as usize;
        let range = start..start + edit.attribute_count as usize;
        let attributes = self.subject.verdict.attributes.get(range);
        attributes.ok_or_else(|| Fault::past_end("attributes"))
    }

    /// Attribute keys of a link are unique, and not too many.
    fn check_attributes(&self, link: &[u8], lists: &[&[Attribute]]) -> Result<(), Fault> {
        let verdict = self.subject.verdict;
        let new = lists.iter().copied().flatten();
        let new: Vec<&str> = new
            .map(|attribute| check::text(attribute.key, verdict))
            .collect::<Result<_, _>>()?;
        if new.is_empty() {
            return Ok(());
        }
        let old: Vec<_> = Link::read(link).attributes().collect();
        let is_new = |key: &[u8]| new.iter().find(|new| new.as_bytes() == key);
        if let Some(key) = old.iter().find_map(|attribute| is_new(attribute.key)) {
            return Err(Fault::duplicate(self.number, key));
        }
        if old.len() + new.len() > MOST_ATTRIBUTES {
            return Err(Fault::new(format!(
                "it gives a link of span {} more than {MOST_ATTRIBUTES} attributes",
                self.number
            )));
        }
        let mut pairs = new.iter().enumerate();
        match pairs.find(|(place, key)| new.iter().take(*place).any(|other| other == *key)) {
            Some((_, key)) => Err(Fault::duplicate(self.number, key)),
            None => Ok(()),
        }
    }

    fn put_attributes(&mut self, attributes: &[Attribute]) -> Result<(), Fault> {
        let verdict = self.subject.verdict;
        for attribute in attributes {
            let mut value = Vec::new();
            match attribute.kind {
                ValueKind::Text => {
                    let text = check::text(attribute.text, verdict)?;
                    put_bytes_field(&mut value, any_value::STRING, text.as_bytes());
                }
                ValueKind::Boolean => {
                    put_varint_field(&mut value, any_value::BOOL, u64::from(attribute.bits != 0));
                }
                ValueKind::Integer => {
                    put_varint_field(&mut value, any_value::INT, attribute.bits);
                }
                ValueKind::Double => {
                    put_fixed64_field(&mut value, any_value::DOUBLE, attribute.bits);
                }
            }
            let mut pair = Vec::new();
            let key = check::text(attribute.key, verdict)?;
            put_bytes_field(&mut pair, key_value::KEY, key.as_bytes());
            put_bytes_field(&mut pair, key_value::VALUE, &value);
            put_bytes_field(&mut self.fresh, link::ATTRIBUTES, &pair);
        }
        Ok(())
    }

    fn context(&self, context: &SpanContext) -> Result<Context<'a>, Fault> {
        let trace_state = check::text(context.trace_state, self.subject.verdict)?;
        let context = Context {
            trace_id: u128::from(context.trace_id_high) << 64 | u128::from(context.trace_id_low),
            span_id: context.span_id,
            trace_state: trace_state.as_bytes(),
            flags: context.flags,
        };
        if context.is_valid() {
            return Ok(context);
        }
        Err(Fault::new(format!(
            "it gives a link of span {} an all-zero trace id or span id",
            self.number
        )))
    }
}
