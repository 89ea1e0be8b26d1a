//! What the driver does for a rule: the index, deferral, notes.

use linkmend_rule::testing::{SpanBuilder, TestHost, TracesBuilder};
use linkmend_rule::{About, Edits, Found, Keys, Kind, MOST_KEYS, NoteKind, Rule, Span, Wants};

/// Links consumers to the producers of their ids.
struct Join;

impl Rule for Join {
    fn about() -> About {
        About::new("join", "1.0.0", "Joins by id.")
    }

    fn configure(config: &str) -> Result<Self, String> {
        match config {
            "{}" => Ok(Self),
            _ => Err("`id` is no key; leave it away".into()),
        }
    }

    fn wants(&self) -> Wants {
        Wants::new().attribute("id")
    }

    fn produces(&self, span: &Span<'_>, keys: &mut Keys) {
        if span.kind == Kind::Producer || span.bool("both") == Some(true) {
            keys.set_rank(u8::try_from(span.int("rank").unwrap_or(0)).unwrap_or(0));
            keys.set_hint(7);
            keys.add("id", span.id("id"));
        }
    }

    fn awaits(&self, span: &Span<'_>, keys: &mut Keys) {
        if span.kind == Kind::Consumer {
            for id in span.ids("id") {
                keys.add("id", [id]);
            }
        }
    }

    fn mend(&self, span: &Span<'_>, found: &Found<'_>, edits: &mut Edits<'_>) {
        for awaited in found.iter() {
            if let Some(producer) = awaited.nearest(span) {
                edits
                    .link(producer)
                    .with("id", awaited.id)
                    .with("hint", u32::from(producer.hint));
            }
        }
        edits.explain(format_args!("awaits {}", found.len()));
    }
}

fn host() -> TestHost<Join> {
    TestHost::new("{}")
}

fn producer(number: u64, id: &str) -> SpanBuilder {
    SpanBuilder::producer(number).attribute("id", id)
}

fn consumer(number: u64, id: &str) -> SpanBuilder {
    SpanBuilder::consumer(number).attribute("id", id)
}

fn batch(spans: impl IntoIterator<Item = SpanBuilder>) -> Vec<u8> {
    let traces = spans
        .into_iter()
        .fold(TracesBuilder::new(), TracesBuilder::span);
    traces.build()
}

/// Scenario: a producer behind its consumers in the batch; ids as strings and
/// as numbers, one and several.
/// Guarantees: all are linked, in the order of the ids.
#[test]
fn consumers_are_linked_to_producers() {
    let spans = [
        SpanBuilder::consumer(10).attribute("id", [2, 1]),
        consumer(11, "1"),
        SpanBuilder::producer(1).attribute("id", 1),
        producer(2, "2"),
    ];
    let mended = host().mend(&batch(spans));
    assert_eq!(mended.links(10), ["2 id=2 hint=7", "1 id=1 hint=7"]);
    assert_eq!(mended.links(11), ["1 id=1 hint=7"]);
    assert_eq!(mended.noted(NoteKind::Unresolved), 0);
}

/// Scenario: the flags of a producer span, and its trace state.
/// Guarantees: the link says that it leads to another process, and keeps what
/// W3C has.
#[test]
fn links_have_the_flags_of_links() {
    let spans = [
        producer(1, "1").flags(0x0101).trace_state("a=b"),
        producer(2, "2").flags(0xffff_ff00),
        SpanBuilder::consumer(10).attribute("id", [1, 2]),
    ];
    let mended = host().mend(&batch(spans));
    let span = mended.span(10);
    let flags: Vec<_> = span.links().map(|link| link.flags).collect();
    assert_eq!(flags, [0x301, 0x300]);
    assert_eq!(span.links().next().unwrap().trace_state, b"a=b");
}

/// Scenario: files, the consumers in the first one.
/// Guarantees: what all of them produce is known before the first is mended.
#[test]
fn files_are_read_twice() {
    let files = [batch([consumer(10, "1")]), batch([producer(1, "1")])];
    let mended = host().mend_files(&files);
    assert_eq!(mended[0].links(10), ["1 id=1 hint=7"]);
}

/// Scenario: a message without a producer.
/// Guarantees: where spans can be kept back it is, and untouched; at the end it
/// is noted.
#[test]
fn what_waits_for_a_producer_is_kept_back() {
    let mut host = host();
    let both = SpanBuilder::consumer(10).attribute("id", [1, 2]);
    let early = batch([both, producer(1, "1"), consumer(11, "1")]);
    let deferring = host.mend_or_defer(&early);
    assert_eq!(deferring.deferred(), [10]);
    assert_eq!(deferring.links(10), [] as [&str; 0]);
    assert_eq!(deferring.links(11), ["1 id=1 hint=7"]);
    assert_eq!(deferring.noted(NoteKind::Unresolved), 0);

    let last = host.mend_deferred(&early);
    assert_eq!(last.links(10), ["1 id=1 hint=7"]);
    assert_eq!(last.noted(NoteKind::Unresolved), 1);
}

/// Scenario: a span that produces what it awaits.
/// Guarantees: it is not its own producer.
#[test]
fn a_span_is_not_its_own_producer() {
    let own = consumer(10, "1").attribute("both", true);
    let mended = host().mend(&batch([own.clone()]));
    assert_eq!(mended.noted(NoteKind::Unresolved), 1);
    let mended = host().mend(&batch([own, producer(1, "1")]));
    assert_eq!(mended.links(10), ["1 id=1 hint=7"]);
}

/// Scenario: several producers of one id: of two ranks, before the consumer,
/// within the skew of clocks, and long after.
/// Guarantees: the nearest of the best rank is taken.
#[test]
fn the_nearest_producer_is_taken() {
    let cases: [(&[(u64, i64)], &str); 5] = [
        (&[(1, 0), (2, 0)], "2"),
        (&[(1, 0), (2, 1)], "1"),
        (&[(1, 0), (15, 0)], "15"),
        (&[(1, 0), (16, 0)], "1"),
        (&[(1, 1), (16, 0)], "1"),
    ];
    for (producers, nearest) in cases {
        let spans = producers
            .iter()
            .map(|(number, rank)| producer(*number, "1").attribute("rank", *rank));
        let mended = host().mend(&batch(spans.chain([consumer(10, "1")])));
        assert_eq!(mended.links(10), [format!("{nearest} id=1 hint=7")]);
    }
}

/// Scenario: ids that are not valid, on either side.
/// Guarantees: what has none produces nothing, and is still linked.
#[test]
fn spans_without_valid_ids_produce_nothing() {
    let nobody = producer(0, "1");
    let short = producer(1, "1").raw_ids(&[1; 15], &[1; 8]);
    let mended = host().mend(&batch([nobody, short, consumer(10, "1")]));
    assert_eq!(mended.links(10), [] as [&str; 0]);
    assert_eq!(mended.noted(NoteKind::Unresolved), 1);

    let linked = consumer(10, "1").raw_ids(&[], &10u64.to_be_bytes());
    let mended = host().mend(&batch([producer(2, "1"), linked]));
    assert_eq!(mended.links(10), ["2 id=1 hint=7"]);
}

/// Scenario: empty and missing ids.
/// Guarantees: they name no message; two spans without one do not meet.
#[test]
fn no_id_is_no_message() {
    let spans = [
        producer(1, ""),
        consumer(10, ""),
        SpanBuilder::consumer(11).attribute("id", true),
    ];
    let mended = host().mend(&batch(spans));
    assert_eq!(mended.noted(NoteKind::Unresolved), 0);
    assert_eq!((mended.links(10).len(), mended.links(11).len()), (0, 0));
}

/// Scenario: a span that names 1,030 messages.
/// Guarantees: 1,024 are looked at, and the others noted.
#[test]
fn more_messages_than_are_looked_at_are_noted() {
    let ids: Vec<i64> = (0..1030).collect();
    let many = SpanBuilder::consumer(10).attribute("id", ids);
    let mended = host().mend(&batch([many]));
    assert_eq!(mended.noted(NoteKind::TooMany), 6);
    assert_eq!(mended.noted(NoteKind::Unresolved), MOST_KEYS as u32);
}

/// Scenario: a user asks why, or does not.
/// Guarantees: explanations are made when they are wanted.
#[test]
fn explanations_come_when_asked_for() {
    let spans = batch([consumer(10, "1")]);
    assert_eq!(host().explain(&spans).explanation(10), "awaits 1");
    assert_eq!(host().mend(&spans).explanation(10), "");
}

/// Scenario: spans that the rule does not want to see.
/// Guarantees: it does not see them, though they are of the right kind.
#[test]
fn a_rule_sees_what_it_wants_and_no_more() {
    let batch = batch([SpanBuilder::consumer(9), consumer(10, "1")]);
    let mended = host().explain(&batch);
    assert_eq!(
        (mended.explanation(9), mended.explanation(10)),
        (String::new(), "awaits 1".into())
    );
}

/// Scenario: a configuration that the rule does not take.
/// Guarantees: the test gets the rule's own words.
#[test]
fn configurations_are_refused_in_the_words_of_the_rule() {
    let error = TestHost::<Join>::try_new(r#"{"id":1}"#).unwrap_err();
    assert_eq!(error, "`id` is no key; leave it away");
}

/// Scenario: rules with and without `produces` and `awaits`.
/// Guarantees: the host is told of the index without the author's doing.
#[test]
fn whether_the_index_is_used_is_found_out() {
    use linkmend_rule::BatchRule;
    let (_, plan) = <Join as BatchRule>::configure("{}").unwrap();
    assert!(plan.uses_index);
    assert_eq!(plan.type_attribute, "link.type");
    let (_, plan) = <super::scripted::Scripted as BatchRule>::configure("{}").unwrap();
    assert!(!plan.uses_index);
}
