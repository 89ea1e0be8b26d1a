//! Why a span was or was not mended: what the rules say, and what the host says
//! of rules that say nothing.

mod asked;
mod explanation;
mod unseen;

use std::ops::Range;

use linkmend_wire::otlp::span;
use linkmend_wire::{Fields, Scan, Selector, Value, WireError};

pub use asked::{Asked, AskedError};
pub use explanation::{Explanation, RuleExplanation};

use crate::error::FaultReason;
use crate::origin::Resources;
use crate::runner::LoadedRule;

/// What a rule said of the spans that it was given: their numbers and texts, in
/// the order of the numbers.
pub(crate) type Said = Vec<(u32, String)>;

/// The spans of one batch that are to be explained, on their way through the
/// rules.
pub(crate) struct Explaining {
    spans: Vec<AskedSpan>,
    /// All spans of the batch as the next rule sees it: edits move them, but
    /// neither add nor remove one.
    all: Scan,
}

struct AskedSpan {
    /// Which of all spans of the batch.
    number: usize,
    /// It is explained even when no rule has anything to say.
    by_id: bool,
    links: usize,
    explanation: Explanation,
}

impl Explaining {
    /// The spans of a batch that were asked for; `None` when it holds none.
    pub(crate) fn begin(batch: &[u8], asked: &Asked) -> Result<Option<Self>, WireError> {
        let mut all = Scan::new();
        all.run(batch, &Selector::all())?;
        let mut resources = Resources::of(batch);
        let mut spans = Vec::new();
        for (number, span) in all.selected().iter().enumerate() {
            let explanation = header(batch, span.body());
            let by_id = asked.names(&explanation.trace_id, &explanation.span_id);
            if by_id || asked.is_all() {
                let service = resources.service_at(span.body().start).to_owned();
                spans.push(AskedSpan {
                    number,
                    by_id,
                    links: span.links,
                    explanation: Explanation {
                        service,
                        ..explanation
                    },
                });
            }
        }
        Ok((!spans.is_empty()).then_some(Self { spans, all }))
    }

    /// Takes what came of a rule that was given the spans `selected` of `batch`.
    pub(crate) fn take(
        &mut self,
        rule: &LoadedRule,
        batch: &[u8],
        selected: &Scan,
        outcome: Result<&Said, &FaultReason>,
    ) {
        // The batch went through a walk for the rule just now.
        if self.all.run(batch, &Selector::all()).is_err() {
            return;
        }
        for span in &mut self.spans {
            let Some(place) = self.all.selected().get(span.number) else {
                continue;
            };
            let start = place.body().start;
            let given = selected
                .selected()
                .binary_search_by_key(&start, |span| span.body().start);
            if let Some(text) = span.text(rule, given.ok(), outcome) {
                span.explanation.rules.push(RuleExplanation {
                    rule: rule.name.clone(),
                    text,
                });
            }
        }
    }

    /// The spans that there is something to say of, in the order of the batch.
    pub(crate) fn end(self) -> Vec<Explanation> {
        let explanations = self.spans.into_iter().map(|span| span.explanation);
        explanations
            .filter(|explanation| !explanation.rules.is_empty())
            .collect()
    }
}

impl AskedSpan {
    /// What there is to say; `given` is the number under which the rule was
    /// given the span.
    fn text(
        &self,
        rule: &LoadedRule,
        given: Option<usize>,
        outcome: Result<&Said, &FaultReason>,
    ) -> Option<String> {
        let Some(given) = given else {
            let selector = &rule.plan.selector;
            let why = || unseen::why(selector, self.explanation.kind, self.links);
            return self.by_id.then(why);
        };
        match outcome {
            Ok(said) => {
                let before = said.partition_point(|(number, _)| (*number as usize) < given);
                let of_span = said.iter().skip(before);
                let of_span = of_span.take_while(|(number, _)| *number as usize == given);
                let texts: Vec<&str> = of_span.map(|(_, text)| text.as_str()).collect();
                if texts.is_empty() {
                    let nothing = || "It looked at the span and says nothing of it.".to_owned();
                    return self.by_id.then(nothing);
                }
                Some(texts.join("\n"))
            }
            Err(reason) => self
                .by_id
                .then(|| format!("It failed on the batch of the span: {reason}.")),
        }
    }
}

/// What tells people which span it is, but for the resource's part.
fn header(batch: &[u8], body: Range<usize>) -> Explanation {
    let mut header = Explanation::default();
    for field in Fields::within(batch, body).flatten() {
        match (field.number, field.value) {
            (span::TRACE_ID, Value::Bytes(id)) => id.clone_into(&mut header.trace_id),
            (span::SPAN_ID, Value::Bytes(id)) => id.clone_into(&mut header.span_id),
            (span::NAME, Value::Bytes(name)) => {
                header.name = String::from_utf8_lossy(name).into_owned();
            }
            // An enum is an int32: readers take the low 32 bits.
            (span::KIND, Value::Varint(kind)) => header.kind = kind as u32,
            _ => {}
        }
    }
    header
}
