//! A rule that does what its configuration says: what the other tests test with.

use linkmend_rule::testing::TestHost;
use linkmend_rule::{
    About, Context, DropReason, Edits, Found, Kind, Link, NoteKind, Rule, Span, Wants,
};
use std::cell::RefCell;

/// One thing to do with edits. It concerns the links whose attribute `n` is
/// `n`, as a rule decides by what it sees and not by numbers; or all numbers, in
/// tests of what does not exist.
#[derive(Debug, Clone)]
pub enum Step {
    Link(u64, Vec<(String, i64)>),
    Replace(i64, u64, Vec<(String, i64)>),
    Drop(i64, DropReason),
    Annotate(i64, String, i64),
    /// Of a link number, whatever is there.
    DropNumber(u32),
    AnnotateNumber(u32, String),
    ReplaceNumber(u32, u64),
    Note(NoteKind, u32),
}

thread_local! {
    static STEPS: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
}

pub struct Scripted(Vec<Step>);

impl Rule for Scripted {
    fn about() -> About {
        About::new("scripted", "1.0.0", "Does as it is told.")
    }

    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self(STEPS.with_borrow(Clone::clone)))
    }

    fn wants(&self) -> Wants {
        Wants::new().kind(Kind::Consumer)
    }

    fn mend(&self, span: &Span<'_>, _: &Found<'_>, edits: &mut Edits<'_>) {
        for step in &self.0 {
            take(step, span, edits);
        }
    }
}

/// A context with the number of a span; of 0 it is not valid.
pub fn context(number: u64) -> Context<'static> {
    Context {
        trace_id: number.into(),
        span_id: number,
        trace_state: b"",
        flags: 0x301,
    }
}

fn take(step: &Step, span: &Span<'_>, edits: &mut Edits<'_>) {
    let with = |n: i64| {
        let links = span.links().filter(move |link| link.int("n") == Some(n));
        links.map(|link: Link<'_>| link.number)
    };
    match step {
        Step::Link(to, attributes) => {
            let mut edit = edits.link(context(*to));
            for (key, value) in attributes {
                edit = edit.with(key, *value);
            }
        }
        Step::Replace(n, to, attributes) => {
            for number in with(*n) {
                let mut edit = edits.replace(number, context(*to));
                for (key, value) in attributes {
                    edit = edit.with(key, *value);
                }
            }
        }
        Step::Drop(n, reason) => with(*n).for_each(|number| edits.drop(number, *reason)),
        Step::Annotate(n, key, value) => {
            with(*n).for_each(|number| edits.annotate(number, key, *value));
        }
        Step::DropNumber(number) => edits.drop(*number, DropReason::Unwanted),
        Step::AnnotateNumber(number, key) => edits.annotate(*number, key, true),
        Step::ReplaceNumber(number, to) => {
            edits.replace(*number, context(*to));
        }
        Step::Note(kind, count) => edits.note(*kind, *count),
    }
}

/// A host of the rule that does this.
pub fn host(steps: Vec<Step>) -> TestHost<Scripted> {
    STEPS.set(steps);
    TestHost::new("{}")
}
