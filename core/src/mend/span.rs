//! The edits of one span.

use std::ops::Range;

use linkmend_wire::links::{Context, Link, Rewrite};
use linkmend_wire::{Fate, SpanLinks};

use super::attributes::Attributes;
use super::subject::Subject;
use crate::counts::Counts;
use crate::error::VerdictError;
use crate::interface::{Action, DropReason, Edit, SpanContext, Verdict};
use crate::text::clip;

/// The `AttributePerLinkCountLimit` of the OpenTelemetry specification.
const MOST_ATTRIBUTES: usize = 128;

/// What becomes of the links of a span.
#[derive(Debug, Default)]
pub(super) struct Links {
    fates: Vec<Fate>,
    added: Vec<Range<usize>>,
    /// The `Link` messages that are new.
    fresh: Vec<u8>,
    /// How many dropped links the span's `dropped_links_count` is to tell of.
    told: u32,
    /// By original link: which edit replaces or drops it, which adds to it.
    edits: Vec<LinkEdits>,
}

#[derive(Debug, Clone, Copy, Default)]
struct LinkEdits {
    context: Option<usize>,
    attributes: Option<usize>,
}

/// Applies the edits of one span.
pub(super) struct SpanEditor<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) verdict: &'a Verdict,
    pub(super) number: u32,
    /// The span's links, as they came.
    pub(super) links: &'a SpanLinks,
    pub(super) out: &'a mut Links,
}

impl Links {
    /// About how many bytes there is room for.
    pub(super) fn takes(&self) -> usize {
        self.fresh.capacity() + self.edits.capacity() * size_of::<LinkEdits>()
    }

    fn clear(&mut self, links: usize) {
        self.fates.clear();
        self.fates.resize(links, Fate::Keep);
        self.edits.clear();
        self.edits.resize(links, LinkEdits::default());
        self.added.clear();
        self.fresh.clear();
        self.told = 0;
    }

    /// How many links the span will have.
    fn left(&self) -> usize {
        let kept = self
            .fates
            .iter()
            .filter(|fate| **fate != Fate::Drop)
            .count();
        kept + self.added.len()
    }

    pub(super) fn rewrite(&self, dropped_before: u32) -> Rewrite<'_> {
        Rewrite {
            fates: &self.fates,
            added: &self.added,
            fresh: &self.fresh,
            dropped: (self.told > 0).then(|| dropped_before.saturating_add(self.told)),
        }
    }
}

impl<'a> SpanEditor<'a> {
    pub(super) fn edit(
        &mut self,
        edits: &[Edit],
        attributes: &mut Attributes,
        counts: &mut Counts,
    ) -> Result<(), VerdictError> {
        let limit = self.subject.limits.edits_per_span;
        if edits.len() > limit {
            return Err(VerdictError::TooManyEdits {
                span: self.number,
                edits: edits.len(),
                limit,
            });
        }
        self.out.clear(self.links.len());
        for (place, edit) in edits.iter().enumerate() {
            match edit.action {
                Action::AddLink => self.add(edit, attributes, counts)?,
                Action::DropLink => self.drop(place, edit, counts)?,
                Action::ReplaceContext => {
                    claim(&mut self.slot(edit)?.context, place, edit)?;
                    counts.links_repaired += 1;
                }
                Action::AddAttributes => claim(&mut self.slot(edit)?.attributes, place, edit)?,
            }
        }
        for link in 0..self.links.len() {
            self.change(link, edits, attributes)?;
        }
        self.check_count()
    }

    fn check_count(&self) -> Result<(), VerdictError> {
        let limit = self.subject.limits.max_links;
        let links = self.out.left();
        if links > limit {
            return Err(VerdictError::TooManyLinks {
                span: self.number,
                links,
                limit,
            });
        }
        Ok(())
    }

    fn slot(&mut self, edit: &Edit) -> Result<&mut LinkEdits, VerdictError> {
        let slot = self.out.edits.get_mut(edit.link as usize);
        slot.ok_or(VerdictError::NoSuchLink {
            span: edit.span,
            link: edit.link,
            links: self.links.len(),
        })
    }

    fn drop(&mut self, place: usize, edit: &Edit, counts: &mut Counts) -> Result<(), VerdictError> {
        claim(&mut self.slot(edit)?.context, place, edit)?;
        if let Some(fate) = self.out.fates.get_mut(edit.link as usize) {
            *fate = Fate::Drop;
        }
        match edit.reason {
            DropReason::Invalid => counts.links_dropped_invalid += 1,
            DropReason::Duplicate => counts.links_dropped_duplicate += 1,
            DropReason::OverLimit => counts.links_cut += 1,
            DropReason::Unwanted => counts.links_dropped_unwanted += 1,
        }
        if edit.reason == DropReason::OverLimit || self.subject.count_all_drops {
            self.out.told = self.out.told.saturating_add(1);
        }
        Ok(())
    }

    fn add(
        &mut self,
        edit: &Edit,
        attributes: &mut Attributes,
        counts: &mut Counts,
    ) -> Result<(), VerdictError> {
        // Checked here too: the count at the end would come after the memory.
        if self.out.added.len() >= self.subject.limits.max_links {
            let links = self.out.added.len() + 1;
            let limit = self.subject.limits.max_links;
            return Err(VerdictError::TooManyLinks {
                span: self.number,
                links,
                limit,
            });
        }
        let ranges = [attributes.range(edit)?, 0..0];
        self.check_attributes(&[], &ranges, attributes)?;
        let start = self.out.fresh.len();
        self.context(&edit.context)?.put(&mut self.out.fresh);
        self.put_attributes(ranges, attributes)?;
        self.out.added.push(start..self.out.fresh.len());
        counts.links_added += 1;
        Ok(())
    }

    /// Writes an original link anew, when edits want it.
    fn change(
        &mut self,
        link: usize,
        edits: &[Edit],
        attributes: &mut Attributes,
    ) -> Result<(), VerdictError> {
        let Some(slot) = self.out.edits.get(link).copied() else {
            return Ok(());
        };
        let by_context = slot.context.and_then(|place| edits.get(place));
        let by_attributes = slot.attributes.and_then(|place| edits.get(place));
        if self.out.fates.get(link) == Some(&Fate::Drop) {
            return match by_attributes {
                Some(edit) => Err(edited_twice(edit)),
                None => Ok(()),
            };
        }
        if by_context.is_none() && by_attributes.is_none() {
            return Ok(());
        }
        let original = self.links.link(self.subject.batch, link);
        let range = |edit: Option<&Edit>| edit.map_or(Ok(0..0), |edit| attributes.range(edit));
        let ranges = [range(by_context)?, range(by_attributes)?];
        self.check_attributes(original, &ranges, attributes)?;
        let start = self.out.fresh.len();
        match by_context {
            Some(edit) => self
                .context(&edit.context)?
                .put_over(original, &mut self.out.fresh),
            None => self.out.fresh.extend_from_slice(original),
        }
        self.put_attributes(ranges, attributes)?;
        if let Some(fate) = self.out.fates.get_mut(link) {
            *fate = Fate::Replace(start..self.out.fresh.len());
        }
        Ok(())
    }

    /// Appends attributes to the link that is being written. One large text
    /// may be named for every link, so what it comes to is looked at each time.
    fn put_attributes(
        &mut self,
        ranges: [Range<usize>; 2],
        attributes: &mut Attributes,
    ) -> Result<(), VerdictError> {
        attributes.put_fields(ranges, &mut self.out.fresh);
        let limit = self.subject.limits.growth;
        if self.out.fresh.len() > limit.saturating_add(self.subject.batch.len()) {
            return Err(VerdictError::TooMuchGrowth { limit });
        }
        Ok(())
    }

    /// Attribute keys of a link must be unique, and not too many.
    fn check_attributes(
        &self,
        link: &[u8],
        ranges: &[Range<usize>; 2],
        attributes: &Attributes,
    ) -> Result<(), VerdictError> {
        let new = || {
            ranges
                .iter()
                .flat_map(|range| attributes.keys(range.clone()))
        };
        let mut count = ranges.iter().map(ExactSizeIterator::len).sum::<usize>();
        if count == 0 {
            return Ok(());
        }
        for attribute in Link::read(link).attributes() {
            count += 1;
            if let Some(key) = new().find(|key| *key == attribute.key) {
                return Err(self.duplicate(key));
            }
        }
        if count > MOST_ATTRIBUTES {
            return Err(VerdictError::TooManyAttributes { span: self.number });
        }
        let twice = new()
            .enumerate()
            .find(|(place, key)| new().take(*place).any(|other| other == *key));
        match twice {
            Some((_, key)) => Err(self.duplicate(key)),
            None => Ok(()),
        }
    }

    fn context(&self, context: &SpanContext) -> Result<Context<'a>, VerdictError> {
        let trace_state = context.trace_state.of(&self.verdict.texts);
        let trace_state = trace_state.ok_or(VerdictError::BadRange { list: "texts" })?;
        if std::str::from_utf8(trace_state).is_err() {
            return Err(VerdictError::BadText);
        }
        let context = Context {
            trace_id: u128::from(context.trace_id_high) << 64 | u128::from(context.trace_id_low),
            span_id: context.span_id,
            trace_state,
            flags: context.flags,
        };
        if context.is_valid() {
            Ok(context)
        } else {
            Err(VerdictError::InvalidContext { span: self.number })
        }
    }

    fn duplicate(&self, key: &[u8]) -> VerdictError {
        VerdictError::DuplicateAttribute {
            span: self.number,
            key: clip(String::from_utf8_lossy(key).into_owned()),
        }
    }
}

/// A link takes one edit of each sort.
fn claim(slot: &mut Option<usize>, place: usize, edit: &Edit) -> Result<(), VerdictError> {
    match slot.replace(place) {
        None => Ok(()),
        Some(_) => Err(edited_twice(edit)),
    }
}

fn edited_twice(edit: &Edit) -> VerdictError {
    VerdictError::EditedTwice {
        span: edit.span,
        link: edit.link,
    }
}
