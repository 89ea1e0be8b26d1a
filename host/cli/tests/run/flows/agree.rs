//! What files say of flows, and what is said of the same spans as they pass.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use serde_json::Value;

use super::{ALL, Edges, scraped};
use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend, program};
use crate::support::sender::{self, Sender};
use crate::support::wait;

/// Each with an instrumentation of its own: links that were missing, links of the
/// senders, parents, batches, spans for receiving and for processing.
const RECORDINGS: [&str; 8] = [
    "go/pubsub",
    "go/sarama-lost",
    "javascript/amqplib-lost",
    "javascript/aws-sqs",
    "jvm/rabbitmq-client-receive-telemetry",
    "jvm/spring-kafka-batches",
    "python/celery-lost",
    "python/pika-lost",
];

fn file(recording: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings/data");
    data.join(format!("{recording}.pb.gz"))
}

/// The requests that were recorded: each is its length and its bytes.
fn requests(recording: &str) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let packed = fs::File::open(file(recording)).unwrap();
    GzDecoder::new(packed).read_to_end(&mut all).unwrap();
    let mut rest = all.as_slice();
    let mut requests = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap();
        requests.push(behind[..length].to_vec());
        rest = &behind[length..];
    }
    requests
}

fn flows(arguments: &[&str]) -> String {
    let done = Command::new(program())
        .args(["flows", "--quiet", "-o", "-"])
        .args(arguments)
        .args(RECORDINGS.map(file))
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// By both services, over all destinations.
fn edges(json: &Value) -> Edges {
    let mut edges = Edges::new();
    for edge in json["edges"].as_array().unwrap() {
        let named = |key: &str| match edge[key].as_str().unwrap() {
            "" => "-".to_owned(),
            name => name.to_owned(),
        };
        let count = edge["sums"]["count"].as_f64().unwrap();
        *edges.entry((named("client"), named("server"))).or_default() += count;
    }
    edges
}

/// The first sentence of a page.
fn sentence(page: &str) -> &str {
    let (_, lead) = page.split_once("class=\"lead\"><p>").unwrap();
    lead.split_once("</p>").unwrap().0
}

#[test]
fn files_metrics_and_both_pages_count_the_same() {
    let json: Value = serde_json::from_str(&flows(&["--json"])).unwrap();
    let page = flows(&[]);
    let total = |key: &str| json["total"][key].as_u64().unwrap();
    let told = format!(
        "<strong>{}</strong> deliveries of <strong>{}</strong> messages over",
        total("count"),
        total("messages")
    );
    assert!(total("count") > 200, "{told}");
    assert!(sentence(&page).starts_with(&told), "{}", sentence(&page));

    let intake = Intake::start();
    let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, ""), ALL]);
    let sender = Sender::new();
    for request in RECORDINGS.iter().flat_map(|one| requests(one)) {
        let http = linkmend.addresses.http;
        let answer = sender.http(http, "application/x-protobuf", request);
        assert_eq!(answer.status, 200);
    }
    let expected = edges(&json);
    // Held spans come within the time of the hold.
    wait::until_true("what is held has passed", wait::LONG, || {
        linkmend.metric("linkmend_held_spans", &[]) < 0.5
            && scraped(&linkmend).values().sum::<f64>() >= expected.values().sum()
    });
    assert_eq!(scraped(&linkmend), expected);
    let live = sender::get(linkmend.address_of("flows listens").unwrap(), "/");
    assert_eq!(sentence(&live), sentence(&page));
    for (metric, key) in [
        ("linkmend_flow_deliveries_total", "count"),
        ("linkmend_flow_messages_total", "messages"),
    ] {
        let text = sender::get(linkmend.addresses.metrics, "/metrics");
        let lines = text.lines().filter(|line| line.starts_with(metric));
        let counts = lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
        assert_eq!(counts.sum::<u64>(), total(key), "{metric}");
    }
}
