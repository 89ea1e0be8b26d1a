//! The consumer's spans come first, its producer's two seconds later, and the
//! links are there.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::thread::{scope, sleep};
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::Span;

use super::ALL;
use crate::support::clients::{self, Client, Made, Report, Running, installed};
use crate::support::intake::{Intake, Protocol};
use crate::support::linkmend::{self, Linkmend};
use crate::support::rabbitmq::RabbitMq;
use crate::support::wait;

const MESSAGES: usize = 20;

/// What a producer sends after its consumer.
const LATER: Duration = Duration::from_secs(2);

#[test]
fn every_sdk_gets_its_links() {
    let Some(installed) = installed() else { return };
    let protocols = [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson];
    let protocols = protocols.into_iter().cycle();
    // All at once, each with a linkmend of its own: their messages have the
    // same names.
    scope(|scope| {
        for (client, onward) in ALL.into_iter().zip(protocols) {
            let installed = &installed;
            scope.spawn(move || gets_its_links(installed, client, onward));
        }
    });
}

fn gets_its_links(installed: &Path, client: Client, onward: Protocol) {
    let intake = Intake::start();
    let exporter = match onward {
        Protocol::Grpc => linkmend::by_grpc(&intake, ""),
        Protocol::HttpProtobuf => linkmend::by_http(&intake, ""),
        Protocol::HttpJson => linkmend::by_http(&intake, "encoding: json"),
    };
    let linkmend = Linkmend::start(&[&exporter]);
    let to = client.address(linkmend.addresses);
    let count = ["--count", &MESSAGES.to_string()];
    let consumer = client.begin(installed, to, "consumer", &count);
    sleep(LATER);
    let producer = client.send(installed, to, "producer", &count);
    let consumer = consumer.end();
    for request in intake.requests() {
        assert_eq!((request.protocol, &*request.path), (onward, path(onward)));
    }
    is_linked(&client.to_string(), &intake, &producer, &consumer);
    let added = linkmend.metric("linkmend_links_added", &[]);
    assert_eq!(
        added.to_string(),
        MESSAGES.to_string(),
        "{client}: links in the metrics"
    );
}

fn path(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Grpc => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Protocol::HttpProtobuf | Protocol::HttpJson => "/v1/traces",
    }
}

#[test]
fn messages_of_rabbitmq_get_their_links() {
    let Some(installed) = installed() else { return };
    let Some(broker) = RabbitMq::start() else {
        return;
    };
    let ways = [
        ("grpc", "callback", "orders"),
        ("http/protobuf", "generator", "invoices"),
    ];
    for (protocol, role, queue) in ways {
        let intake = Intake::start();
        let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, "")]);
        let at = |role: &str, linger: Duration| {
            let addresses = linkmend.addresses;
            let to = if protocol == "grpc" {
                addresses.grpc
            } else {
                addresses.http
            };
            let mut command = clients::python(&installed, "rabbitmq.py");
            command.args([
                "--protocol",
                protocol,
                "--endpoint",
                &format!("http://{to}"),
            ]);
            command.args(["--broker-port", &broker.port.to_string(), "--queue", queue]);
            command.args(["--role", role, "--count", &MESSAGES.to_string()]);
            command.args(["--linger", &linger.as_secs().to_string()]);
            Running::start(format!("{role} by {protocol}"), command)
        };
        let consumer = at(role, Duration::ZERO);
        let producer = at("publish", LATER);
        let (consumer, producer) = (consumer.end(), producer.end());
        is_linked(&format!("RabbitMQ, {role}"), &intake, &producer, &consumer);
    }
}

/// Every consumer has one link: to the producer of its message.
fn is_linked(what: &str, intake: &Intake, producer: &Report, consumer: &Report) {
    assert!(producer.succeeded(), "{what}: {producer:?}");
    assert!(consumer.succeeded(), "{what}: {consumer:?}");
    let made = producer.spans.len() + consumer.spans.len();
    // A producer that seems to come after its consumer is believed in the end.
    wait::until_true("all arrive", wait::LONG, || intake.spans().len() >= made);
    let arrived = intake.spans();
    assert_eq!(arrived.len(), made, "{what}: all, and none twice");
    let arrived: HashMap<_, _> = arrived
        .iter()
        .map(|span| (hex(&span.span_id), span))
        .collect();
    let producers = innermost(&producer.spans);
    assert_eq!(producers.len(), MESSAGES, "{what}");
    assert!(consumer.spans.len() >= MESSAGES, "{what}");
    for made in &consumer.spans {
        assert_eq!(made.kind, "consumer", "{what}");
        let producer = producers[made.message.as_ref().unwrap()];
        let span: &Span = arrived[&made.span_id];
        let links = span.links.iter();
        let links: Vec<_> = links
            .map(|link| (hex(&link.trace_id), hex(&link.span_id)))
            .collect();
        let wanted = (producer.trace_id.clone(), producer.span_id.clone());
        assert_eq!(links, [wanted], "{what}: the links of {made:?}");
    }
}

/// The producer of each message. The instrumentation of pika makes two spans, one
/// inside of the other, and what it would send along is the inner one.
fn innermost(spans: &[Made]) -> HashMap<&String, &Made> {
    let parents: HashSet<_> = spans
        .iter()
        .filter_map(|span| span.parent_id.as_ref())
        .collect();
    let inner = spans.iter().filter(|span| !parents.contains(&span.span_id));
    inner
        .map(|span| (span.message.as_ref().unwrap(), span))
        .collect()
}

fn hex(id: &[u8]) -> String {
    let digits = id.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}
