//! What is left of an input without what is damaged, and what stands around it.

use linkmend_files::Format;
use serde_json::Value;

use crate::exports::{jaeger, linked, linked_bytes, spans, whole, zipkin};
use crate::files::{framed, read};

/// Guarantees: what is written of a document without its damaged elements is read
/// again, though it begins with an empty one or has nothing else, or none at all.
#[test]
fn a_document_is_known_though_its_elements_are_gone() {
    let good = r#"{"scopeSpans":[{"spans":[{"name":"a"}]}]}"#;
    for (text, found) in [
        (format!(r#"{{"batches":[{{}},{good}]}}"#), 1),
        (
            format!(r#"{{"trace":{{"resourceSpans":[{{}},{good}]}}}}"#),
            1,
        ),
        // The spans go before what may be a rest.
        (
            format!(r#"{{"batches":[],"trace":{{"resourceSpans":[{good}]}}}}"#),
            1,
        ),
        (r#"{"batches":[{}]}"#.to_owned(), 0),
        (
            r#"{"batches":[{"resource":{"x":1},"schemaUrl":"s"}]}"#.to_owned(),
            0,
        ),
        (r#"{"batches":[],"unknown":{"links":[]}}"#.to_owned(), 0),
        (r#"{"trace":{"batches":[]}}"#.to_owned(), 0),
        (r#"{"result":{"resourceSpans":[]}}"#.to_owned(), 0),
        (
            r#"{"trace":{"resourceSpans":[]},"metrics":{}}"#.to_owned(),
            0,
        ),
        (r#"{"data":[],"total":0,"errors":null}"#.to_owned(), 0),
    ] {
        let document: Value = serde_json::from_str(&text).unwrap();
        for text in [text, format!("{document:#}")] {
            let all = whole(&text);
            assert_eq!(spans(&all.traces()).len(), found, "{text}");
            let written = linked(&all, Format::Json, true);
            assert_eq!(spans(&whole(&written).traces()).len(), found, "{written}");
        }
    }
}

/// Guarantees: a damaged element costs itself alone, and what is written is read again,
/// wherever it stands: also where it is the first one, which tells what the document is,
/// or the only one.
#[test]
fn a_damaged_element_costs_no_other() {
    let damaged = [
        "{\"a\":\"\u{1}\"}",
        r#"{"a":tru}"#,
        r#"{"scopeSpans":7,"spans":7,"traceId":7}"#,
    ];
    let otlp = r#"{"scopeSpans":[{"spans":[{"name":"a"}]}]}"#.to_owned();
    let jaeger = jaeger()["data"][0].to_string();
    let zipkin = zipkin()[0].to_string();
    for (open, good, close, of_one) in [
        ("{\"batches\":[", &otlp, "]}", 1),
        ("{\"trace\":{\"batches\":[", &otlp, "]}}", 1),
        ("{\"trace\":{\"resourceSpans\":[", &otlp, "]}}", 1),
        ("{\"result\":{\"resourceSpans\":[", &otlp, "]}}", 1),
        ("{\"resourceSpans\":[", &otlp, "]}", 1),
        ("{\"data\":[", &jaeger, "],\"total\":0}", 3),
        ("[", &zipkin, "]", 1),
    ] {
        for bad in damaged {
            for elements in [
                [bad, good, good],
                [bad, bad, good],
                [good, bad, good],
                [good, good, bad],
            ] {
                let text = format!("{open}{}{close}", elements.join(","));
                let bad = elements.iter().filter(|element| **element == bad).count();
                let all = read(&text);
                assert_eq!(all.faults.len(), bad, "{text}: {:?}", all.faults_text());
                let kept = (3 - bad) * of_one;
                assert_eq!(spans(&all.traces()).len(), kept, "{text}");
                let written = linked(&all, Format::Json, true);
                assert_eq!(spans(&whole(&written).traces()).len(), kept, "{written}");
            }
        }
    }
}

/// Guarantees: white space that JSON does not know, behind an object, costs nothing: it
/// stays where the object stays, and links come into the object.
#[test]
fn what_stands_behind_an_object_stays_behind_it() {
    let objects = [
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#,
        // Read by its keys.
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}],"unknown":[]}]}"#,
        r#"{"batches":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#,
    ];
    for object in objects {
        let frame = format!("{object}\u{c}");
        for file in [
            format!("{frame}\n{object}\n").into_bytes(),
            framed([frame.as_bytes(), object.as_bytes()]),
        ] {
            let all = read(&file);
            assert_eq!(all.faults_text(), [""; 0]);
            for (_, format) in Format::ALL {
                let keeps = format == all.encoding.unwrap().format;
                let written = linked_bytes(&all, format, keeps);
                let traces = whole(&written).traces();
                let spans = spans(&traces);
                assert_eq!(spans.len(), 2, "{written:x?}");
                assert!(spans.iter().all(|span| span.links.len() == 1));
                assert_eq!(written.contains(&0xc), keeps, "{format}: {written:x?}");
            }
        }
    }
}
