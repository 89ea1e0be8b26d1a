//! How keys are spelled when the rule is asked why.

use super::explanation::last;
use super::support::*;

#[test]
fn keys_are_spelled_with_the_names_of_their_parts() {
    let long = "x".repeat(100);
    let cut = "y".repeat(101);
    let kafka = [
        ("messaging.destination.name", text("orders")),
        ("messaging.destination.partition.id", int(3)),
        ("messaging.kafka.offset", int(12)),
        ("messaging.kafka.cluster.id", text("c")),
    ];
    let id = |system: &str, destination: &str, id: &str| {
        vec![
            ("messaging.system", text(system)),
            ("messaging.destination.name", text(destination)),
            ("messaging.message.id", text(id)),
        ]
    };
    let event = [
        ("cloudevents.event_source", text("/shop")),
        ("cloudevents.event_id", text("1")),
    ];
    for (attributes, key) in [
        (
            kafka.to_vec(),
            "kafka environment=production cluster=c topic=orders partition=3 offset=12",
        ),
        (
            kafka.to_vec(),
            "kafka environment=production topic=orders partition=3 offset=12",
        ),
        (
            kafka[..3].to_vec(),
            "kafka-any-cluster environment=production topic=orders partition=3 offset=12",
        ),
        (
            id("pulsar", "t", "1:2:3"),
            "pulsar environment=production topic=t id=1:2:3",
        ),
        (
            event.to_vec(),
            "cloudevents environment=production source=/shop id=1",
        ),
        (
            id("nats", "q", "9387be20-bb2b-34c2"),
            "generic environment=production system=nats id=9387be20-bb2b-34c2",
        ),
        (
            id("nats", "q", "7"),
            "generic environment=production system=nats destination=q id=7",
        ),
        (
            id("que", "q", "7"),
            "que environment=production queue=q id=7",
        ),
        (
            id("rabbitmq", "", &long),
            &format!("rabbitmq environment=production id={long}"),
        ),
        (
            id("rabbitmq", "", &cut),
            &format!("rabbitmq environment=production id={}…", &cut[..100]),
        ),
    ] {
        let said = last("{}", vec![consumer(2, &attributes)]);
        let line = format!("  key: {key}");
        assert!(said.lines().any(|said| said == line), "{line}\n{said}");
    }
}
