//! What runs a [`Rule`] over a batch.

use crate::edits::Edits;
use crate::export::BatchRule;
use crate::found::{Answer, Found};
use crate::index::Index;
use crate::interface::{
    About, IndexError, MessageKey, NoteKind, Plan, Producer, Tasks, Text, Verdict,
};
use crate::keys::Keys;
use crate::rule::Rule;
use crate::say;
use crate::traces::{Span, Traces};
use crate::verdict::VerdictBuilder;

/// How much goes to the index in one call: hosts take a million.
const AT_ONCE: usize = 1 << 16;

/// A rule and a batch.
struct Driver<'a, R> {
    rule: &'a R,
    tasks: Tasks,
    traces: Traces<'a>,
    verdict: VerdictBuilder,
}

/// What a span awaits.
struct Awaits {
    /// Where its keys end in those of the batch.
    end: usize,
    too_many: u32,
}

/// Whether the rule remembers or looks up anything. Its own methods do not mark
/// the keys as unused, and those of the trait do.
fn uses_index(rule: &impl Rule) -> bool {
    produces(rule) || awaits(rule)
}

fn produces(rule: &impl Rule) -> bool {
    let mut keys = Keys::default();
    rule.produces(&Span::default(), &mut keys);
    !keys.is_unused()
}

fn awaits(rule: &impl Rule) -> bool {
    let mut keys = Keys::default();
    rule.awaits(&Span::default(), &mut keys);
    !keys.is_unused()
}

impl<R: Rule> BatchRule for R {
    fn describe() -> About {
        R::about()
    }

    fn configure(config: &str) -> Result<(Self, Plan), String> {
        let rule = <R as Rule>::configure(config)?;
        let plan = rule.wants().plan(uses_index(&rule));
        Ok((rule, plan))
    }

    fn process(
        &mut self,
        tasks: Tasks,
        traces: &[u8],
        index: &mut dyn Index,
    ) -> Result<Verdict, String> {
        Driver::new(self, tasks, traces).run(index)
    }
}

impl<'a, R: Rule> Driver<'a, R> {
    fn new(rule: &'a R, tasks: Tasks, traces: &'a [u8]) -> Self {
        Self {
            rule,
            tasks,
            traces: Traces::new(traces),
            verdict: VerdictBuilder::new(),
        }
    }

    fn run(mut self, index: &mut dyn Index) -> Result<Verdict, String> {
        if self.tasks.contains(Tasks::REMEMBER) && produces(self.rule) {
            self.remember(index)
                .map_err(|error| index_failed("remember", error))?;
        }
        if self.tasks.contains(Tasks::MEND) {
            let (spans, answer) = self
                .recall(index)
                .map_err(|error| index_failed("recall", error))?;
            self.mend(&spans, &answer);
        }
        say::looks_at_none();
        Ok(self.verdict.build())
    }

    fn remember(&self, index: &mut dyn Index) -> Result<(), IndexError> {
        let mut producers = Vec::new();
        let mut texts = Vec::new();
        let mut keys = Keys::default();
        for span in self.traces.spans() {
            keys.clear();
            say::looks_at(&span);
            self.rule.produces(&span, &mut keys);
            add_producers(&span, &keys, &mut producers, &mut texts);
            if producers.len() >= AT_ONCE {
                index.remember(&producers, &texts)?;
                producers.clear();
                texts.clear();
            }
        }
        if producers.is_empty() {
            return Ok(());
        }
        index.remember(&producers, &texts)
    }

    /// Looks up all that the spans of the batch await.
    fn recall(&self, index: &mut dyn Index) -> Result<(Vec<Awaits>, Answer), IndexError> {
        let mut spans = Vec::new();
        let mut keys = Keys::default();
        if awaits(self.rule) {
            for span in self.traces.spans() {
                keys.next_span();
                say::looks_at(&span);
                self.rule.awaits(&span, &mut keys);
                spans.push(Awaits {
                    end: keys.all().len(),
                    too_many: keys.too_many(),
                });
            }
        }
        let asked: Vec<MessageKey> = keys.all().iter().map(|named| named.key).collect();
        let mut answer = Answer::to(keys);
        for part in asked.chunks(AT_ONCE) {
            answer.take(part.len(), index.recall(part)?)?;
        }
        Ok((spans, answer))
    }

    fn mend(&mut self, awaits: &[Awaits], answer: &Answer) {
        let explains = self.tasks.contains(Tasks::EXPLAIN);
        let mut edits = Edits::new(self.rule.max_links(), explains);
        let mut awaits = awaits.iter();
        let mut start = 0;
        for span in self.traces.spans() {
            let of_span = awaits.next();
            let end = of_span.map_or(start, |of_span| of_span.end);
            let found = answer.found(start..end, &span);
            start = end;
            if self.is_deferred(&span, &found) {
                continue;
            }
            let too_many = of_span.map_or(0, |of_span| of_span.too_many);
            self.note(&span, &found, too_many);
            edits.begin(&span);
            say::looks_at(&span);
            self.rule.mend(&span, &found, &mut edits);
            edits.put(&mut self.verdict);
        }
    }

    /// Keeps the span back when it can be, and waits for something.
    fn is_deferred(&mut self, span: &Span<'_>, found: &Found<'_>) -> bool {
        if !self.tasks.contains(Tasks::DEFER) {
            return false;
        }
        let missing: Vec<MessageKey> = found
            .iter()
            .filter(|awaited| !awaited.is_known())
            .map(|awaited| awaited.key)
            .collect();
        if missing.is_empty() {
            return false;
        }
        self.verdict.defer(span.number, &missing);
        true
    }

    /// Tells of the messages that nothing can be done for.
    fn note(&mut self, span: &Span<'_>, found: &Found<'_>, too_many: u32) {
        let unresolved = found.iter().filter(|awaited| !awaited.is_known()).count();
        for (kind, count) in [
            (NoteKind::Unresolved, unresolved as u32),
            (NoteKind::TooMany, too_many),
        ] {
            if count > 0 {
                self.verdict.note(span.number, kind, count);
            }
        }
    }
}

fn add_producers(span: &Span<'_>, keys: &Keys, producers: &mut Vec<Producer>, texts: &mut Vec<u8>) {
    let Some(context) = span.context() else {
        return;
    };
    if keys.of_span().is_empty() {
        return;
    }
    let trace_state = Text {
        offset: texts.len() as u32,
        length: context.trace_state.len() as u32,
    };
    texts.extend_from_slice(context.trace_state);
    producers.extend(keys.of_span().iter().map(|named| Producer {
        key: named.key,
        trace_id_high: (context.trace_id >> 64) as u64,
        trace_id_low: context.trace_id as u64,
        span_id: context.span_id,
        start: span.start,
        end: span.end,
        trace_state,
        flags: context.flags,
        hint: named.hint,
        rank: named.rank,
    }));
}

#[cold]
fn index_failed(call: &str, error: IndexError) -> String {
    let reason = match error {
        IndexError::Malformed => "the question and the answer do not fit",
        IndexError::TooMany => "more than it takes in one call",
        IndexError::Unavailable => "it can not be reached",
    };
    format!("the message index did not {call}: {reason}")
}
