//! What the rule asks of the index, and what it makes of its answers.

use super::support::{self, *};
use linkmend_repair::Repair;
use linkmend_repair::config::Config;
use linkmend_repair::facts::{LinkFacts, MessageFacts, Origin, SpanFacts};
use linkmend_repair::value::Value as Facts;
use linkmend_rule::{
    Action, FieldRule, Index, IndexError, MemoryIndex, MessageKey, Producer, Recalled, Tasks,
    Verdict,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message;

fn all() -> Tasks {
    Tasks::REMEMBER | Tasks::MEND
}

/// Counts what it is asked, and fails when it is told to.
#[derive(Default)]
struct Watched {
    inner: MemoryIndex,
    /// The number of producers, or of keys, of each call.
    remembered: Vec<usize>,
    recalled: Vec<usize>,
    /// The start and the end of all that was remembered.
    times: Vec<(u64, u64)>,
    fails: Option<(Call, usize, IndexError)>,
    /// Changes an answer.
    damages: Option<fn(&mut Recalled)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Call {
    Remember,
    Recall,
}

impl Watched {
    fn failure(&self, call: Call, before: usize) -> Result<(), IndexError> {
        match self.fails {
            Some((which, number, error)) if (which, number) == (call, before) => Err(error),
            _ => Ok(()),
        }
    }
}

impl Index for Watched {
    fn remember(&mut self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        self.failure(Call::Remember, self.remembered.len())?;
        self.remembered.push(producers.len());
        let times = producers.iter();
        let times = times.map(|producer| (producer.start, producer.end));
        self.times.extend(times);
        self.inner.remember(producers, texts)
    }

    fn recall(&mut self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        self.inner.recall(keys)
    }

    fn recall_before(
        &mut self,
        keys: &[MessageKey],
        before: &[u64],
    ) -> Result<Recalled, IndexError> {
        self.failure(Call::Recall, self.recalled.len())?;
        self.recalled.push(keys.len());
        let mut recalled = self.inner.recall_before(keys, before)?;
        if let Some(damage) = self.damages {
            damage(&mut recalled);
        }
        Ok(recalled)
    }
}

fn process(tasks: Tasks, spans: Vec<Span>, index: &mut Watched) -> Result<Verdict, String> {
    let (mut rule, _) = Repair::configure("{}").unwrap();
    let traces = TracesData {
        resource_spans: vec![batch("", spans)],
    };
    support::process(&mut rule, tasks, &traces.encode_to_vec(), index)
}

fn message(system: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("messaging.system", text(system)),
        ("messaging.message.id", text("7")),
    ]
}

/// A send, the same again from a trace that had it, and a consumer.
fn hops(system: &str) -> Vec<Span> {
    let mut again = starting(producer(3, &message(system)), NOON - SECOND / 4);
    again.trace_id = trace_id(2);
    vec![
        producer(1, &message(system)),
        starting(consumer(2, &message(system)), NOON - SECOND / 2),
        again,
        consumer(4, &message(system)),
    ]
}

fn asked(tasks: Tasks, spans: Vec<Span>) -> (Vec<usize>, Vec<usize>) {
    let mut index = Watched::default();
    process(tasks, spans, &mut index).unwrap();
    (index.remembered, index.recalled)
}

#[test]
fn the_index_is_asked_for_what_is_needed_and_no_more() {
    let nothing = vec![
        span(1, 2, &[]),
        with_links(span(2, 1, &[]), vec![link_to(9, &[])]),
    ];
    assert_eq!(asked(all(), nothing), (vec![], vec![]));
    let sqs = || message("aws_sqs");
    assert_eq!(asked(all(), vec![producer(1, &sqs())]), (vec![1], vec![]));
    assert_eq!(asked(all(), vec![consumer(2, &sqs())]), (vec![], vec![1]));
    let both = || vec![producer(1, &sqs()), consumer(2, &sqs())];
    assert_eq!(asked(all(), both()), (vec![1], vec![1]));
    assert_eq!(asked(Tasks::MEND, both()), (vec![], vec![1]));
    assert_eq!(asked(Tasks::REMEMBER, both()), (vec![1], vec![]));
    // Ids of the broker are of one message, however often they were sent.
    assert_eq!(asked(all(), hops("aws_sqs")), (vec![2], vec![2]));
    // Of ids that were made up it is asked who had consumed them.
    let (remembered, recalled) = asked(all(), hops("rabbitmq"));
    assert_eq!((remembered, recalled), (vec![2, 2], vec![2, 1]));
    let one = vec![
        producer(1, &message("rabbitmq")),
        consumer(2, &message("rabbitmq")),
    ];
    assert_eq!(asked(all(), one), (vec![1], vec![1]));
    // Of two sends one came too late: there is no choice.
    let mut spans = hops("rabbitmq");
    spans.remove(1);
    let late = spans[1].clone();
    spans[1] = starting(late, NOON + 60 * SECOND);
    assert_eq!(asked(all(), spans), (vec![2, 1], vec![1]));
}

/// A store keeps the time between start and end in as many bytes as it needs: of a consumer
/// nobody asks for it.
#[test]
fn of_a_consumer_its_start_is_remembered() {
    let mut index = Watched::default();
    process(all(), hops("rabbitmq"), &mut index).unwrap();
    let (sends, consumers) = index.times.split_at(2);
    assert!(sends.iter().all(|(start, end)| end > start), "{sends:?}");
    let first = NOON - SECOND / 2;
    assert_eq!(consumers, [(first, first), (NOON, NOON)]);
}

#[test]
fn who_lacks_nothing_does_not_ask_what_its_parent_has() {
    let below = |attributes: &[(&str, Value)]| {
        let mut below = consumer(2, attributes);
        below.parent_span_id = span_id(1);
        asked(all(), vec![below]).1
    };
    assert_eq!(below(&[]), [1]);
    assert_eq!(below(&message("aws_sqs")), [2]);
    assert_eq!(below(&[("messaging.batch.message_count", int(0))]), [0; 0]);
    let reply = [("messaging.destination.name", text("_INBOX.a"))];
    assert_eq!(below(&reply), [0; 0]);
}

#[test]
fn nothing_is_remembered_when_data_is_read_again() {
    let mut index = Watched::default();
    process(Tasks::REMEMBER, hops("rabbitmq"), &mut index).unwrap();
    // Two sends and two consumers, for whom nothing is asked yet.
    assert_eq!((&*index.remembered, index.recalled.len()), (&[4][..], 0));
    process(Tasks::MEND, hops("rabbitmq"), &mut index).unwrap();
    assert_eq!(
        (&*index.remembered, &*index.recalled),
        (&[4][..], &[2, 1][..])
    );
}

#[test]
fn who_asks_why_does_not_have_anything_remembered() {
    let sent = producer(1, &message("aws_sqs"));
    let (remembered, _) = asked(Tasks::MEND | Tasks::EXPLAIN, vec![sent]);
    assert!(remembered.is_empty());
}

#[test]
fn a_failure_of_the_index_is_an_error_that_says_what_failed() {
    let message = |call, number, error| {
        let mut index = Watched {
            fails: Some((call, number, error)),
            ..Watched::default()
        };
        process(all(), hops("rabbitmq"), &mut index).unwrap_err()
    };
    for (number, call, word) in [
        (0, Call::Remember, "remember"),
        (1, Call::Remember, "remember"),
        (0, Call::Recall, "recall"),
        (1, Call::Recall, "recall"),
    ] {
        for (error, reason) in [
            (
                IndexError::Malformed,
                "the question and the answer do not fit",
            ),
            (IndexError::TooMany, "more than it takes in one call"),
            (IndexError::Unavailable, "it can not be reached"),
        ] {
            let wanted = format!("the message index did not {word}: {reason}");
            assert_eq!(message(call, number, error), wanted);
        }
    }
}

#[test]
fn an_answer_that_does_not_fit_the_question_is_an_error() {
    let damages: [fn(&mut Recalled); 4] = [
        |answer| answer.counts.push(0),
        |answer| answer.counts.truncate(1),
        |answer| answer.producers.truncate(1),
        |answer| answer.producers.extend_from_within(..1),
    ];
    for damage in damages {
        let mut index = Watched {
            damages: Some(damage),
            ..Watched::default()
        };
        let error = process(all(), hops("aws_sqs"), &mut index).unwrap_err();
        assert_eq!(
            error,
            "the message index did not recall: the question and the answer do not fit"
        );
    }
    // A count above the greatest is that there are more than the greatest.
    let mut index = Watched {
        damages: Some(|answer| answer.counts.iter_mut().for_each(|count| *count = 255)),
        ..Watched::default()
    };
    assert!(process(all(), hops("aws_sqs"), &mut index).is_err());
}

#[test]
fn what_many_links_have_in_common_stands_in_the_verdict_once() {
    let ids: Vec<_> = (0..100).map(|id| format!("id {id}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let links = (0..100).map(|number| link_to(100 + number, &[])).collect();
    let linked = with_links(span(3, 1, &[("x", texts(&ids))]), links);
    let verdict = process(all(), vec![linked], &mut Watched::default()).unwrap();
    assert_eq!((verdict.edits.len(), verdict.attributes.len()), (100, 1));
}

/// As `process` does it with spans that are on the wire.
#[test]
fn spans_may_be_given_one_by_one() {
    let mut rule = Repair::new(Config::default());
    let (reads, table) = (rule.reads().clone(), rule.reads().table());
    let id = |facts: &mut MessageFacts<'static>| {
        for (key, value) in [
            ("messaging.system", "rabbitmq"),
            ("messaging.message.id", "7"),
        ] {
            let used = reads.used(table.number(key.as_bytes()).unwrap());
            facts.attribute(used, Facts::Text(value.as_bytes()));
        }
    };
    rule.begin(all());
    for (number, kind) in [(0, 4), (1, 5)] {
        let mut span = SpanFacts {
            number,
            trace_id: 10 + u128::from(number),
            span_id: 20 + u64::from(number),
            kind,
            start: NOON + u64::from(number),
            ..SpanFacts::default()
        };
        id(&mut span.message);
        let link = LinkFacts {
            trace_id: 30,
            ..LinkFacts::default()
        };
        let links = std::iter::repeat_n(link, number as usize);
        rule.add(all(), &Origin::default(), &span, links);
    }
    let mut index = Watched::default();
    let verdict = rule.decide(all(), &mut index).unwrap();
    let edits = verdict.edits.iter().map(|edit| (edit.span, edit.action));
    let wanted = [(1, Action::DropLink), (1, Action::AddLink)];
    assert!(edits.eq(wanted), "{:?}", verdict.edits);
    assert_eq!(index.remembered, [1]);
}

/// The index is shared with other rules.
#[test]
fn a_trace_state_that_the_index_has_as_no_text_is_none() {
    let length = |damages| {
        let mut sent = producer(1, &message("aws_sqs"));
        sent.trace_state = "one=1".into();
        let spans = vec![sent, consumer(2, &message("aws_sqs"))];
        let mut index = Watched {
            damages,
            ..Watched::default()
        };
        let verdict = process(all(), spans, &mut index).unwrap();
        verdict.edits[0].context.trace_state.length
    };
    assert_eq!(length(None), 5);
    assert_eq!(length(Some(|answer| answer.texts.fill(0xff))), 0);
}
