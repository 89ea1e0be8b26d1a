//! Keys of JSON behind which spans would be lost.

use linkmend_files::OpenError;
use linkmend_files::json::{decode, patch};
use linkmend_files::{BatchReader, ReadOptions};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use crate::files::read;

fn decoded(text: &str) -> TracesData {
    let bytes = decode(text.as_bytes()).unwrap_or_else(|error| panic!("{error} in {text}"));
    TracesData::decode(&bytes[..]).unwrap()
}

fn fails(text: &str) -> String {
    decode(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn the_names_of_before_otlp_0_15_are_read() {
    for (scopes, scope) in [
        ("instrumentationLibrarySpans", "instrumentationLibrary"),
        ("instrumentation_library_spans", "instrumentation_library"),
        ("deprecatedScopeSpans", "scope"),
    ] {
        let text = format!(
            r#"{{"resourceSpans":[{{"schemaUrl":"u","{scopes}":[{{"{scope}":{{"name":"l"}},"spans":[{{"name":"a"}}]}}],"resource":{{}}}}]}}"#
        );
        let before = decode(text.as_bytes()).unwrap();
        let mut traces = TracesData::decode(&before[..]).unwrap();
        assert_eq!(traces.encode_to_vec(), before, "ascending");
        let scope = &mut traces.resource_spans[0].scope_spans[0];
        assert_eq!(scope.scope.as_ref().unwrap().name, "l");
        scope.spans[0].dropped_links_count = 1;
        let after = traces.encode_to_vec();
        let patched = patch(text.as_bytes(), &before, &after).unwrap();
        let expected = text.replace(r#"{"name":"a"}"#, r#"{"name":"a","droppedLinksCount":1}"#);
        assert_eq!(std::str::from_utf8(&patched).unwrap(), expected);
    }
}

/// As the Collector does it.
#[test]
fn an_old_name_counts_where_the_new_one_is_empty() {
    let old = r#""instrumentationLibrarySpans":[{"spans":[{"name":"old"}]}]"#;
    for (new, name) in [
        (r#""scopeSpans":[{"spans":[{"name":"new"}]}]"#, "new"),
        (r#""scopeSpans":[]"#, "old"),
        (r#""scopeSpans":null"#, "old"),
    ] {
        for members in [format!("{old},{new}"), format!("{new},{old}")] {
            let text = format!(r#"{{"resourceSpans":[{{{members}}}]}}"#);
            let mut traces = decoded(&text);
            let scopes = &mut traces.resource_spans[0].scope_spans;
            assert_eq!(scopes.len(), 1, "{text}");
            assert_eq!(scopes[0].spans[0].name, name, "{text}");
            let before = decode(text.as_bytes()).unwrap();
            scopes[0].spans[0].dropped_links_count = 7;
            let after = traces.encode_to_vec();
            let patched = patch(text.as_bytes(), &before, &after).unwrap();
            assert_eq!(decode(&patched).unwrap(), after);
        }
    }
}

#[test]
fn a_typo_is_told_at_each_level() {
    for (text, expected) in [
        (
            r#"{"resourceSpan":[{}]}"#,
            "`resourceSpan` is no key of TracesData; write `resourceSpans`",
        ),
        (
            r#"{"resourceSpans":[],"ResourceSpans":[{}]}"#,
            "`ResourceSpans` is no key of TracesData; write `resourceSpans`",
        ),
        (
            r#"{"resourceSpans":[{"scopeSpan":[{"spans":[{}]}]}]}"#,
            "resourceSpans[0]: `scopeSpan` is no key of ResourceSpans; write `scopeSpans`",
        ),
        (
            r#"{"resourceSpans":[{"resource":{},"libraries":[{"spans":[{}]}]}]}"#,
            "resourceSpans[0]: there is no `scopeSpans` in it, but `libraries`: its spans would be lost",
        ),
        (
            r#"{"resourceSpans":[{"scopeSpans":[{"scope":{},"span":[{}]}]}]}"#,
            "resourceSpans[0].scopeSpans[0]: `span` is no key of ScopeSpans; write `spans`",
        ),
        (
            r#"{"resourceSpans":[{"scopeSpans":[{"items":[{}]}]}]}"#,
            "resourceSpans[0].scopeSpans[0]: there is no `spans` in it, but `items`",
        ),
        (
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceID":"00"}]}]}]}"#,
            "spans[0]: `traceID` is no key of Span; write `traceId`",
        ),
    ] {
        let error = fails(text);
        assert!(error.starts_with("line 1, column "), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn keys_that_can_hold_no_spans_are_skipped() {
    for text in [
        r#"{"resourceSpans":[{"resource":{},"comment":"x","tags":["a",1]}]}"#,
        r#"{"resourceSpans":[{"scopeSpan":[],"scopeSpans":[{"x":1,"y":null}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"extra":{"a":{}},"spans":[{"x":{}}]}]}],"more":[{}]}"#,
    ] {
        decoded(text);
    }
}

/// Whatever the depth of what is skipped.
#[test]
fn what_is_looked_through_may_be_deep() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    decoded(&format!(r#"{{"resourceSpans":[{{"x":{deep}}}]}}"#));
    let deep = format!("{}1{}", r#"{"a":"#.repeat(200_000), "}".repeat(200_000));
    decoded(&format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[],"x":{deep}}}]}}"#
    ));
}

#[test]
fn ids_may_stand_there_in_base64() {
    let text = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
        {"traceId":"oAAAAAAAAAAAAAAAAAAAAQ==","spanId":"sAAAAAAAAAE=","kind":"SPAN_KIND_PRODUCER"}]}]}]}"#;
    let traces = decoded(text);
    let span = &traces.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!(span.trace_id[..2], [0xa0, 0]);
    assert_eq!(
        (span.trace_id.len(), span.span_id.len(), span.kind),
        (16, 8, 4)
    );
    let error = fails(&text.replace("sAAAAAAAAAE=", "s!AAAAAAAAE="));
    assert!(error.contains("spans[0].spanId: not base64"), "{error}");
}

#[test]
fn a_line_of_the_java_logger_is_read() {
    let line = r#"{"resource":{},"scopeSpans":[{"scope":{"name":"own"},"spans":[{"name":"a"}]}]}"#;
    let all = read(format!("{line}\n{line}\n"));
    assert_eq!(all.faults_text(), [""; 0]);
    assert_eq!(all.traces().resource_spans.len(), 2);
    let prefix = "Nov 26, 2026 10:00:00 AM logging.OtlpJsonLoggingSpanExporter export\nINFO: ";
    let input = std::io::Cursor::new(format!("{prefix}{line}\n"));
    let error = BatchReader::open(input, ReadOptions::default()).unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Prefixed {
                line: 2,
                column: 7,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("sed -n"), "{error}");
}

#[test]
fn what_a_console_exporter_prints_is_no_otlp() {
    let span = "{\n  \"name\": \"a\",\n  \"context\": {\"trace_id\": \"0xa0\"},\n  \"parent_id\": null,\n  \"links\": []\n}\n";
    let all = read(span.repeat(2));
    assert_eq!(all.faults.len(), 2);
    let fault = &all.faults_text()[0];
    assert!(fault.contains("console exporter"), "{fault}");
    assert!(fault.contains("export with OTLP"), "{fault}");
}

/// As `ProtoJSON` has them.
#[test]
fn doubles_that_json_lacks_stay_strings() {
    let text = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[
        {"key":"a","value":{"doubleValue":"NaN"}},{"key":"b","value":{"doubleValue":"Infinity"}},
        {"key":"c","value":{"doubleValue":"-Infinity"}}]}]}]}]}"#;
    let before = decode(text.as_bytes()).unwrap();
    let mut traces = decoded(text);
    traces.resource_spans[0].scope_spans[0].spans[0].dropped_links_count = 1;
    let after = traces.encode_to_vec();
    let patched = patch(text.as_bytes(), &before, &after).unwrap();
    for word in ["\"NaN\"", "\"Infinity\"", "\"-Infinity\""] {
        assert!(std::str::from_utf8(&patched).unwrap().contains(word));
    }
    assert_eq!(decode(&patched).unwrap(), after);
}
