//! What cannot be read, and what is read all the same.

use std::io::Cursor;

use linkmend_files::json::encode;
use linkmend_files::{FaultKind, Position};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, TracesData};
use prost::Message;

use crate::files::{All, Drip, framed, gzip, options, read, read_with, zstd};

fn resource(name: &str) -> ResourceSpans {
    ResourceSpans {
        schema_url: name.into(),
        ..ResourceSpans::default()
    }
}

fn message(name: &str) -> Vec<u8> {
    TracesData {
        resource_spans: vec![resource(name)],
    }
    .encode_to_vec()
}

fn element(name: &str) -> String {
    format!(r#"{{"schemaUrl":"{name}"}}"#)
}

fn line(name: &str) -> String {
    String::from_utf8(encode(&message(name)).unwrap()).unwrap()
}

fn names(all: &All) -> Vec<String> {
    let traces = all.traces().resource_spans.into_iter();
    traces.map(|resource| resource.schema_url).collect()
}

const BAD: &str = r#"{"scopeSpans":[{"spans":[{"traceId":"no"}]}]}"#;

#[test]
fn a_bad_line_is_left_out() {
    let text = format!(
        "{}\n{{\"resourceSpans\":[{BAD}]}}\n\n{{\"a\":\n{}\n",
        line("a"),
        line("b")
    );
    let all = read(&text);
    assert_eq!(names(&all), ["a", "b"]);
    assert_eq!(
        all.faults_text(),
        [
            "line 2, column 58: resourceSpans[0].scopeSpans[0].spans[0].traceId: \
             expected an even number of hex digits, found \"no\"",
            "line 4, column 5: not JSON: EOF while parsing a value",
        ]
    );
    assert!(all.faults.iter().all(|fault| !fault.ends_input));
    let written = all.write(all.encoding.unwrap(), true);
    assert_eq!(
        String::from_utf8(written).unwrap(),
        format!("{}\n\n{}\n", line("a"), line("b"))
    );
}

#[test]
fn a_line_that_is_not_utf8_is_left_out() {
    let all = read([line("a").as_bytes(), b"\n{\"a\":\"\xff\"}\n"].concat());
    assert_eq!(
        all.faults_text(),
        ["line 2, column 7: the text is not UTF-8"]
    );
}

#[test]
fn a_bad_element_is_left_out_with_its_comma() {
    for group in [1, 1000] {
        for (elements, expected) in [
            ([BAD, "A", "B"], "{\n\"resourceSpans\":[\nA ,\nB]}\n"),
            (["A", BAD, "B"], "{\n\"resourceSpans\":[A ,\nB]}\n"),
            (["A", "B", BAD], "{\n\"resourceSpans\":[A ,\nB]}\n"),
            ([BAD, BAD, BAD], "{\n\"resourceSpans\":[]}\n"),
        ] {
            let [a, b] = ["a", "b"].map(element);
            let fill = |text: &str| text.replace('A', &a).replace('B', &b);
            let text = fill(&format!(
                "{{\n\"resourceSpans\":[{}]}}\n",
                elements.join(" ,\n")
            ));
            let all = read_with(Cursor::new(text.clone()), options(1 << 20, group));
            let written = String::from_utf8(all.write(all.encoding.unwrap(), true)).unwrap();
            let compact = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(compact(&written), compact(&fill(expected)), "{text}");
            for fault in &all.faults {
                assert!(fault.to_string().contains("traceId"), "{fault}");
            }
        }
    }
    let text = format!("{{\n\"resourceSpans\":[{},\n  {BAD}]}}", element("a"));
    assert_eq!(
        read(text).faults_text(),
        [
            "line 3, column 42: resourceSpans[1].scopeSpans[0].spans[0].traceId: \
          expected an even number of hex digits, found \"no\""
        ]
    );
}

#[test]
fn a_cut_document_keeps_its_whole_elements() {
    let text = format!(
        "{{\"resourceSpans\":[{},{},{{\"sch",
        element("a"),
        element("b")
    );
    let all = read(&text);
    assert_eq!(names(&all), ["a", "b"]);
    assert_eq!(
        all.faults_text(),
        [format!(
            "line 1, column {}: the input ends inside a JSON document",
            text.len() + 1
        )]
    );
    assert!(all.faults[0].ends_input);
    let written = String::from_utf8(all.write(all.encoding.unwrap(), true)).unwrap();
    assert_eq!(
        written,
        format!(
            "{{\"resourceSpans\":[{},{}\n]}}\n",
            element("a"),
            element("b")
        )
    );
}

#[test]
fn a_document_that_is_no_json_is_a_fault_where_it_goes_wrong() {
    for (text, fault) in [
        (
            "{\"resourceSpans\":[{} {}]}",
            "line 1, column 22: expected `,` or `]`",
        ),
        (
            "{\"resourceSpans\":[,{}]}",
            "line 1, column 19: expected a value",
        ),
        (
            "{\n resourceSpans:[]}",
            "line 2, column 2: expected a key, `,` or `}`",
        ),
        ("{\"resourceSpans\"[]}", "line 1, column 17: expected `:`"),
        ("{} x", "line 1, column 4: expected an object"),
        ("{\"resourceLogs\":[]}", "these are OTLP logs"),
        (
            "{\"a\":1 \"resourceSpans\":[]}",
            "line 1, column 8: not JSON: expected `,`",
        ),
        (
            "{\"resourceSpans\":[{}],\"resourceSpans\":[]}",
            "the key stands here twice",
        ),
        ("{\"resourceSpans\":[{},]}", "expected"),
    ] {
        let all = read(text);
        let faults = all.faults_text();
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        assert!(faults[0].contains(fault), "{text}: {faults:?}");
    }
}

#[test]
fn what_is_longer_than_the_limit_is_skipped() {
    let long = "x".repeat(5000);
    let lines = [line("a"), line(&long), line("b")].join("\n");
    let elements = ["a", &long, "b"].map(element).join(",");
    let document = format!("{{\"resourceSpans\":[{elements}]}}");
    let messages = ["a", &long, "b"].map(message);
    let frames = framed(messages.iter().map(Vec::as_slice));
    let packed = messages.clone().map(|bytes| zstd(&bytes));
    let packed = framed(packed.iter().map(Vec::as_slice));
    for (bytes, place, what) in [
        (lines.into_bytes(), "line 2, column 1: ", "a line"),
        (
            document.into_bytes(),
            "line 1, column ",
            "an element of resourceSpans",
        ),
        (messages.concat(), "byte 5: ", "a field of the message"),
        (frames, "byte 9: ", "a frame"),
        (packed, "byte ", "a frame"),
    ] {
        for step in [1, 100, 1 << 20] {
            let input = Drip {
                bytes: Cursor::new(bytes.clone()),
                step,
                fails: false,
            };
            let all = read_with(input, options(1000, 100));
            assert_eq!(names(&all), ["a", "b"]);
            let faults = all.faults_text();
            assert_eq!(faults.len(), 1);
            let expected =
                format!("{what} is longer than 1000 bytes; raise --max-batch-bytes to read it");
            assert!(
                faults[0].starts_with(place) && faults[0].ends_with(&expected),
                "{faults:?}"
            );
        }
    }
}

#[test]
fn a_truncated_message_loses_its_tail_only() {
    let whole = [message("a"), message("b"), message("c")].concat();
    let all = read(&whole[..whole.len() - 1]);
    assert_eq!(names(&all), ["a", "b"]);
    assert_eq!(
        all.faults_text(),
        ["byte 10: the input ends inside a field of the message"]
    );
    assert!(all.faults[0].ends_input);
    let frames = framed([&message("a")[..], &message("b")]);
    let all = read(&frames[..frames.len() - 1]);
    assert_eq!(names(&all), ["a"]);
    assert_eq!(all.faults_text(), ["byte 9: the input ends inside a frame"]);
}

#[test]
fn a_bad_field_is_left_out_of_a_message() {
    let mut bad = message("bad");
    bad[2] = 0x18; // An integer, where the schema url was.
    let whole = [message("a"), bad.clone(), message("b")].concat();
    for compressed in [false, true] {
        let all = if compressed {
            read(gzip(&whole))
        } else {
            read(&whole)
        };
        assert_eq!(names(&all), ["a", "b"]);
        let suffix = if compressed {
            " of the decompressed input"
        } else {
            ""
        };
        let text = &all.faults_text()[0];
        assert!(
            text.contains("resource_spans[1]") && text.contains("wrong wire type"),
            "{text}"
        );
        assert!(text.starts_with("byte ") && text.contains(suffix), "{text}");
        assert!(matches!(
            all.faults[0].position,
            Position::Byte { offset: 5..=9, decompressed } if decompressed == compressed
        ));
    }
    let all = read(framed([&message("a")[..], &bad, &message("b")]));
    assert_eq!(names(&all), ["a", "b"]);
}

#[test]
fn what_came_before_a_failure_is_read() {
    let lines = format!("{}\n{}\n{}\n", line("a"), line("b"), line("c"));
    for (bytes, fails) in [
        (lines.as_bytes()[..lines.len() - 3].to_vec(), true),
        (
            {
                let packed = gzip(lines.as_bytes());
                packed[..packed.len() - 9].to_vec()
            },
            false,
        ),
    ] {
        let input = Drip {
            bytes: Cursor::new(bytes),
            step: 1000,
            fails,
        };
        let all = read_with(input, options(1 << 20, 1));
        assert!(
            names(&all).starts_with(&["a".into(), "b".into()]),
            "{:?}",
            names(&all)
        );
        let fault = all.faults.last().unwrap();
        assert!(
            matches!(fault.kind, FaultKind::Read(_)) && fault.ends_input,
            "{fault}"
        );
    }
}

#[test]
fn a_frame_that_does_not_decompress_is_left_out() {
    let mut packed = ["a", "b", "c"].map(|name| zstd(&message(name)));
    packed[1][4] ^= 0xff;
    let all = read(framed(packed.iter().map(Vec::as_slice)));
    assert_eq!(names(&all), ["a", "c"]);
    assert!(all.faults_text()[0].contains("cannot decompress the frame"));
}

/// One bad byte cost all elements that were read together with it.
#[test]
fn a_byte_that_is_not_utf8_costs_its_element_only() {
    let bad = b"{\"scopeSpans\":[{\"spans\":[{\"name\":\"\xff\"}]}]}";
    let [a, b] = ["a", "b"].map(element);
    let text = [
        b"{\n\"resourceSpans\":[",
        a.as_bytes(),
        b",\n",
        bad,
        b",",
        b.as_bytes(),
        b"]}",
    ]
    .concat();
    let all = read(text);
    assert_eq!(names(&all), ["a", "b"]);
    assert_eq!(
        all.faults_text(),
        ["line 3, column 35: the text is not UTF-8"]
    );
    for (format, compact) in [
        (
            linkmend_files::Format::Json,
            format!("{{\"resourceSpans\":[{a},{b}]}}"),
        ),
        (
            linkmend_files::Format::JsonLines,
            format!("{{\"resourceSpans\":[{a},{b}]}}"),
        ),
    ] {
        let encoding = linkmend_files::Encoding {
            format,
            compression: linkmend_files::Compression::None,
        };
        let keep = format == linkmend_files::Format::Json;
        let written = String::from_utf8(all.write(encoding, keep)).unwrap();
        assert_eq!(written.split_whitespace().collect::<String>(), compact);
    }
}

/// For each bad element all that stood before it was looked through again.
#[test]
fn bad_elements_take_linear_time() {
    let took = |count: usize| {
        let text = format!("{{\"resourceSpans\":[{}{{}}]}}", "1,".repeat(count));
        let started = std::time::Instant::now();
        let all = read_with(Cursor::new(text), options(1 << 30, 1 << 30));
        assert_eq!(all.faults.len(), count);
        started.elapsed().as_secs_f64()
    };
    took(10_000);
    let (few, many) = (took(25_000), took(250_000));
    assert!(
        many < few * 40.0,
        "{few} s, and {many} s for ten times as many"
    );
}
