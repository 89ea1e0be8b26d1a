//! What the rule says when it is asked why.

use super::support::*;
use linkmend_repair::Repair;
use linkmend_rule::{FieldRule, MemoryIndex, Tasks};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message;

/// What is said of each span, by its place.
fn explain(config: &str, spans: Vec<Span>) -> Vec<String> {
    let traces = TracesData {
        resource_spans: vec![batch("production", spans)],
    };
    let bytes = traces.encode_to_vec();
    let (mut rule, _) = Repair::configure(config).unwrap();
    let mut index = MemoryIndex::new();
    process(&mut rule, Tasks::REMEMBER, &bytes, &mut index).unwrap();
    let tasks = Tasks::MEND | Tasks::EXPLAIN;
    let verdict = process(&mut rule, tasks, &bytes, &mut index).unwrap();
    let plain = process(&mut rule, Tasks::MEND, &bytes, &mut index).unwrap();
    assert!(plain.explanations.is_empty());
    assert_eq!(plain.edits.len(), verdict.edits.len());
    let text = |text: linkmend_rule::Text| {
        let bytes = &verdict.texts[text.offset as usize..][..text.length as usize];
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let spans = verdict
        .explanations
        .iter()
        .map(|explanation| explanation.span);
    assert!(spans.eq(0..verdict.explanations.len() as u32));
    verdict
        .explanations
        .iter()
        .map(|explanation| text(explanation.text))
        .collect()
}

fn message(
    id: &str,
) -> Vec<(
    &'static str,
    opentelemetry_proto::tonic::common::v1::any_value::Value,
)> {
    vec![
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text(id)),
    ]
}

fn hex(number: u64) -> String {
    format!(
        "{:032x}:{:016x}",
        u128::from(number) | 1 << 100,
        number | 1 << 60
    )
}

#[test]
fn a_link_that_was_missing() {
    // Sent twice in one trace.
    let mut early = starting(producer(3, &message("m")), NOON - 2 * SECOND);
    early.trace_id = trace_id(1);
    let early_context = format!(
        "{}:{:016x}",
        hex(1).split(':').next().unwrap(),
        3u64 | 1 << 60
    );
    let said = explain(
        "{}",
        vec![
            producer(1, &message("m")),
            early,
            consumer(2, &message("m")),
        ],
    );
    assert_eq!(
        said[0],
        "role: producer\n\
         remembered as the producer of rabbitmq environment=production id=m\n\
         result: 0 added, 0 repaired, 0 dropped"
    );
    let wanted = format!(
        "role: consumer\n\
         message 1 of 1\n  \
           key: rabbitmq environment=production id=m\n    \
             producer {}, started 1.000 s before this span, sent it\n    \
             producer {}, started 2.000 s before this span, sent it\n  \
           → link to {} is missing: added\n\
         result: 1 added, 0 repaired, 0 dropped",
        hex(1),
        early_context,
        hex(1)
    );
    assert_eq!(said[2], wanted);
}

pub fn last(config: &str, spans: Vec<Span>) -> String {
    explain(config, spans).pop().unwrap()
}

#[test]
fn why_none_was_added() {
    let sent = || producer(1, &message("m"));
    let received = || consumer(2, &message("m"));
    let mut child = received();
    child.trace_id = trace_id(1);
    let in_trace = child.clone();
    child.parent_span_id = span_id(1);
    let linked = with_links(received(), vec![link_to(1, &[])]);
    let named = with_links(
        received(),
        vec![link_to(9, &[("messaging.message.id", text("m"))])],
    );
    let counted = with_links(received(), vec![link_to(9, &[])]);
    let late = starting(sent(), NOON + 60 * SECOND);
    let mut remote = received();
    (remote.parent_span_id, remote.flags) = (span_id(9), 0x300);
    let twin = producer(3, &message("m"));
    for (spans, reason) in [
        (vec![received()], "→ unresolved: no producer of it is known"),
        (vec![received()], "no producer is known"),
        (vec![sent(), child], "is the parent (link_to_parent)"),
        (vec![sent(), in_trace], "is in the same trace (same_trace)"),
        (vec![sent(), linked], "there is a link to its producer"),
        (
            vec![sent(), named],
            "→ no link needed: a link names the message",
        ),
        (vec![counted], "as many links into other traces as messages"),
        (
            vec![late.clone(), received()],
            "started 1 min 0 s after this span, sent it: too late to be it",
        ),
        (
            vec![late, received()],
            "→ unresolved: all known producers started later",
        ),
        (
            vec![sent(), twin, received()],
            "→ ambiguous: several traces that never received it sent it",
        ),
        (vec![remote], "the parent is in another process"),
        (
            vec![consumer(2, &[])],
            "names no message, and is linked to nothing",
        ),
        (
            vec![consumer(2, &[("messaging.kafka.offset", int(1))])],
            "names a message, but not well enough",
        ),
        (vec![span(2, 2, &[])], "role: none in messaging"),
    ] {
        let said = last("{}", spans);
        assert!(said.contains(reason), "{reason}\n{said}");
    }
    let said = last(r#"{"max_links": 0}"#, vec![sent(), received()]);
    assert!(
        said.contains("there is no room for it (max_links: 0)"),
        "{said}"
    );
}

#[test]
fn what_became_of_links() {
    let named = broken_link(&[("messaging.message.id", text("m"))]);
    let gone = broken_link(&[("messaging.message.id", text("gone"))]);
    let links = vec![
        named,
        link_to(9, &[]),
        link_to(9, &[]),
        broken_link(&[]),
        gone,
    ];
    let received = with_links(consumer(2, &message("m")[..1]), links);
    let said = last("{}", vec![producer(1, &message("m")), received.clone()]);
    for line in [
        format!("link 1 of 5 to {:032}:{:016}: invalid", 0, 0),
        format!("  → repaired: {}", hex(1)),
        format!("link 2 of 5 to {}: stays", hex(9)),
        format!(
            "link 3 of 5 to {}: dropped: another link says the same",
            hex(9)
        ),
        format!(
            "link 4 of 5 to {:032}:{:016}: dropped: invalid, and it names no message",
            0, 0
        ),
        format!(
            "link 5 of 5 to {:032}:{:016}: dropped: invalid, and no producer of its message was found",
            0, 0
        ),
        "    no producer is known".into(),
        "result: 0 added, 1 repaired, 3 dropped".into(),
    ] {
        assert!(said.lines().any(|other| other == line), "{line}\n{said}");
    }
    let said = last(
        r#"{"max_links": 1, "invalid_links": "keep"}"#,
        vec![received],
    );
    assert!(said.contains("invalid; stays (invalid_links)"), "{said}");
    assert!(
        said.contains("dropped: more links than the span may have"),
        "{said}"
    );
}

#[test]
fn a_span_without_ids_of_its_own() {
    let mut nameless = with_links(span(2, 1, &[]), vec![broken_link(&[])]);
    nameless.span_id = vec![];
    let said = last("{}", vec![nameless]);
    assert_eq!(
        said,
        format!(
            "its own trace id or span id is invalid: nothing can be linked to it, and it gets no \
             new links\n\
             role: none in messaging, as far as its operation and kind tell\n\
             link 1 of 1 to {:032}:{:016}: dropped: invalid, and it names no message\n\
             result: 0 added, 0 repaired, 1 dropped",
            0, 0
        )
    );
}

#[test]
fn custom_recipes_are_spelled_by_their_attributes() {
    let config =
        r#"{"recipes": [{"name": "r", "role": "consumer", "attributes": ["tenant", "id"]}]}"#;
    let said = last(
        config,
        vec![span(2, 1, &[("tenant", text("x\ny")), ("id", int(7))])],
    );
    assert!(
        said.contains(r"key: recipe r: environment=production x\ny 7"),
        "{said}"
    );
}

#[test]
fn a_span_that_names_thousands_is_told_of_in_some_lines() {
    let ids: Vec<_> = (0..2000).map(|id| format!("id {id}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let of = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", texts(&ids)),
    ];
    let said = last("{}", vec![producer(1, &of), consumer(2, &of)]);
    assert!(said.lines().count() < 600, "{}", said.lines().count());
    assert!(said.contains("924 more messages\n976 messages more than are looked at in one span"));
    assert!(
        said.ends_with(
            "result: 128 added, 0 repaired, 0 dropped; 896 found no room (max_links: 128)"
        )
    );
}

#[test]
fn times_have_the_unit_that_people_would_use() {
    for (before, said) in [
        (500, "500 ns"),
        (1_500, "1.500 µs"),
        (1_500_000, "1.500 ms"),
        (59 * SECOND, "59.000 s"),
        (61 * SECOND, "1 min 1 s"),
        (7_260 * SECOND, "2 h 1 min"),
    ] {
        let sent = starting(producer(1, &message("m")), NOON - before);
        let text = last("{}", vec![sent, consumer(2, &message("m"))]);
        assert!(
            text.contains(&format!("started {said} before this span")),
            "{text}"
        );
    }
}

#[test]
fn how_a_producer_stands_to_the_consumer() {
    let said = |mut sent: Span, start, word: &str| {
        sent.attributes
            .push(kv("messaging.operation.type", text(word)));
        let sent = starting(sent, start);
        last("{}", vec![sent, consumer(2, &message("m"))])
    };
    for (start, word, kind, line) in [
        (
            NOON - SECOND,
            "create",
            4,
            "started 1.000 s before this span, created the message\n",
        ),
        (
            NOON - SECOND,
            "send",
            4,
            "started 1.000 s before this span, sent it\n",
        ),
        (
            NOON - SECOND,
            "send",
            3,
            "started 1.000 s before this span, sent it as a client\n",
        ),
        (NOON, "send", 4, "started 0 ns before this span, sent it\n"),
        (
            NOON + 1,
            "send",
            4,
            "started 1 ns after this span, sent it (within clock_skew)\n",
        ),
        (
            NOON + 5 * SECOND,
            "send",
            4,
            "after this span, sent it (within clock_skew)\n",
        ),
        (
            NOON + 5 * SECOND + 1,
            "send",
            4,
            "after this span, sent it: too late to be it\n",
        ),
    ] {
        let text = said(span(1, kind, &message("m")), start, word);
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn messages_are_told_of_by_their_ids() {
    let of = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", texts(&["a", "b\n"])),
    ];
    let said = last("{}", vec![consumer(2, &of)]);
    assert!(said.contains("\nmessage 1 of 2: a\n"), "{said}");
    assert!(said.contains("\nmessage 2 of 2: b\\n\n"), "{said}");
    // Of a batch that names one it is told which.
    let mut of = message("m");
    of.push(("messaging.batch.message_count", int(2)));
    let said = last("{}", vec![consumer(2, &of)]);
    assert!(said.contains("\nmessage 1 of 1: m\n"), "{said}");
    let said = last("{}", vec![consumer(2, &message("m"))]);
    assert!(said.contains("\nmessage 1 of 1\n"), "{said}");
}

#[test]
fn nothing_is_looked_up_for_valid_links() {
    let id = [("messaging.message.id", text("m"))];
    let linked = with_links(consumer(2, &message("m")[..1]), vec![link_to(9, &id)]);
    let said = last("{}", vec![consumer(3, &message("other")), linked]);
    assert!(!said.contains("key:"), "{said}");
    let bare = with_links(consumer(2, &message("m")[..1]), vec![broken_link(&[])]);
    let said = last("{}", vec![bare]);
    assert!(!said.contains("key:"), "{said}");
}
