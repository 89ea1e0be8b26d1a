//! From what a rule asked for to what the host takes.

use super::Edits;
use super::pending::{Action, Edit, Pending, Target};
use crate::interface::{DropReason, NoteKind};
use crate::link::Link;
use crate::verdict::{AttributeKey, Attributes};
use crate::verdict::{AttributeValue, VerdictBuilder};

/// The `AttributePerLinkCountLimit` of OpenTelemetry.
const MOST_ATTRIBUTES: usize = 128;

/// Attributes for one link.
type List<'p> = Vec<(AttributeKey<'p>, AttributeValue<'p>)>;

/// What becomes of an original link that is edited.
enum Fate<'p> {
    Drop(DropReason),
    Replace(&'p Target, List<'p>),
    Annotate(List<'p>),
    /// It has all that was asked for.
    Keep,
}

/// What becomes of the links of a span.
#[derive(Default)]
struct Outcome<'p> {
    changed: Vec<(u32, Fate<'p>)>,
    /// Where the links that stay lead to.
    targets: Vec<(u128, u64)>,
    /// How many links stay.
    kept: usize,
}

impl Edits<'_> {
    /// Puts what was asked for into the verdict.
    pub(crate) fn put(&self, verdict: &mut VerdictBuilder) {
        let span = self.span.number;
        for (kind, count) in &self.notes {
            verdict.note(span, *kind, *count);
        }
        if !self.explanation.is_empty() {
            verdict.explain(span, &self.explanation);
        }
        if self.pending.is_empty() {
            return;
        }
        let outcome = self.originals();
        let no_room = if outcome.kept > self.max_links {
            self.unlinked(outcome.targets)
        } else {
            for (link, fate) in &outcome.changed {
                put_fate(span, *link, fate, verdict);
            }
            self.add_links(outcome, verdict)
        };
        if no_room > 0 {
            verdict.note(span, NoteKind::NoRoom, no_room);
        }
    }

    /// Decides on the original links.
    fn originals(&self) -> Outcome<'_> {
        let edits = by_link(&self.pending);
        let mut edits = edits.as_slice();
        let mut outcome = Outcome::default();
        for link in self.span.links() {
            // Numbers that no link has stay behind.
            let count = edits.partition_point(|(number, _)| *number <= link.number);
            let (of_link, rest) = edits.split_at_checked(count).unwrap_or_default();
            edits = rest;
            let fate = self.fate(&link, of_link);
            outcome.add(&link, fate);
        }
        outcome
    }

    fn fate<'p>(&'p self, link: &Link<'_>, edits: &[(u32, &'p Edit)]) -> Fate<'p> {
        let claim = edits
            .iter()
            .find(|(_, edit)| !matches!(edit.action, Action::Annotate(_)));
        let target = match claim.map(|(_, edit)| &edit.action) {
            Some(Action::Drop(_, reason)) => return Fate::Drop(*reason),
            Some(Action::Replace(_, target)) if !points_at(link, target) => Some(target),
            _ => None,
        };
        let holds = |edit: &Edit| {
            let is_claim = claim.is_some_and(|(_, claim)| std::ptr::eq(*claim, edit));
            is_claim || matches!(edit.action, Action::Annotate(_))
        };
        let held = edits.iter().map(|(_, edit)| *edit);
        let attributes = held
            .filter(|edit| holds(edit))
            .flat_map(|edit| self.pending.attributes(edit));
        let list = new_attributes(Some(link), attributes);
        match target {
            Some(target) => Fate::Replace(target, list),
            None if list.is_empty() => Fate::Keep,
            None => Fate::Annotate(list),
        }
    }

    /// Adds links as long as there is room; answers how many found none.
    fn add_links(&self, outcome: Outcome<'_>, verdict: &mut VerdictBuilder) -> u32 {
        let mut targets = outcome.targets;
        let mut links = outcome.kept;
        let mut no_room = 0;
        for (target, edit) in added(&self.pending) {
            if targets.contains(&target.ids()) {
                continue;
            }
            if links >= self.max_links {
                no_room += 1;
                continue;
            }
            let list = new_attributes(None, self.pending.attributes(edit));
            let attributes = put_attributes(&list, verdict);
            verdict.add_link(self.span.number, target.context(), attributes);
            targets.push(target.ids());
            links += 1;
        }
        no_room
    }

    /// How many links are wanted beside `targets`.
    fn unlinked(&self, mut targets: Vec<(u128, u64)>) -> u32 {
        targets.sort_unstable();
        added(&self.pending)
            .filter(|(target, _)| targets.binary_search(&target.ids()).is_err())
            .count() as u32
    }
}

impl<'p> Outcome<'p> {
    fn add(&mut self, link: &Link<'_>, fate: Fate<'p>) {
        let target = match &fate {
            Fate::Drop(_) => {
                self.changed.push((link.number, fate));
                return;
            }
            Fate::Replace(target, _) => Some(target.ids()),
            Fate::Annotate(_) | Fate::Keep => link
                .context()
                .map(|context| (context.trace_id, context.span_id)),
        };
        self.targets.extend(target);
        self.kept += 1;
        if !matches!(fate, Fate::Keep) {
            self.changed.push((link.number, fate));
        }
    }
}

/// The edits of original links, by the numbers of the links, each link's in
/// the order in which they were asked for.
fn by_link(pending: &Pending) -> Vec<(u32, &Edit)> {
    let edits = pending.edits().iter();
    let mut edits: Vec<_> = edits
        .filter_map(|edit| Some((edit.action.original()?, edit)))
        .collect();
    edits.sort_by_key(|(link, _)| *link);
    edits
}

fn added(pending: &Pending) -> impl Iterator<Item = (&Target, &Edit)> {
    pending
        .edits()
        .iter()
        .filter_map(|edit| match &edit.action {
            Action::Link(target) => Some((target, edit)),
            _ => None,
        })
}

/// The link is what it would become.
fn points_at(link: &Link<'_>, target: &Target) -> bool {
    let context = target.context();
    link.context().is_some_and(|old| {
        (old.trace_id, old.span_id, old.flags) == (context.trace_id, context.span_id, context.flags)
            && (context.trace_state.is_empty() || context.trace_state == old.trace_state)
    })
}

/// Of `attributes`, each key once, those that the link does not have, and as
/// many as it may have.
fn new_attributes<'p>(
    link: Option<&Link<'_>>,
    attributes: impl Iterator<Item = (&'p str, AttributeValue<'p>)>,
) -> List<'p> {
    let old = || link.iter().flat_map(|link| link.attributes());
    let mut list: List<'p> = Vec::new();
    for (key, value) in attributes {
        let named = AttributeKey::Text(key);
        let is_known = list.iter().any(|(other, _)| *other == named)
            || old().any(|attribute| attribute.key == key.as_bytes());
        if !is_known && old().count() + list.len() < MOST_ATTRIBUTES {
            list.push((named, value));
        }
    }
    list
}

fn put_attributes(list: &List<'_>, verdict: &mut VerdictBuilder) -> Attributes {
    verdict.attributes(list)
}

fn put_fate(span: u32, link: u32, fate: &Fate<'_>, verdict: &mut VerdictBuilder) {
    match fate {
        Fate::Drop(reason) => verdict.drop_link(span, link, *reason),
        Fate::Replace(target, list) => {
            let attributes = put_attributes(list, verdict);
            verdict.replace_context(span, link, target.context(), attributes);
        }
        Fate::Annotate(list) => {
            let attributes = put_attributes(list, verdict);
            verdict.add_attributes(span, link, attributes);
        }
        Fate::Keep => {}
    }
}
