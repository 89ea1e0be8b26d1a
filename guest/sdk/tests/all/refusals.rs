//! What the test host refuses of the low level, in the words of the real one.

use std::cell::RefCell;

use linkmend_rule::testing::{LinkBuilder, SpanBuilder, TestHost, TracesBuilder};
use linkmend_rule::{
    About, AttributeKey, AttributeValue, Attributes, BatchRule, Context, DropReason, Index, Kind,
    MessageKey, NoteKind, Plan, Tasks, Verdict, VerdictBuilder, nothing_selected, plan,
};

thread_local! {
    static VERDICT: RefCell<Verdict> = RefCell::new(Verdict::empty());
}

struct Low;

impl BatchRule for Low {
    fn describe() -> About {
        About::new("low", "1.0.0", "Says what it is told to say.")
    }

    fn configure(_: &str) -> Result<(Self, Plan), String> {
        let mut selector = nothing_selected();
        selector.kinds = linkmend_rule::SpanKinds::CONSUMER;
        Ok((Self, plan(selector)))
    }

    fn process(&mut self, _: Tasks, _: &[u8], _: &mut dyn Index) -> Result<Verdict, String> {
        Ok(VERDICT.with_borrow(Clone::clone))
    }
}

/// What the host says of an answer to a batch of one consumer with one link.
fn refusal(tasks: Tasks, fill: impl FnOnce(&mut VerdictBuilder)) -> String {
    let mut verdict = VerdictBuilder::new();
    fill(&mut verdict);
    refusal_of(tasks, verdict.build())
}

fn refusal_of(tasks: Tasks, verdict: Verdict) -> String {
    VERDICT.set(verdict);
    let link = LinkBuilder::to(1).attribute("own", 1);
    let batch = TracesBuilder::new()
        .span(SpanBuilder::new(2, Kind::Consumer).link(link))
        .build();
    match TestHost::<Low>::new("{}").try_call(tasks, &batch) {
        Ok(_) => "taken".into(),
        Err(fault) => fault.to_string(),
    }
}

fn context(number: u64) -> Context<'static> {
    Context {
        trace_id: number.into(),
        span_id: number,
        trace_state: b"",
        flags: 0,
    }
}

const MEND: Tasks = Tasks::MEND;

/// Scenario: edits that break a guarantee of the host.
/// Guarantees: each is refused, and a good one is not.
#[test]
fn edits_are_checked() {
    let none = Attributes::default();
    let said = refusal(MEND, |verdict| verdict.add_link(0, context(9), none));
    assert_eq!(said, "taken");
    let said = refusal(Tasks::REMEMBER, |verdict| {
        verdict.add_link(0, context(9), none);
    });
    assert_eq!(said, "it answers with edits to a call that only remembers");
    let said = refusal(MEND, |verdict| verdict.add_link(1, context(9), none));
    assert_eq!(said, "it names span 1, and was given 1 spans");
    let said = refusal(MEND, |verdict| verdict.drop_link(0, 1, DropReason::Invalid));
    assert_eq!(said, "it names link 1 of span 0, which has 1 links");
    let said = refusal(MEND, |verdict| verdict.add_link(0, context(0), none));
    assert_eq!(
        said,
        "it gives a link of span 0 an all-zero trace id or span id"
    );
    let said = refusal(MEND, |verdict| {
        verdict.drop_link(0, 0, DropReason::Invalid);
        verdict.add_attributes(0, 0, none);
    });
    assert_eq!(said, "it edits link 0 of span 0 twice");
    let said = refusal(MEND, |verdict| {
        (1..=128).for_each(|number| verdict.add_link(0, context(number), none));
    });
    assert_eq!(
        said,
        "it leaves span 0 with 129 links, more than limits.max_links = 128"
    );
}

/// Scenario: attributes that a link may not get.
/// Guarantees: each is refused.
#[test]
fn attributes_are_checked() {
    let put = |keys: &'static [&'static str]| {
        refusal(MEND, move |verdict| {
            let list: Vec<_> = keys
                .iter()
                .map(|key| (AttributeKey::Text(key), AttributeValue::Int(1)))
                .collect();
            let attributes = verdict.attributes(&list);
            verdict.add_attributes(0, 0, attributes);
        })
    };
    assert_eq!(put(&["a", "b"]), "taken");
    assert_eq!(put(&[""]), "an attribute has an empty key");
    let twice =
        |key| format!("it adds an attribute to a link of span 0 that has it already: `{key}`");
    assert_eq!(put(&["own"]), twice("own"));
    assert_eq!(put(&["a", "a"]), twice("a"));
    let said = refusal(MEND, |verdict| {
        let keys: Vec<String> = (0..128).map(|number| number.to_string()).collect();
        let list: Vec<_> = keys
            .iter()
            .map(|key| (AttributeKey::Text(key), AttributeValue::Int(1)))
            .collect();
        let attributes = verdict.attributes(&list);
        verdict.add_attributes(0, 0, attributes);
    });
    assert_eq!(said, "it gives a link of span 0 more than 128 attributes");
    let said = refusal(MEND, |verdict| {
        let state = Context {
            trace_state: &[0xff],
            ..context(9)
        };
        verdict.add_link(0, state, Attributes::default());
    });
    assert_eq!(said, "a text is not UTF-8");
}

/// Scenario: deferrals and notes that the host would not take.
/// Guarantees: each is refused.
#[test]
fn deferrals_and_notes_are_checked() {
    let key = MessageKey { high: 1, low: 2 };
    let defer = Tasks::MEND | Tasks::DEFER;
    assert_eq!(refusal(defer, |verdict| verdict.defer(0, &[key])), "taken");
    let said = refusal(MEND, |verdict| verdict.defer(0, &[key]));
    assert_eq!(said, "it defers a span, which this call does not allow");
    let said = refusal(defer, |verdict| {
        verdict.defer(0, &[key]);
        verdict.defer(0, &[key]);
    });
    assert_eq!(said, "it defers span 0 twice");
    let said = refusal(defer, |verdict| {
        verdict.defer(0, &[key]);
        verdict.drop_link(0, 0, DropReason::Invalid);
    });
    assert_eq!(said, "it both defers and edits span 0");
    let said = refusal(defer, |verdict| verdict.defer(0, &vec![key; 16_385]));
    assert_eq!(
        said,
        "it lets span 0 wait for 16385 keys, and 16384 are the most"
    );
    let said = refusal(MEND, |verdict| verdict.note(1, NoteKind::NoRoom, 1));
    assert_eq!(said, "it names span 1, and was given 1 spans");
}

/// Scenario: ranges that reach past what they are ranges of.
/// Guarantees: each is refused, by the name of the list.
#[test]
fn ranges_are_checked() {
    let mut verdict = VerdictBuilder::new();
    verdict.add_link(0, context(9), Attributes::default());
    let mut verdict = verdict.build();
    verdict.edits[0].attribute_count = 1;
    assert_eq!(
        refusal_of(MEND, verdict),
        "a range of `attributes` reaches past its end"
    );

    let mut verdict = VerdictBuilder::new();
    verdict.explain(0, "text");
    let mut verdict = verdict.build();
    verdict.texts.pop();
    assert_eq!(
        refusal_of(MEND | Tasks::EXPLAIN, verdict),
        "a range of `texts` reaches past its end"
    );
}
