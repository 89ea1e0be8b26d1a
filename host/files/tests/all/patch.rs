//! New links in an old text.

use linkmend_files::json::{PatchError, decode, patch};
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use serde_json::Value;

use crate::samples::{link, spans_mut, traces};

/// What happens to the links of a span.
#[derive(Debug, Clone)]
enum Change {
    Nothing,
    Add(Vec<Link>),
    Keep(Vec<bool>),
    Mend(usize, Link),
    Replace(Vec<Link>),
}

fn change() -> impl Strategy<Value = (Change, Option<u32>)> {
    let change = prop_oneof![
        Just(Change::Nothing),
        vec(link(), 1..3).prop_map(Change::Add),
        vec(any::<bool>(), 4).prop_map(Change::Keep),
        (0..4usize, link()).prop_map(|(at, link)| Change::Mend(at, link)),
        vec(link(), 0..3).prop_map(Change::Replace),
    ];
    (change, proptest::option::weighted(0.3, 0..5u32))
}

fn apply(span: &mut Span, (change, dropped): &(Change, Option<u32>)) {
    match change {
        Change::Nothing => {}
        Change::Add(links) => span.links.extend(links.iter().cloned()),
        Change::Keep(keep) => {
            let mut keep = keep.iter();
            span.links.retain(|_| *keep.next().unwrap_or(&true));
        }
        Change::Mend(at, link) => {
            if let Some(old) = span.links.get_mut(*at) {
                *old = link.clone();
            }
        }
        Change::Replace(links) => span.links.clone_from(links),
    }
    if let Some(dropped) = dropped {
        span.dropped_links_count = *dropped;
    }
}

/// Puts a key that OTLP does not know into every object.
fn add_unknown(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add_unknown),
        Value::Object(members) => {
            members.values_mut().for_each(add_unknown);
            members.insert("zz \"{[".into(), serde_json::json!({"links": [1, "]}"]}));
        }
        _ => {}
    }
}

/// Takes the links away from the spans.
fn without_links(value: &mut Value) {
    fn each(value: &mut Value, keys: &[&str]) {
        let Some((key, rest)) = keys.split_first() else {
            let span = value.as_object_mut().unwrap();
            span.remove("links");
            span.remove("droppedLinksCount");
            return;
        };
        let items = value.get_mut(key).and_then(Value::as_array_mut);
        items
            .into_iter()
            .flatten()
            .for_each(|item| each(item, rest));
    }
    each(value, &["resourceSpans", "scopeSpans", "spans"]);
}

proptest! {
    #[test]
    fn the_text_says_what_the_bytes_say_and_the_rest_stays(
        before in traces(), changes in vec(change(), 50), pretty in any::<bool>(),
    ) {
        // An object of unknown keys only is no trace data.
        prop_assume!(!before.resource_spans.is_empty());
        let mut after = before.clone();
        for (span, change) in spans_mut(&mut after).zip(&changes) {
            apply(span, change);
        }
        let before = before.encode_to_vec();
        let mut value: Value =
            serde_json::from_slice(&linkmend_files::json::encode(&before).unwrap()).unwrap();
        add_unknown(&mut value);
        let text = if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        };
        let patched = patch(text.as_bytes(), &before, &after.encode_to_vec()).unwrap();
        let decoded = decode(&patched).unwrap();
        prop_assert_eq!(TracesData::decode(&decoded[..]).unwrap(), after);

        let mut patched: Value = serde_json::from_slice(&patched).unwrap();
        without_links(&mut patched);
        without_links(&mut value);
        prop_assert_eq!(patched, value);
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_never_a_panic(
        text in traces(), before in traces(), after in traces(), noise in vec(any::<u8>(), 0..50),
    ) {
        let text = linkmend_files::json::encode(&text.encode_to_vec()).unwrap();
        let (before, after) = (before.encode_to_vec(), after.encode_to_vec());
        let _ = patch(&text, &before, &after);
        let _ = patch(&text, &before, &noise);
        let _ = patch(&noise, &before, &after);
    }
}

fn mended(text: &str, mend: impl FnOnce(&mut Vec<Link>, &mut u32)) -> String {
    let before = decode(text.as_bytes()).unwrap();
    let mut traces = TracesData::decode(&before[..]).unwrap();
    let span = spans_mut(&mut traces).last().unwrap();
    mend(&mut span.links, &mut span.dropped_links_count);
    let patched = patch(text.as_bytes(), &before, &traces.encode_to_vec()).unwrap();
    String::from_utf8(patched.into_owned()).unwrap()
}

fn new_link() -> Link {
    Link {
        trace_id: vec![0xab; 16],
        ..Link::default()
    }
}

const NEW: &str = r#"{"traceId":"abababababababababababababababab"}"#;

fn around(span: &str) -> String {
    format!(
        "{{ \"resourceSpans\" : [{{\"scopeSpans\":[{{\"spans\":[{{\"name\":\"first\"}},{span}]}}], \"x\":1.50 }}]\n}}\n"
    )
}

#[test]
fn an_unchanged_text_is_the_very_text() {
    let text = around("{}");
    assert_eq!(mended(&text, |_, _| {}), text);
}

#[test]
fn links_come_behind_the_last_key() {
    let add = |links: &mut Vec<Link>, dropped: &mut u32| {
        links.push(new_link());
        *dropped = 2;
    };
    for (span, expected) in [
        (
            "{}",
            format!(r#"{{"links":[{NEW}],"droppedLinksCount":2}}"#),
        ),
        (
            "{ }",
            format!(r#"{{"links":[{NEW}],"droppedLinksCount":2 }}"#),
        ),
        (
            "{ \"kind\" : \"SPAN_KIND_CLIENT\"\n}",
            format!(
                "{{ \"kind\" : \"SPAN_KIND_CLIENT\",\"links\":[{NEW}],\"droppedLinksCount\":2\n}}"
            ),
        ),
        (
            r#"{"trace_id":"AB"}"#,
            format!(
                r#"{{"trace_id":"AB","links":[{}],"dropped_links_count":2}}"#,
                NEW.replace("traceId", "trace_id")
            ),
        ),
        (
            r#"{"links":null,"a":[{"links":[]}],"dropped_links_count":"0"}"#,
            format!(r#"{{"links":[{NEW}],"a":[{{"links":[]}}],"dropped_links_count":2}}"#),
        ),
        (
            "null",
            format!(r#"{{"links":[{NEW}],"droppedLinksCount":2}}"#),
        ),
    ] {
        assert_eq!(mended(&around(span), add), around(&expected));
    }
}

#[test]
fn links_that_stay_keep_their_text_and_their_lines() {
    let span = "{\"links\":[\n  {\"spanId\":\"0A\", \"odd\":1},\n  {\"spanId\":\"0B\"}\n ],\"name\":\"\\u0061\"}";
    let added = format!(
        "{{\"links\":[\n  {{\"spanId\":\"0A\", \"odd\":1}},\n  {{\"spanId\":\"0B\"}},\n  {NEW}\n ],\"name\":\"\\u0061\"}}"
    );
    assert_eq!(
        mended(&around(span), |links, _| links.push(new_link())),
        around(&added)
    );
    let dropped =
        "{\"links\":[\n  {\"spanId\":\"0B\"}\n ],\"name\":\"\\u0061\",\"droppedLinksCount\":1}";
    assert_eq!(
        mended(&around(span), |links, dropped| {
            links.remove(0);
            *dropped = 1;
        }),
        around(dropped)
    );
    let none = "{\"links\":[],\"name\":\"\\u0061\"}";
    assert_eq!(
        mended(&around(span), |links, _| links.clear()),
        around(none)
    );
}

#[test]
fn a_lost_span_and_another_change_are_internal_errors() {
    let text = around("{}");
    let before = decode(text.as_bytes()).unwrap();
    let mut traces = TracesData::decode(&before[..]).unwrap();
    spans_mut(&mut traces).last().unwrap().name = "other".into();
    let error = patch(text.as_bytes(), &before, &traces.encode_to_vec()).unwrap_err();
    assert!(matches!(error, PatchError::NotLinks { span: 1 }));
    traces.resource_spans[0].scope_spans[0].spans.pop();
    let error = patch(text.as_bytes(), &before, &traces.encode_to_vec()).unwrap_err();
    assert!(matches!(
        error,
        PatchError::SpanCount {
            before: 2,
            after: 1,
            text: 2
        }
    ));
}
