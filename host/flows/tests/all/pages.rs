//! The page: what comes from the data is text in it, and it stays small.

use linkmend_flows::{Gathered, Page, Unlinked};

use crate::spans::{Span, batch};

fn page(spans: &[Span], unlinked: Vec<Unlinked>) -> (String, serde_json::Value) {
    let mut gathered = Gathered::new(1_000_000);
    gathered.take(&batch(spans));
    let found = gathered.find();
    let page = Page::of(&found, unlinked, "a <b>.jsonl".into());
    (page.html(), page.json())
}

fn pairs(count: u64) -> Vec<Span> {
    (1..=count)
        .flat_map(|number| {
            let id = format!("message-{number}");
            let mut consumer = Span::consumer(1_000_000 + number, "worker");
            consumer.start = number * 1_000_000 + 900_000 + number * 1_000;
            consumer.end = consumer.start + 1_000;
            consumer.is_failed = number % 100 == 0;
            let consumer = consumer.linked_by(number, &[("messaging.message.id", &id)]);
            [Span::producer(number, "api"), consumer]
        })
        .collect()
}

#[test]
fn nothing_of_the_data_is_read_as_html_or_script() {
    let evil = "</script><script>alert(1)</script><img src=x onerror=\"alert('2')\">{{data}}";
    let unlinked = Unlinked {
        reason: evil.into(),
        why: evil.into(),
        service: evil.into(),
        system: evil.into(),
        count: 3,
        advice: evil.into(),
    };
    let producer = Span::producer(1, evil).with("messaging.message.id", evil);
    let mut consumer = Span::consumer(11, evil).linked_by(1, &[("messaging.message.id", evil)]);
    consumer.name = evil.into();
    consumer.attributes[1].1 = evil.into();
    let (html, _) = page(&[producer, consumer], vec![unlinked]);
    assert_eq!(html.matches("<script").count(), 2, "{html}");
    assert_eq!(html.matches("</script").count(), 2);
    assert!(!html.contains("<img") && !html.contains("<b>"));
    assert!(html.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
    assert!(
        !html.contains("http://") || html.matches("http://").count() == 1,
        "the name space of SVG alone"
    );
    assert!(!html.contains("https://"));
}

#[test]
fn sums_of_page_and_json_agree_and_nothing_is_left_out_of_json() {
    let (html, json) = page(&pairs(300), Vec::new());
    assert_eq!(json["total"]["count"], 300);
    assert_eq!(json["total"]["failed"], 3);
    assert_eq!(json["edges"][0]["sums"]["count"], 300);
    assert_eq!(json["destinations"][0]["sums"]["messages"], 300);
    assert_eq!(json["flows"].as_array().unwrap().len(), 300);
    assert!(html.contains("<strong>300</strong> deliveries of <strong>300</strong> messages"));
    assert!(html.contains("Message <code>message-300</code> waited longest"));
    assert!(!html.contains("Sampled"));
}

#[test]
fn fifty_thousand_flows_are_a_page_that_can_be_opened() {
    let (html, json) = page(&pairs(50_000), Vec::new());
    assert!(html.len() < 5_000_000, "{}", html.len());
    assert!(html.contains("Sampled: "), "it says so");
    assert!(html.contains("message-50000"), "the longest is there");
    assert_eq!(json["flows"].as_array().unwrap().len(), 50_000);
    assert_eq!(json["total"]["count"], 50_000);
}

#[test]
fn a_page_of_nothing_is_a_page() {
    let (html, json) = page(&[], Vec::new());
    assert!(html.contains("<strong>0</strong> deliveries"));
    assert_eq!(json["total"]["count"], 0);
}
