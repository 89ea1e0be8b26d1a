//! Why a link exists.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

#[track_caller]
fn types(span: Span, expected: &[&str]) {
    let outcome = mend(vec![span]);
    let types: Vec<_> = outcome.spans[0]
        .links
        .iter()
        .map(|link| link_type(link).unwrap())
        .collect();
    assert_eq!(types, expected);
}

fn links(count: u64) -> Vec<opentelemetry_proto::tonic::trace::v1::span::Link> {
    (0..count)
        .map(|number| link_to(100 + number, &[]))
        .collect()
}

fn operation(word: &str) -> [(&'static str, Value); 1] {
    [("messaging.operation.type", text(word))]
}

#[test]
fn what_the_link_says_stays() {
    let typed = link_to(9, &[("link.type", text("mine"))]);
    types(with_links(span(2, 1, &[]), vec![typed]), &["mine"]);
    // A type that is no word, or an empty one, can not be added to.
    for odd in [int(1), text("")] {
        let spans = vec![with_links(
            span(2, 1, &[]),
            vec![link_to(9, &[("link.type", odd)])],
        )];
        assert_eq!(mend(spans.clone()).spans, spans);
    }
}

#[test]
fn by_attributes_of_the_link() {
    let all = vec![
        link_to(7, &[("opentracing.ref_type", text("follows_from"))]),
        link_to(8, &[("opentracing.ref_type", text("child_of"))]),
        link_to(9, &[("retry.of", text("x"))]),
        link_to(6, &[("retry.attempt", int(2))]),
    ];
    let expected = ["follows_from", "child_of", "retry_of", "retry_of"];
    types(with_links(consumer(2, &[]), all), &expected);
}

#[test]
fn by_the_role_of_the_span() {
    types(
        with_links(span(2, 3, &operation("settle")), links(2)),
        &["settles"; 2],
    );
    types(
        with_links(span(2, 3, &operation("ack")), links(1)),
        &["settles"],
    );
    types(with_links(producer(2, &[]), links(2)), &["publish_of"; 2]);
    types(with_links(consumer(2, &[]), links(1)), &["triggered_by"]);
    types(
        with_links(consumer(2, &[]), links(2)),
        &["aggregated_from"; 2],
    );
}

#[test]
fn by_the_number_of_messages() {
    let count = [("messaging.batch.message_count", int(2))];
    types(
        with_links(consumer(2, &count), links(1)),
        &["aggregated_from"],
    );
    let ids = [(
        "messaging.message.ids",
        texts(&["long enough to be one", "long enough to be two"]),
    )];
    types(
        with_links(consumer(2, &ids), links(1)),
        &["aggregated_from"],
    );
    // One link elsewhere and one to the ambient span: one message.
    let mut ambient = link_to(9, &[]);
    ambient.trace_id = trace_id(2);
    let both = vec![link_to(8, &[]), ambient];
    types(with_links(consumer(2, &[]), both), &["triggered_by"; 2]);
}

#[test]
fn without_a_role() {
    types(
        with_links(span(2, 1, &[]), links(2)),
        &["aggregated_from"; 2],
    );
    types(with_links(span(2, 1, &[]), links(1)), &["triggered_by"]);
    let mut child = with_links(span(2, 1, &[]), links(1));
    child.parent_span_id = span_id(3);
    types(child.clone(), &["triggered_by"]);
    child.links[0].trace_id = trace_id(2);
    types(child, &["related_to"]);
}

#[test]
fn names_of_the_attributes_are_configurable() {
    let message = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("a")),
    ];
    let spans = vec![producer(1, &message), consumer(2, &message)];
    let keys = |config| -> Vec<String> {
        let outcome = mend_with(config, vec![batch("", spans.clone())]);
        let attributes = &outcome.links(2)[0].attributes;
        attributes
            .iter()
            .map(|attribute| attribute.key.clone())
            .collect()
    };
    assert_eq!(keys("{}"), ["link.type", "link.repaired"]);
    assert_eq!(
        keys(r#"{"link_type_attribute": "why"}"#),
        ["why", "link.repaired"]
    );
    assert_eq!(keys(r#"{"provenance_attribute": ""}"#), ["link.type"]);
    let none = r#"{"provenance_attribute": "", "link_type_attribute": ""}"#;
    assert_eq!(keys(none), [""; 0]);
}

#[test]
fn other_words_for_types_are_configurable() {
    let config = r#"{"link_type_values": {"triggered_by": "caused_by"}}"#;
    let spans = vec![with_links(span(2, 1, &[]), vec![link_to(1, &[])])];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!(link_type(&outcome.links(2)[0]), Some("caused_by"));
}

#[test]
fn the_words_of_vendors_are_read_when_that_is_wanted() {
    let long = "x".repeat(129);
    for (attributes, wanted) in [
        (
            vec![("sentry.link.type", text("queue.producer"))],
            "triggered_by",
        ),
        (vec![("link.kind", text("scheduled_by"))], "triggered_by"),
        (vec![("dd.kind", text("resuming"))], "triggered_by"),
        (
            vec![("sentry.link.type", text("previous_trace"))],
            "previous_trace",
        ),
        (
            vec![
                ("dd.kind", text("a")),
                ("link.kind", text("b")),
                ("sentry.link.type", text("c")),
            ],
            "c",
        ),
        (
            vec![("dd.kind", text("a")), ("link.kind", int(1))],
            "related_to",
        ),
        (vec![("link.kind", text(&long))], "related_to"),
        (vec![("link.kind", text("")), ("dd.kind", text("a"))], "a"),
        (
            vec![
                ("link.kind", text("a")),
                ("opentracing.ref_type", text("child_of")),
            ],
            "child_of",
        ),
        (vec![("link.kind", text("a")), ("retry.of", text("b"))], "a"),
        (
            vec![("link.kind", text("a")), ("link.type", text("mine"))],
            "mine",
        ),
    ] {
        let mut child = with_links(span(2, 1, &[]), vec![link_to(2, &attributes)]);
        child.parent_span_id = span_id(3);
        let spans = vec![child.clone()];
        let outcome = mend_with(r#"{"link_type_aliases": true}"#, vec![batch("", spans)]);
        assert_eq!(
            link_type(&outcome.links(2)[0]),
            Some(wanted),
            "{attributes:?}"
        );
        if wanted == "a" {
            assert_ne!(link_type(&mend(vec![child]).links(2)[0]), Some("a"));
        }
    }
}

#[test]
fn the_words_of_vendors_are_not_read_unasked() {
    for key in ["sentry.link.type", "link.kind", "dd.kind"] {
        let linked = with_links(span(2, 1, &[]), vec![link_to(9, &[(key, text("a"))])]);
        types(linked, &["triggered_by"]);
    }
}

#[test]
fn an_attribute_without_a_name_is_none_that_was_switched_off() {
    let config = r#"{"provenance_attribute": "", "link_type_attribute": ""}"#;
    let links = vec![
        link_to(9, &[("", text("a"))]),
        link_to(9, &[("", text("b"))]),
        link_to(9, &[("", text("a"))]),
    ];
    let outcome = mend_with(
        config,
        vec![batch("", vec![with_links(span(2, 1, &[]), links)])],
    );
    assert_eq!((outcome.links(2).len(), outcome.duplicate), (2, 1));
}

#[test]
fn new_links_count_like_others() {
    let message = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("a")),
    ];
    let of = |link| {
        let spans = vec![
            producer(1, &message),
            with_links(consumer(2, &message), vec![link]),
        ];
        let outcome = mend(spans);
        assert_eq!(outcome.targets(2), [9, 1]);
        let types = outcome
            .links(2)
            .iter()
            .map(|link| link_type(link).unwrap().to_owned());
        types.collect::<Vec<_>>()
    };
    assert_eq!(of(link_to(9, &[])), ["aggregated_from"; 2]);
    let mut ambient = link_to(9, &[]);
    ambient.trace_id = trace_id(2);
    assert_eq!(of(ambient), ["triggered_by"; 2]);
}

#[test]
fn by_the_messages_that_links_name() {
    // Into its own trace, so that their number says nothing.
    let named = |number, id: &str| {
        let mut link = link_to(number, &[("messaging.message.id", text(id))]);
        link.trace_id = trace_id(2);
        if id.is_empty() {
            link.attributes.clear();
        }
        link
    };
    let types = |attributes: &[(&str, Value)], ids: [&str; 2]| {
        let mut of = vec![("messaging.system", text("rabbitmq"))];
        of.extend_from_slice(attributes);
        let links = vec![named(8, ids[0]), named(9, ids[1])];
        let outcome = mend(vec![with_links(consumer(2, &of), links)]);
        let types = outcome.links(2).iter().map(|link| link_type(link).unwrap());
        let types: std::collections::BTreeSet<_> = types.map(str::to_owned).collect();
        types.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(types(&[], ["a", "b"]), ["aggregated_from"]);
    assert_eq!(types(&[], ["a", "a"]), ["triggered_by"]);
    assert_eq!(types(&[], ["", "a"]), ["triggered_by"]);
    assert_eq!(types(&[], ["a", ""]), ["triggered_by"]);
    assert_eq!(types(&[], ["", ""]), ["triggered_by"]);
    let own = [("messaging.message.id", text("a"))];
    assert_eq!(types(&own, ["a", "a"]), ["triggered_by"]);
    assert_eq!(types(&own, ["a", ""]), ["triggered_by"]);
    assert_eq!(types(&own, ["a", "b"]), ["aggregated_from"]);
    assert_eq!(types(&own, ["b", ""]), ["aggregated_from"]);
}
