//! OTLP/JSON to protobuf and back.

use linkmend_files::json::{decode, decode_by_keys, encode};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use proptest::prelude::*;
use prost::Message;

use crate::samples::traces;

fn decoded(text: &str) -> TracesData {
    let bytes = decode(text.as_bytes()).unwrap_or_else(|error| panic!("{error} in {text}"));
    TracesData::decode(&bytes[..]).unwrap()
}

fn fails(text: &str) -> String {
    decode(text.as_bytes()).unwrap_err().to_string()
}

fn with_span(span: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#)
}

fn span(text: &str) -> Span {
    decoded(&with_span(text)).resource_spans[0].scope_spans[0].spans[0].clone()
}

fn value(text: &str) -> Option<Value> {
    let span = span(&format!(
        r#"{{"attributes":[{{"key":"k","value":{text}}}]}}"#
    ));
    span.attributes[0]
        .value
        .clone()
        .and_then(|value| value.value)
}

fn span_fails(text: &str) -> String {
    fails(&with_span(text))
}

proptest! {
    #[test]
    fn every_batch_survives_the_way_to_json_and_back(traces in traces()) {
        let bytes = traces.encode_to_vec();
        let text = encode(&bytes).unwrap();
        let again = decode(&text).unwrap();
        prop_assert_eq!(TracesData::decode(&again[..]).unwrap(), traces);
        prop_assert_eq!(again, bytes);
    }

    #[test]
    fn json_of_the_official_crate_reads_as_the_same_structs(traces in traces()) {
        let text = serde_json::to_string(&traces).unwrap();
        let mut expected = traces;
        // That crate writes doubles that JSON lacks as null.
        for resource in &mut expected.resource_spans {
            prop_assume!(!format!("{resource:?}").contains("inf"));
        }
        prop_assert_eq!(decoded(&text), expected);
    }

    #[test]
    fn fields_in_any_order_make_the_same_bytes(traces in traces()) {
        let bytes = traces.encode_to_vec();
        let text = encode(&bytes).unwrap();
        // serde_json sorts the keys.
        let sorted: serde_json::Value = serde_json::from_slice(&text).unwrap();
        prop_assert_eq!(decode(sorted.to_string().as_bytes()).unwrap(), bytes);
    }

    #[test]
    fn cut_or_damaged_text_is_refused_or_read_but_never_panics(
        traces in traces(), cut in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut text = encode(&traces.encode_to_vec()).unwrap();
        let at = cut.index(text.len());
        let _ = decode(&text[..at]);
        text[at] = byte;
        let _ = decode(&text);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
        let _ = encode(&bytes);
    }
}

#[test]
fn ids_are_hex_in_either_case_and_of_any_length() {
    assert_eq!(span(r#"{"spanId":"EEe19B"}"#).span_id, [0xee, 0xe1, 0x9b]);
    assert!(span(r#"{"traceId":""}"#).trace_id.is_empty());
    let fifteen = "ab".repeat(15);
    assert_eq!(
        span(&format!(r#"{{"traceId":"{fifteen}"}}"#)).trace_id,
        [0xab; 15]
    );
}

#[test]
fn integers_are_numbers_or_strings() {
    let times = span(r#"{"startTimeUnixNano":"18446744073709551615","endTimeUnixNano":17}"#);
    assert_eq!(times.start_time_unix_nano, u64::MAX);
    assert_eq!(times.end_time_unix_nano, 17);
    assert_eq!(value(r#"{"intValue":"-5"}"#), Some(Value::IntValue(-5)));
    assert_eq!(value(r#"{"intValue":-5}"#), Some(Value::IntValue(-5)));
    assert_eq!(value(r#"{"intValue":1e3}"#), Some(Value::IntValue(1000)));
    assert_eq!(value(r#"{"intValue":0}"#), Some(Value::IntValue(0)));
}

#[test]
fn doubles_may_be_words_and_keep_every_bit() {
    let double = |text: &str| match value(&format!(r#"{{"doubleValue":{text}}}"#)) {
        Some(Value::DoubleValue(value)) => value,
        other => panic!("{other:?}"),
    };
    assert!(double(r#""NaN""#).is_nan());
    assert_eq!(double(r#""-Infinity""#), f64::NEG_INFINITY);
    assert_eq!(double("1.5e-300"), 1.5e-300);
    assert_eq!(double("3"), 3.0);
    assert_eq!(double(r#""0.1""#), 0.1);
    assert_eq!(double("1.7976931348623157e308"), f64::MAX);
}

#[test]
fn enums_are_numbers_and_names_are_taken_too() {
    assert_eq!(span(r#"{"kind":5}"#).kind, 5);
    assert_eq!(span(r#"{"kind":"SPAN_KIND_PRODUCER"}"#).kind, 4);
    assert_eq!(
        span(r#"{"status":{"code":"STATUS_CODE_ERROR"}}"#)
            .status
            .unwrap()
            .code,
        2
    );
    assert!(span_fails(r#"{"kind":"SPAN_KIND_ODD"}"#).contains("spans[0].kind"));
}

#[test]
fn snake_case_keys_are_read_and_unknown_keys_are_skipped() {
    let text = r#"{"resource_spans":[{"x":{"y":[1,{"z":null}]},"scope_spans":[{"spans":[
        {"trace_id":"01","dropped_links_count":3,"future":[]}]}]}],"futureToo":1}"#;
    let span = decoded(text).resource_spans[0].scope_spans[0].spans[0].clone();
    assert_eq!(span.trace_id, [1]);
    assert_eq!(span.dropped_links_count, 3);
}

#[test]
fn null_means_absent() {
    let span = span(
        r#"{"traceId":null,"attributes":null,"kind":null,"status":null,"links":[null],"name":null}"#,
    );
    assert_eq!(span.links.len(), 1);
    assert_eq!(
        Span {
            links: vec![],
            ..span
        },
        Span::default()
    );
    assert_eq!(value("null"), None);
    assert_eq!(value("{}"), None);
    assert_eq!(
        value(r#"{"stringValue":"a","intValue":null}"#),
        Some(Value::StringValue("a".into()))
    );
}

#[test]
fn of_two_values_the_last_wins() {
    assert_eq!(
        value(r#"{"intValue":"1","stringValue":"a"}"#),
        Some(Value::StringValue("a".into()))
    );
    assert_eq!(
        value(r#"{"stringValue":"a","intValue":"1"}"#),
        Some(Value::IntValue(1))
    );
}

#[test]
fn bytes_are_base64_of_either_alphabet() {
    let expected = Some(Value::BytesValue(vec![0xfb, 0xff]));
    for text in ["+/8=", "+/8", "-_8=", "-_8"] {
        assert_eq!(value(&format!(r#"{{"bytesValue":"{text}"}}"#)), expected);
    }
}

#[test]
fn an_error_names_line_column_and_path() {
    let text =
        "{\"resourceSpans\":[{},\n{\"scopeSpans\":[{\"spans\":[{},{},\n{\"traceId\":\"xy\"}]}]}]}";
    assert_eq!(
        fails(text),
        "line 3, column 15: resourceSpans[1].scopeSpans[0].spans[2].traceId: \
         expected an even number of hex digits, found \"xy\""
    );
    assert!(span_fails(r#"{"traceId":"abc"}"#).contains("even number"));
    assert!(span_fails(r#"{"traceId":"W47/95gDgQPSabYz!T/GDA=="}"#).contains("base64"));
    assert!(span_fails(r#"{"flags":-1}"#).contains("out of range"));
    assert!(span_fails(r#"{"name":1}"#).contains("expected a string"));
    assert!(span_fails(r#"{"attributes":{}}"#).contains("an array"));
    assert!(span_fails(r#"{"name":"a","name":"b"}"#).contains("twice"));
}

#[test]
fn what_is_no_trace_data_is_told_apart() {
    assert!(decode(b"{}").unwrap().is_empty());
    assert!(decode(br#"{"resourceSpans":null}"#).unwrap().is_empty());
    assert!(fails(r#"{"resourceLogs":[]}"#).contains("OTLP logs"));
    assert!(fails(r#"{"resourceMetrics":[]}"#).contains("OTLP metrics"));
    assert!(fails(r#"{"a":1}"#).contains("not OTLP trace data"));
    assert!(fails("[]").contains("an object (TracesData)"));
    assert!(fails("null").contains("not OTLP trace data"));
}

/// A span with values in each other.
fn nested(open: &str, close: &str, depth: usize) -> String {
    let (open, close) = (open.repeat(depth - 1), close.repeat(depth - 1));
    with_span(&format!(
        r#"{{"attributes":[{{"key":"k","value":{open}{{}}{close}}}]}}"#
    ))
}

#[test]
fn messages_lie_as_deep_in_each_other_as_protobuf_is_walked() {
    let lists = (r#"{"arrayValue":{"values":["#, "]}}", 48);
    let maps = (r#"{"kvlistValue":{"values":[{"value":"#, "}]}}", 32);
    for (open, close, depth) in [lists, maps] {
        let bytes = decode(nested(open, close, depth).as_bytes()).unwrap();
        assert_eq!(decode(&encode(&bytes).unwrap()).unwrap(), bytes);
        let mut scan = linkmend_wire::Scan::new();
        scan.run(&bytes, &linkmend_wire::Selector::default())
            .unwrap();
        let error = fails(&nested(open, close, depth + 1));
        assert!(error.contains("more than 100 messages"), "{error}");
    }
    // What is skipped may lie as deep as it likes.
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(decode(with_span(&format!(r#"{{"x":{deep}}}"#)).as_bytes()).is_ok());
}

#[test]
fn json_looks_like_the_specification_has_it() {
    let text = with_span(
        r#"{"traceId":"5b8effF798038103d269b633813fc60c","flags":257,"kind":2,"startTimeUnixNano":1544712660000000000,"attributes":[{"key":"a","value":{"intValue":1}},{"key":"b","value":{"bytesValue":"AQI="}},{"key":"c","value":{"doubleValue":1.5}},{"key":"d","value":{"stringValue":""}}],"droppedLinksCount":0,"status":{}}"#,
    );
    let expected = with_span(
        r#"{"traceId":"5b8efff798038103d269b633813fc60c","flags":257,"kind":2,"startTimeUnixNano":"1544712660000000000","attributes":[{"key":"a","value":{"intValue":"1"}},{"key":"b","value":{"bytesValue":"AQI="}},{"key":"c","value":{"doubleValue":1.5}},{"key":"d","value":{"stringValue":""}}],"status":{}}"#,
    );
    let encoded = encode(&decode(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(String::from_utf8(encoded).unwrap(), expected);
}

/// What is out of the ordinary is read another way, with the same result: at each of
/// these one of the two could go wrong.
#[test]
fn both_ways_of_reading_make_the_same() {
    const SPANS: &[&str] = &[
        "{}",
        r#"{"traceId":"","spanId":"0A","parentSpanId":"0g","name":""}"#,
        r#"{"traceId":"AAAAAAAAAAAAAAAAAAAAAA==","spanId":"\u0030\u0031"}"#,
        r#"{"trace_id":"00","span_id":"0","kind":"SPAN_KIND_CLIENT"}"#,
        r#"{"kind":"3","flags":1e2,"name":"n"}"#,
        r#"{"kind":-1,"flags":4294967296}"#,
        r#"{"kind":2147483648}"#,
        r#"{"flags":257,"name":"after","traceId":"01","links":[],"traceState":"a=b"}"#,
        r#"{"name":"twice","name":"twice"}"#,
        r#"{"name":"both","spans":[{}],"unknown":{"deep":[1,2.5e3,null]}}"#,
        r#"{"name":null,"attributes":null,"events":[null]}"#,
        r#"{"name":"a\"b\\c\/d\b\f\n\r\te\u00e9\ud83d\ude00\u0000f"}"#,
        r#"{"name":"\ud83d"}"#,
        r#"{"name":"\ude00\ud83d"}"#,
        r#"{"name":"\u00zz"}"#,
        r#"{"name":"\x"}"#,
        "{\"name\":\"a\tb\"}",
        "{\"name\":\"\u{7f}\u{80}\u{10ffff}\"}",
        "\t{ \"name\" :\r\n\"spaced\" , \"kind\" : 1 }  ",
        r#"{"startTimeUnixNano":"18446744073709551615","endTimeUnixNano":18446744073709551615}"#,
        r#"{"startTimeUnixNano":"18446744073709551616"}"#,
        r#"{"startTimeUnixNano":"9999999999999999999","endTimeUnixNano":"-0"}"#,
        r#"{"startTimeUnixNano":"-1"}"#,
        r#"{"startTimeUnixNano":"007"}"#,
        r#"{"startTimeUnixNano":007}"#,
        r#"{"startTimeUnixNano":"+5"}"#,
        r#"{"startTimeUnixNano":" 5"}"#,
        r#"{"startTimeUnixNano":5.0,"endTimeUnixNano":"5.0"}"#,
        r#"{"startTimeUnixNano":5.5}"#,
        r#"{"droppedLinksCount":-0,"droppedEventsCount":0}"#,
        r#"{"status":{"code":2,"message":"m"},"status":{}}"#,
        r#"{"status":{"message":"m","code":"STATUS_CODE_ERROR"}}"#,
        r#"{"name":"comma",}"#,
        r#"{"attributes":[{"key":"k"},]}"#,
        r#"{"name":"open"#,
        r#"{"name":1}"#,
    ];
    const VALUES: &[&str] = &[
        "{}",
        r#"{"stringValue":""}"#,
        r#"{"boolValue":false}"#,
        r#"{"boolValue":truex}"#,
        r#"{"intValue":0}"#,
        r#"{"intValue":"-9223372036854775808"}"#,
        r#"{"intValue":-9223372036854775809}"#,
        r#"{"intValue":9223372036854775808}"#,
        r#"{"doubleValue":0}"#,
        r#"{"doubleValue":-0}"#,
        r#"{"doubleValue":-0.0}"#,
        r#"{"doubleValue":0.1e-7}"#,
        r#"{"doubleValue":123456789012345678901234567890}"#,
        r#"{"doubleValue":9007199254740993}"#,
        r#"{"doubleValue":1e400}"#,
        r#"{"doubleValue":01.5}"#,
        r#"{"doubleValue":1.}"#,
        r#"{"doubleValue":"NaN"}"#,
        r#"{"bytesValue":"AAEC"}"#,
        r#"{"stringValue":"a","intValue":1}"#,
        r#"{"arrayValue":{"values":[{"stringValue":"a"},{},{"arrayValue":{}}]}}"#,
        r#"{"kvlistValue":{"values":[{"value":{"intValue":1},"key":"late"}]}}"#,
    ];
    let values = VALUES
        .iter()
        .map(|value| format!(r#"{{"attributes":[{{"key":"k","value":{value}}}]}}"#));
    let long = format!(r#"{{"name":"{}"}}"#, "n".repeat(20_000));
    let spans = SPANS.iter().map(|&span| span.to_owned()).chain(values);
    for span in spans.chain([long]) {
        for text in [
            with_span(&span),
            with_span(&format!("{span},{span}")),
            format!(" {}\n", with_span(&span)),
            format!("{}x", with_span(&span)),
        ] {
            let text = text.as_bytes();
            assert_eq!(decode(text), decode_by_keys(text), "{span}");
        }
    }
    let mut nested = r#"{"stringValue":"deep"}"#.to_owned();
    for depth in 0..60 {
        nested = format!(r#"{{"arrayValue":{{"values":[{nested}]}}}}"#);
        let span = format!(r#"{{"attributes":[{{"key":"k","value":{nested}}}]}}"#);
        let text = with_span(&span);
        let (read, same) = (decode(text.as_bytes()), decode_by_keys(text.as_bytes()));
        assert_eq!(read, same, "{depth}");
    }
}
