//! A page of 50,000 flows.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::tab::{Tab, page_of};

const FLOWS: u64 = 50_000;
/// Spans of a line.
const BATCH: u64 = 500;

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// The sender of a message, or who receives it `waits` later.
fn span(number: u64, is_consumer: bool) -> Value {
    let begun = 1_700_000_000_000_000_000 + number * 1_000_000;
    let start = begun + u64::from(is_consumer) * (1_000_000 + number * 10_000);
    let side = if is_consumer { 0xc } else { 0xa };
    json!({
        "traceId": format!("{side:x}{number:031x}"),
        "spanId": format!("{side:x}{number:015x}"),
        "name": if is_consumer { "process" } else { "send" },
        "kind": if is_consumer { 5 } else { 4 },
        "startTimeUnixNano": start.to_string(),
        "endTimeUnixNano": (start + 1_000_000).to_string(),
        "status": {"code": if is_consumer && number.is_multiple_of(500) { 2 } else { 0 }},
        "attributes": [
            text("messaging.system", "rabbitmq"),
            text("messaging.destination.name", &format!("queue-{}", number % 7)),
            text("messaging.message.id", &format!("message-{number}")),
        ],
    })
}

fn batch(service: &str, spans: &[Value]) -> Value {
    json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", service)]},
        "scopeSpans": [{"spans": spans}],
    }]})
}

fn write(path: &Path) {
    let mut lines = String::new();
    for first in (1..=FLOWS).step_by(usize::try_from(BATCH).unwrap()) {
        let numbers = first..first + BATCH;
        let producers: Vec<Value> = numbers.clone().map(|one| span(one, false)).collect();
        let consumers: Vec<Value> = numbers.map(|one| span(one, true)).collect();
        let worker = format!("worker-{}", first / BATCH % 9);
        writeln!(lines, "{}", batch("api", &producers)).unwrap();
        writeln!(lines, "{}", batch(&worker, &consumers)).unwrap();
    }
    std::fs::write(path, lines).unwrap();
}

#[test]
fn fifty_thousand_flows_can_be_looked_through() {
    let Some(mut tab) = Tab::new() else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let (input, page) = (
        place.path().join("many.jsonl"),
        place.path().join("flows.html"),
    );
    write(&input);
    page_of(&[input], &page);
    let bytes = std::fs::metadata(&page).unwrap().len();
    assert!(bytes < 5_000_000, "{bytes}");
    let begun = Instant::now();
    tab.open(&page);
    tab.until("document.querySelectorAll('#list .flow').length > 0");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    tab.picture("many-light");

    let lead = tab.text(".lead");
    assert!(
        lead.contains("50,000 deliveries of 50,000 messages"),
        "{lead}"
    );
    assert!(lead.contains("100 failed"), "{lead}");
    assert!(lead.contains("Sampled: "), "it says so: {lead}");
    assert!(lead.contains("message-50000 waited longest"), "{lead}");
    assert!(tab.text("#list .flow").contains("message-50000"));
    // The list grows as it is scrolled.
    assert_eq!(tab.count("#list .flow"), 100);
    tab.is("document.querySelector('#list').scrollTop = 1e6");
    tab.until("document.querySelectorAll('#list .flow').length > 100");
    tab.click("#search");
    tab.type_in("message-50000");
    tab.until("document.querySelectorAll('#list .flow').length === 1");
    assert!(tab.text("#detail").contains("message-50000"));
    tab.is("document.querySelector('#search').value = ''");
    tab.type_in(" ");
    tab.click("#failed");
    // None of those that failed was left out.
    tab.until("document.querySelector('#count').textContent.startsWith('100 of ')");
    tab.click("#list .flow:nth-child(2)");
    assert!(tab.text("#detail").contains("failed"));
    tab.press("End");
    tab.until("document.querySelector('#list').lastChild.getAttribute('aria-selected') === 'true'");
    tab.is_clean();
}
