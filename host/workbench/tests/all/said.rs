//! What a rule says: a module of WASI preview 1, with a stub for that in it.

use std::sync::Arc;

use bytes::Bytes;
use linkmend::Level;
use linkmend_workbench::check::{Outcome, check};
use linkmend_workbench::{FreshIndex, Subject};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message as _;

/// The interface that the module is of, which linkmend goes on running.
const WIT: &str = include_str!("../../../../guest/go/wit/rule.wit");

fn subject() -> Subject {
    let module = wat::parse_str(include_str!("sayer.wat")).unwrap();
    let module = linkmend_component::with_types(&module, WIT).unwrap();
    Subject::new(
        "sayer.wasm",
        linkmend_component::from_module(&module).unwrap(),
    )
}

fn batch(spans: u8) -> Bytes {
    let spans = (1..=spans).map(|number| Span {
        trace_id: vec![number; 16],
        span_id: vec![number; 8],
        ..Span::default()
    });
    let scope = ScopeSpans {
        spans: spans.collect(),
        ..ScopeSpans::default()
    };
    let resource = ResourceSpans {
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    let traces = TracesData {
        resource_spans: vec![resource],
    };
    traces.encode_to_vec().into()
}

/// Scenario: a rule prints on each of many batches.
/// Guarantees: no handle is left over that would end a call, and each line is heard.
#[test]
fn what_is_printed_is_heard() {
    let subject = subject();
    let processor = subject.processor(&Arc::<FreshIndex>::default()).unwrap();
    for _ in 0..1_000 {
        let mended = processor.process(batch(1)).unwrap();
        assert!(mended.faults.is_empty(), "{:?}", mended.faults);
    }
    let said = subject.heard.take();
    let [line] = said.lines.as_slice() else {
        panic!("{said:?}");
    };
    assert_eq!(
        (line.level.as_str(), line.text.as_str(), line.times),
        ("info", "looking at a batch", 1_000)
    );
    assert!(subject.heard.take().lines.is_empty());
}

/// Scenario: a rule says why it fails, and traps.
/// Guarantees: the fault has the function and what was said.
#[test]
fn a_failure_has_its_function_and_its_last_words() {
    let subject = subject();
    let processor = subject.processor(&Arc::<FreshIndex>::default()).unwrap();
    let faults = processor.process(batch(2)).unwrap().faults;
    let text = faults[0].to_string();
    assert!(text.contains(" in mend"), "{text}");
    let words = "; it said: panic: two spans (sayer.wat, line 30)";
    assert!(text.ends_with(words), "{text}");
    let said = subject.heard.take();
    assert!(
        said.lines
            .iter()
            .any(|line| line.level == Level::Error.to_string())
    );
}

/// Scenario: `rule check` of a rule that prints and fails.
/// Guarantees: what it said is in the report, and what printing takes is no fault.
#[test]
fn a_check_tells_what_was_said() {
    let report = check(&subject(), &mut |_| ());
    let imports = report.checks.iter().find(|check| check.id == "imports");
    assert_eq!(imports.unwrap().outcome, Outcome::Ok);
    let mut lines = report.said.lines.iter();
    assert!(lines.any(|line| line.text == "looking at a batch"));
}
