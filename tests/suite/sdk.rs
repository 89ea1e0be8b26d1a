//! The SDK for rules and the real host: its edits are taken, and its test host
//! says what the host says.

use std::cell::RefCell;

use linkmend::{FaultReason, Processor};
use linkmend_rule::testing::{LinkBuilder, SpanBuilder, TestHost, TracesBuilder};
use linkmend_rule::{
    About, Action, Attribute, BatchRule, Context, DropReason, Edit, Edits, Found, Index, Kind,
    Plan, Rule, Span, SpanContext, Tasks, Text, ValueKind, Verdict, Wants,
};
use linkmend_tests::arms::native_rule;
use proptest::collection::vec;
use proptest::prelude::*;

thread_local! {
    static STEPS: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
    static VERDICT: RefCell<Verdict> = RefCell::new(Verdict::empty());
}

/// Something to do with the links whose attribute `n` is the first number.
#[derive(Debug, Clone)]
enum Step {
    Link(u64, String),
    Replace(i64, u64, String),
    Drop(i64),
    Annotate(i64, String),
    Stray(u32),
}

struct Scripted;

impl Rule for Scripted {
    fn about() -> About {
        About::new("scripted", "1.0.0", "Does as it is told.")
    }

    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn wants(&self) -> Wants {
        Wants::new().kind(Kind::Consumer)
    }

    fn mend(&self, span: &Span<'_>, _: &Found<'_>, edits: &mut Edits<'_>) {
        for step in STEPS.with_borrow(Clone::clone) {
            take(&step, span, edits);
        }
    }
}

fn context(number: u64) -> Context<'static> {
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
        links.map(|link| link.number)
    };
    match step {
        Step::Link(to, key) => drop(edits.link(context(*to)).with(key, 1)),
        Step::Replace(n, to, key) => {
            for number in with(*n) {
                edits.replace(number, context(*to)).with(key, "text");
            }
        }
        Step::Drop(n) => with(*n).for_each(|number| edits.drop(number, DropReason::Unwanted)),
        Step::Annotate(n, key) => with(*n).for_each(|number| edits.annotate(number, key, 0.5)),
        Step::Stray(number) => {
            edits.drop(*number, DropReason::Invalid);
            edits.annotate(*number, "stray", true);
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let (number, name) = (|| 0..10u64, || 0..5i64);
    prop_oneof![
        (number(), "[ab]?").prop_map(|(to, key)| Step::Link(to, key)),
        (name(), number(), "[ab]?").prop_map(|(n, to, key)| Step::Replace(n, to, key)),
        name().prop_map(Step::Drop),
        (name(), "[ab]?").prop_map(|(n, key)| Step::Annotate(n, key)),
        (1000u32..).prop_map(Step::Stray),
    ]
}

fn span() -> impl Strategy<Value = SpanBuilder> {
    let link = || {
        let named = (0..10u64, 0..8i64);
        named.prop_map(|(to, n)| LinkBuilder::to(to).attribute("n", n))
    };
    let links = prop_oneof![vec(link(), 0..6), vec(link(), 124..132), vec(link(), 200)];
    (0..10u64, links).prop_map(|(number, links)| {
        links
            .into_iter()
            .fold(SpanBuilder::consumer(number), SpanBuilder::link)
    })
}

fn batch(spans: Vec<SpanBuilder>) -> Vec<u8> {
    let traces = spans.into_iter();
    traces
        .fold(TracesBuilder::new(), TracesBuilder::span)
        .build()
}

/// What the host makes of a batch; the fault of the rule, where there is one.
fn by_host(processor: &Processor, batch: &[u8]) -> Result<Vec<u8>, String> {
    let mended = processor.process(batch.to_vec().into()).unwrap();
    match mended.faults.first().map(|fault| &fault.reason) {
        None => Ok(mended.traces.unwrap().to_vec()),
        Some(FaultReason::Verdict(error)) => Err(error.to_string()),
        Some(other) => panic!("{other}"),
    }
}

/// Says what it is told to say.
struct Says;

impl BatchRule for Says {
    fn describe() -> About {
        About::new("says", "1.0.0", "Says what it is told to say.")
    }

    fn configure(_: &str) -> Result<(Self, Plan), String> {
        let mut selector = linkmend_rule::nothing_selected();
        selector.kinds = linkmend_rule::SpanKinds::CONSUMER;
        Ok((Self, linkmend_rule::plan(selector)))
    }

    fn process(&mut self, _: Tasks, _: &[u8], _: &mut dyn Index) -> Result<Verdict, String> {
        Ok(VERDICT.with_borrow(Clone::clone))
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let action = prop_oneof![
        2 => Just(Action::AddLink),
        1 => Just(Action::ReplaceContext),
        1 => Just(Action::DropLink),
        1 => Just(Action::AddAttributes),
    ];
    // Seldom what is not there: most verdicts are to get past the first check.
    let number = |of: u32| prop_oneof![20 => 0..of, 1 => Just(of)];
    let parts = (number(2), number(4), action, 0..40u64, 0..3u32, 0..3u32);
    parts.prop_map(
        |(span, link, action, to, first_attribute, attribute_count)| Edit {
            span,
            link,
            action,
            reason: DropReason::OverLimit,
            context: SpanContext {
                trace_id_high: 0,
                trace_id_low: to,
                span_id: to,
                trace_state: Text {
                    offset: 0,
                    length: 0,
                },
                flags: 0,
            },
            first_attribute,
            attribute_count,
        },
    )
}

/// A verdict with the attributes `a`, `b`, `n` and `a` again.
fn verdict(edits: Vec<Edit>) -> Verdict {
    let attribute = |offset| Attribute {
        key: Text { offset, length: 1 },
        kind: ValueKind::Text,
        text: Text {
            offset: 0,
            length: 3,
        },
        bits: 0,
    };
    Verdict {
        edits,
        attributes: [0, 1, 2, 0].map(attribute).into(),
        texts: b"abn".to_vec(),
        ..Verdict::empty()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Scenario: any edits in any order, of spans with up to 200 links.
    /// Guarantees: the host takes what comes of them, and of its own output
    /// nothing changes.
    #[test]
    fn the_host_takes_what_edits_come_to(
        spans in vec(span(), 1..4),
        steps in vec(step(), 0..10),
    ) {
        STEPS.set(steps);
        let built = Processor::builder().rule(native_rule::<Scripted>("{}")).build();
        let processor = built.unwrap();
        let once = by_host(&processor, &batch(spans)).unwrap();
        prop_assert_eq!(&by_host(&processor, &once).unwrap(), &once);
    }

    /// Scenario: verdicts that are mostly wrong in one way or another.
    /// Guarantees: a unit test is told what the sandbox would say, and sees what
    /// would come out.
    #[test]
    fn the_test_host_says_what_the_host_says(edits in vec(edit(), 0..6)) {
        let link = |n| LinkBuilder::to(n).attribute("n", n.cast_signed());
        let span = |number| SpanBuilder::consumer(number).dropped_links(1);
        let linked = (1..=3).map(link).fold(span(9), SpanBuilder::link);
        let full = (1..=127).map(link).fold(span(8), SpanBuilder::link);
        let batch = batch(vec![linked, SpanBuilder::server(7), full]);

        VERDICT.set(verdict(edits));
        let built = Processor::builder().rule(native_rule::<Says>("{}")).build();
        let real = by_host(&built.unwrap(), &batch);
        let tested = TestHost::<Says>::new("{}").try_call(Tasks::MEND | Tasks::REMEMBER, &batch);
        match (real, tested) {
            (Ok(real), Ok(tested)) => prop_assert_eq!(tested.traces(), &real),
            (Err(real), Err(tested)) => prop_assert_eq!(tested.to_string(), real),
            (real, tested) => prop_assert!(false, "{:?} but {:?}", real.err(), tested.err()),
        }
    }
}
