//! What backends export: read by content, written back in its own form.

use bytes::Bytes;
use linkmend_files::{BatchWriter, Compression, Encoding, Format, Output, Target};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message;
use serde_json::{Value, json};

use crate::files::{All, Shared, read};

const TRACE: [u8; 16] = [0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b];
const SPAN: [u8; 8] = [0xb0, 0, 0, 0, 0, 0, 0, 0x65];

pub fn spans(traces: &TracesData) -> Vec<&Span> {
    let resources = traces.resource_spans.iter();
    let scopes = resources.flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans).collect()
}

/// What is read, which must be all of it.
pub fn whole(text: impl AsRef<[u8]>) -> All {
    let all = read(&text);
    let shown = text.as_ref().escape_ascii();
    assert_eq!(all.faults_text(), [""; 0], "{shown}");
    all
}

/// What is written when each span gets one more link.
pub fn linked(all: &All, format: Format, keep_layout: bool) -> String {
    String::from_utf8(linked_bytes(all, format, keep_layout)).unwrap()
}

/// The same in any format.
pub fn linked_bytes(all: &All, format: Format, keep_layout: bool) -> Vec<u8> {
    let written = Shared::default();
    let encoding = Encoding {
        format,
        compression: Compression::None,
    };
    let mut writer = BatchWriter::new(Output::writer(written.clone()), encoding).unwrap();
    for batch in &all.batches {
        let mut traces = TracesData::decode(&batch.traces()[..]).unwrap();
        for resource in &mut traces.resource_spans {
            for span in resource
                .scope_spans
                .iter_mut()
                .flat_map(|scope| &mut scope.spans)
            {
                span.links.push(Link {
                    trace_id: vec![0xcc; 16],
                    span_id: vec![0xdd; 8],
                    ..Link::default()
                });
            }
        }
        let mended = Bytes::from(traces.encode_to_vec());
        let target = Target {
            format,
            keep_layout,
        };
        writer
            .write(&batch.render(&mended, target).unwrap())
            .unwrap();
    }
    writer.finish().unwrap();
    written.take()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn span_in_base64() -> Value {
    json!({
        "traceId": "oAAAAAAAAAAAAAAAAAAACw==", "spanId": "sAAAAAAAAGU=",
        "parentSpanId": "sAAAAAAAAAE=", "name": "q process", "kind": "SPAN_KIND_CONSUMER",
        "startTimeUnixNano": "1790000001000000000", "status": {"code": "STATUS_CODE_ERROR"}
    })
}

/// Adds a link as it stands in base64.
fn with_link(span: &Value) -> Value {
    let mut span = span.clone();
    span["links"] = json!([{"traceId": "zMzMzMzMzMzMzMzMzMzMzA==", "spanId": "3d3d3d3d3d0="}]);
    span
}

#[test]
fn tempo_by_id_has_base64_ids_and_enum_names() {
    for pretty in [false, true] {
        let document = |span: Value| {
            json!({"batches": [
                {"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": [span]}]}
            ]})
        };
        let before = document(span_in_base64());
        let text = if pretty {
            serde_json::to_string_pretty(&before).unwrap()
        } else {
            before.to_string()
        };
        let all = whole(&text);
        let traces = all.traces();
        let span = spans(&traces)[0];
        assert_eq!(span.trace_id, TRACE);
        assert_eq!(span.span_id, SPAN);
        assert_eq!(span.kind, 5);
        assert_eq!(span.status.as_ref().unwrap().code, 2);
        // In its own form, with links in base64 as well.
        let written = linked(&all, Format::Json, true);
        assert_eq!(parsed(&written), document(with_link(&span_in_base64())));
        // Elsewhere it is OTLP, with ids in hex.
        for (format, keep) in [(Format::Json, false), (Format::JsonLines, false)] {
            let written = linked(&all, format, keep);
            let span = &parsed(&written)["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
            assert_eq!(span["traceId"], "a000000000000000000000000000000b");
            assert_eq!(span["kind"], 5);
            assert_eq!(span["links"][0]["spanId"], "dddddddddddddddd");
        }
    }
}

#[test]
fn tempo_v2_and_jaeger_v3_have_otlp_inside() {
    let otlp = json!([{"scopeSpans": [{"spans": [span_in_base64()]}]}]);
    let linked_otlp = json!([{"scopeSpans": [{"spans": [with_link(&span_in_base64())]}]}]);
    for key in ["trace", "result"] {
        let document = |spans: &Value| json!({"a": {"resourceSpans": 1}, key: {"resourceSpans": spans, "z": 1}, "metrics": {}});
        for end in ["", "\n"] {
            let all = whole(format!("{}{end}", document(&otlp)));
            assert_eq!(spans(&all.traces())[0].span_id, SPAN, "{key}");
            let format = all.encoding.unwrap().format;
            let written = linked(&all, format, true);
            assert_eq!(parsed(&written), document(&linked_otlp));
            assert!(written.ends_with(&format!("}}{end}")));
        }
    }
}

#[test]
fn jaeger_v3_streams_several_objects() {
    let one =
        json!({"result": {"resourceSpans": [{"scopeSpans": [{"spans": [span_in_base64()]}]}]}});
    for text in [
        format!("{one}\n{one}\n"),
        format!("{one:#}\n{one:#}"),
        format!("{one}{one}"),
    ] {
        let all = whole(&text);
        assert_eq!(spans(&all.traces()).len(), 2, "{text}");
    }
}

#[test]
fn grafana_writes_names_of_before_otlp_0_15_and_times_as_numbers() {
    let text = json!({"batches": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "p"}}]},
        "instrumentationLibrarySpans": [{
            "instrumentationLibrary": {"name": "lib", "version": "1"},
            "spans": [{
                "traceId": "a000000000000000000000000000000b", "spanId": "b000000000000065",
                "name": "q", "kind": "SPAN_KIND_PRODUCER",
                "startTimeUnixNano": 1_790_000_001_000_000_000_u64,
                "endTimeUnixNano": 1_790_000_001_000_000_500_u64,
                "attributes": [{"key": "n", "value": {"intValue": 12}}],
                "status": {"code": 2, "message": ""}, "links": []
            }]
        }]
    }]});
    let all = whole(text.to_string());
    let traces = all.traces();
    let scope = &traces.resource_spans[0].scope_spans[0];
    assert_eq!(scope.scope.as_ref().unwrap().name, "lib");
    assert_eq!(scope.spans[0].kind, 4);
    assert_eq!(scope.spans[0].end_time_unix_nano, 1_790_000_001_000_000_500);
    let written = parsed(&linked(&all, Format::Json, true));
    let scope = &written["batches"][0]["instrumentationLibrarySpans"][0];
    let id = &scope["spans"][0]["links"][0]["spanId"];
    assert_eq!(id, "dddddddddddddddd");
}

pub fn jaeger() -> Value {
    json!({
        "data": [{
            "traceID": "0a000000000000000000000000000001",
            "spans": [
                {
                    "traceID": "0a000000000000000000000000000001", "spanID": "b1", "flags": 1,
                    "operationName": "q publish", "references": [],
                    "startTime": 1_790_000_000_000_000_u64, "duration": 100,
                    "tags": [
                        {"key": "span.kind", "type": "string", "value": "producer"},
                        {"key": "otel.scope.name", "type": "string", "value": "lib"},
                        {"key": "messaging.message.id", "type": "string", "value": "m1"},
                        {"key": "big", "type": "int64", "value": "9007199254740993"},
                        {"key": "half", "type": "float64", "value": 2},
                        {"key": "raw", "type": "binary", "value": "AQI="}
                    ],
                    "logs": [{"timestamp": 1_790_000_000_000_050_u64, "fields": [
                        {"key": "event", "type": "string", "value": "sent"},
                        {"key": "n", "type": "int64", "value": 3}
                    ]}],
                    "processID": "p1", "warnings": null
                },
                {
                    "traceID": "0a000000000000000000000000000001", "spanID": "c1",
                    "operationName": "other", "processID": "p2", "startTime": 1, "duration": 1
                },
                {
                    "traceID": "0a000000000000000000000000000001", "spanID": "b2",
                    "operationName": "q process", "processID": "p1", "startTime": 1, "duration": 1,
                    "references": [
                        {"refType": "FOLLOWS_FROM", "traceID": "e1", "spanID": "e2"},
                        {"refType": "CHILD_OF", "traceID": "0a000000000000000000000000000001", "spanID": "b1"},
                        {"refType": "CHILD_OF", "traceID": "e1", "spanID": "e3"}
                    ],
                    "tags": [{"key": "error", "type": "bool", "value": true}]
                }
            ],
            "processes": {
                "p1": {"serviceName": "p", "tags": [{"key": "host", "type": "string", "value": "h"}]},
                "p2": {"serviceName": "q"}
            }
        }],
        "total": 0, "errors": null
    })
}

#[test]
fn jaeger_of_the_ui_is_read_as_the_collector_reads_it() {
    for text in [
        format!("{:#}", jaeger()),
        jaeger().to_string(),
        format!("{}\n", jaeger()),
    ] {
        let all = whole(&text);
        let traces = all.traces();
        let [p, q] = &traces.resource_spans[..] else {
            panic!("{traces:?}");
        };
        let attributes = &p.resource.as_ref().unwrap().attributes;
        let keys: Vec<&str> = attributes.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["service.name", "host"]);
        let [publish, process] = &spans(&traces)[..2] else {
            panic!("{traces:?}");
        };
        assert_eq!(p.scope_spans[0].scope.as_ref().unwrap().name, "lib");
        assert_eq!((publish.kind, publish.flags), (4, 1));
        assert_eq!(publish.span_id, [0, 0, 0, 0, 0, 0, 0, 0xb1]);
        assert_eq!(publish.end_time_unix_nano, 1_790_000_000_000_100_000);
        let values: Vec<_> = publish
            .attributes
            .iter()
            .map(|one| one.value.clone().unwrap().value)
            .collect();
        assert_eq!(
            values,
            [
                Some(Any::StringValue("m1".into())),
                Some(Any::IntValue(9_007_199_254_740_993)),
                Some(Any::DoubleValue(2.0)),
                Some(Any::BytesValue(vec![1, 2])),
            ]
        );
        assert_eq!(publish.events[0].name, "sent");
        assert_eq!(publish.events[0].attributes.len(), 1);
        assert_eq!(process.parent_span_id, publish.span_id);
        assert_eq!(process.status.as_ref().unwrap().code, 2);
        let links: Vec<u8> = process.links.iter().map(|link| link.span_id[7]).collect();
        assert_eq!(links, [0xe2, 0xe3]);
        assert_eq!(process.links[0].attributes, []);
        assert_eq!(process.links[1].attributes[0].key, "opentracing.ref_type");
        assert_eq!(q.scope_spans[0].spans[0].name, "other");
    }
}

#[test]
fn jaeger_keeps_its_form_and_gets_references() {
    for text in [
        format!("{:#}", jaeger()),
        jaeger().to_string(),
        format!("{}\n", jaeger()),
    ] {
        let all = whole(&text);
        let written = linked(&all, all.encoding.unwrap().format, true);
        let mut expected = jaeger();
        for span in expected["data"][0]["spans"].as_array_mut().unwrap() {
            let own = span["traceID"].clone();
            let mut references = span["references"].as_array().cloned().unwrap_or_default();
            // The parent first.
            references.sort_by_key(|one| one["traceID"] != own);
            references.push(json!({
                "refType": "FOLLOWS_FROM", "traceID": "c".repeat(32), "spanID": "d".repeat(16)
            }));
            span["references"] = references.into();
        }
        assert_eq!(parsed(&written), expected);
        assert_eq!(written.ends_with('\n'), text.ends_with('\n'));
        let untouched = all.write(all.encoding.unwrap(), true);
        assert_eq!(String::from_utf8(untouched).unwrap(), text);
        // Elsewhere it is OTLP.
        let written = linked(&all, Format::JsonLines, false);
        assert_eq!(
            parsed(&written)["resourceSpans"][1]["scopeSpans"][0]["spans"][0]["name"],
            "other"
        );
    }
}

#[test]
fn jaeger_traces_are_told_of_one_by_one() {
    let mut document = jaeger();
    let good = document["data"][0].clone();
    let mut bad = good.clone();
    bad["spans"][1]["spanID"] = "xyz".into();
    document["data"] = json!([good, bad, good]);
    let all = read(document.to_string());
    assert_eq!(spans(&all.traces()).len(), 6);
    let [fault] = &all.faults_text()[..] else {
        panic!("{:?}", all.faults_text());
    };
    assert!(fault.starts_with("line 1, column "), "{fault}");
    assert!(
        fault.ends_with("data[1].spans[1].spanID: expected at most 16 hex digits, found \"xyz\""),
        "{fault}"
    );
}

pub fn zipkin() -> Value {
    let span = |id: &str, service: &str| {
        json!({
            "traceId": "5af7183fb1d4cf5f", "id": id, "parentId": "6b221d5bc9e6496c", "kind": "CONSUMER",
            "name": "next", "timestamp": 1_556_604_172_355_737_u64, "duration": 1431,
            "localEndpoint": {"serviceName": service, "ipv4": "192.0.2.99", "port": 3306},
            "remoteEndpoint": {"serviceName": "broker"},
            "tags": {"messaging.message.id": "m1", "otel.status_code": "ERROR", "otel.scope.name": "lib"},
            "annotations": [{"timestamp": 1_556_604_172_355_740_u64, "value": "got it"}],
            "shared": true
        })
    };
    json!([
        span("352bff9a74ca9ad2", "a"),
        span("1", "b"),
        span("2", "a")
    ])
}

#[test]
fn zipkin_becomes_otlp() {
    let lists = json!([zipkin(), zipkin()]);
    let texts = [
        (zipkin().to_string(), 1),
        (format!("\n{:#}\n", zipkin()), 1),
        (lists.to_string(), 2),
        (format!("{}\n{}\n", zipkin(), zipkin()), 2),
    ];
    for (text, times) in texts {
        let all = whole(&text);
        let traces = all.traces();
        let read = spans(&traces);
        assert_eq!(read.len(), 3 * times, "{text}");
        let first = read[0];
        assert_eq!(first.trace_id[..8], [0; 8]);
        assert_eq!(
            (first.kind, first.events.len(), first.name.as_str()),
            (5, 1, "next")
        );
        assert_eq!(first.status.as_ref().unwrap().code, 2);
        let keys: Vec<&str> = first
            .attributes
            .iter()
            .map(|one| one.key.as_str())
            .collect();
        assert_eq!(keys, ["messaging.message.id", "peer.service"]);
        let services = traces.resource_spans.iter().map(|resource| {
            resource.resource.as_ref().unwrap().attributes[0]
                .clone()
                .value
                .unwrap()
                .value
        });
        let services: Vec<_> = services.collect();
        assert_eq!(
            services[..2],
            ["a", "b"].map(|name| Some(Any::StringValue(name.into())))
        );
        // Even where the layout could stay: Zipkin has no links.
        let written = linked(&all, Format::Json, true);
        let again = whole(&written);
        let traces = again.traces();
        assert_eq!(spans(&traces).len(), 3 * times);
        assert!(spans(&traces).iter().all(|span| span.links.len() == 1));
    }
}

#[test]
fn a_bad_span_of_zipkin_is_left_out() {
    let mut list = zipkin();
    list[1]["traceId"] = "not hex".into();
    let all = read(format!("{list:#}"));
    assert_eq!(spans(&all.traces()).len(), 2);
    let fault = &all.faults_text()[0];
    assert!(fault.starts_with("line "), "{fault}");
    assert!(
        fault.ends_with("[1].traceId: expected at most 32 hex digits, found \"not hex\""),
        "{fault}"
    );
}

/// Other people's JSON has these keys as well.
#[test]
fn what_holds_no_traces_is_not_taken_for_them() {
    for (text, what) in [
        (
            r#"{"data":[],"page":1}"#,
            "there is no `resourceSpans`, but `data`",
        ),
        (
            r#"{"data":[{"id":1,"spans":[]}]}"#,
            "`data` holds no traces of Jaeger's",
        ),
        (r#"{"data":{"viewer":{"login":"x"}}}"#, "but `data`"),
        (
            r#"{"result":{"items":[1]},"trace":{"spans":[]}}"#,
            "but `result`",
        ),
        (r#"{"trace":{"resourceSpans":[1]}}"#, "but `trace`"),
        (r#"{"batches":[7]}"#, "but `batches`"),
        (r#"{"batches":[{"resource":"cpu"}]}"#, "but `batches`"),
        (r#"{"batches":[{"id":1}]}"#, "but `batches`"),
        ("[]", "an array that holds no span of Zipkin's"),
        ("[1,2]", "an array that holds no span"),
        (r#"[{"traceId":"1"}]"#, "an array that holds no span"),
        (r#"[{"resourceSpans":[]}]"#, "`jq '.[]'`"),
        ("[[]]", "an array that holds no span"),
    ] {
        for end in ["", "\n"] {
            let all = read(format!("{text}{end}"));
            assert!(
                all.batches.iter().all(|batch| batch.traces().is_empty()),
                "{text}"
            );
            let faults = all.faults_text();
            assert_eq!(faults.len(), 1, "{text}");
            assert!(faults[0].contains(what), "{text}: {faults:?}");
        }
    }
}

#[test]
fn spans_in_two_places_are_told_of() {
    let otlp = r#"[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]"#;
    for text in [
        format!("{{\"result\":{{\"resourceSpans\":{otlp}}},\"resourceSpans\":{otlp}}}"),
        format!("{{\"batches\":{otlp},\"trace\":{{\"resourceSpans\":{otlp}}}}}"),
    ] {
        let all = read(&text);
        assert_eq!(all.faults.len(), 1, "{text}");
        let fault = &all.faults_text()[0];
        assert!(fault.contains("spans in two places"), "{fault}");
    }
}
