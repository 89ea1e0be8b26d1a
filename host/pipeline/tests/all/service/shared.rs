//! Several hosts with one memory: a real store, real pipelines.

use std::time::{Duration, Instant};

use linkmend_pipeline::service::Running;
use linkmend_tests::otlp::{consumer, producer};
use linkmend_tests::stores::{Cluster, Store};
use opentelemetry_proto::tonic::trace::v1::Span;

use super::{SOON, Sender, Sink, one_pipeline, run};

const MESSAGES: u64 = 10_000;
const BATCH: usize = 500;

/// A host with what stands under `redis`.
async fn host(redis: &str, hold: &str, sink: &Sink) -> Running {
    let processor = format!("  linkmend: {{hold: {{{hold}}}, index: {{redis: {{{redis}}}}}}}");
    run(&one_pipeline(&processor, "linkmend", &[sink])).await
}

fn one(server: &Store) -> String {
    // A machine may be busy.
    format!("endpoint: '{}', timeout: 500ms", server.url())
}

/// Message `number`, and the span that has it.
fn pair(number: u64) -> (Span, Span) {
    let id = format!("message-{number}");
    (producer(2 * number + 1, &id), consumer(2 * number + 2, &id))
}

async fn send(sender: &Sender, spans: impl Iterator<Item = Span>) {
    let spans: Vec<_> = spans.collect();
    for batch in spans.chunks(BATCH) {
        sender.send(batch.to_vec()).await.unwrap();
    }
}

/// How many consumers are linked to their producers; none must be linked to another.
fn linked(sink: &Sink) -> u64 {
    let spans = sink.spans();
    let consumers = spans.iter().filter(|span| span.kind == 5);
    let mut linked = 0;
    for span in consumers {
        let number = u64::from_be_bytes(span.span_id[..8].try_into().unwrap());
        for link in &span.links {
            let to = u64::from_be_bytes(link.span_id[..8].try_into().unwrap());
            assert_eq!(to, number - 1, "a wrong link");
            linked += 1;
        }
    }
    linked
}

#[tokio::test(flavor = "multi_thread")]
async fn consumers_that_come_first_at_another_host_are_all_linked() {
    let Some(server) = Store::start("two hosts with one store", &[]) else {
        return;
    };
    let (sink_a, sink_b) = (Sink::start().await, Sink::start().await);
    let a = host(&one(&server), "time: 60s", &sink_a).await;
    let b = host(&one(&server), "time: 60s", &sink_b).await;
    let (to_a, to_b) = (Sender::to(&a).await, Sender::to(&b).await);
    send(&to_b, (0..MESSAGES).map(|number| pair(number).1)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    send(&to_a, (0..MESSAGES).map(|number| pair(number).0)).await;
    sink_b.wait(MESSAGES as usize).await;
    assert_eq!(linked(&sink_b), MESSAGES);
    a.stop(SOON).await.unwrap();
    b.stop(SOON).await.unwrap();
    assert_eq!(sink_a.spans().len() as u64, MESSAGES);
    assert_eq!(sink_b.spans().len() as u64, MESSAGES);
}

/// A span waited for the end of its time.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_span_is_woken_within_half_a_second() {
    let Some(server) = Store::start("a held span is woken", &[]) else {
        return;
    };
    let (sink_a, sink_b) = (Sink::start().await, Sink::start().await);
    let a = host(&one(&server), "time: 60s", &sink_a).await;
    let b = host(&one(&server), "time: 60s", &sink_b).await;
    let (to_a, to_b) = (Sender::to(&a).await, Sender::to(&b).await);
    let mut waits = Vec::new();
    for number in 0..10 {
        let (producer, consumer) = pair(number);
        to_b.send(vec![consumer]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20 * number)).await;
        to_a.send(vec![producer]).await.unwrap();
        let begun = Instant::now();
        sink_b.wait(number as usize + 1).await;
        waits.push(begun.elapsed());
    }
    waits.sort();
    // The machine may be busy for once.
    assert!(waits[7] < Duration::from_millis(500), "{waits:?}");
    assert_eq!(linked(&sink_b), 10);
    a.stop(SOON).await.unwrap();
    b.stop(SOON).await.unwrap();
}

/// The store hangs for a while: all spans go on, none of them late for long, and the rule
/// is not at fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_costs_no_span_and_no_time() {
    let Some(server) = Store::start("a store hangs behind a pipeline", &[]) else {
        return;
    };
    let sink = Sink::start().await;
    let a = host(&one(&server), "time: 0s", &sink).await;
    let sender = Sender::to(&a).await;
    let mut longest = Duration::ZERO;
    let mut sent = 0;
    for round in 0..3 {
        if round == 1 {
            server.hang();
        }
        if round == 2 {
            server.go_on();
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            let begun = Instant::now();
            let (producer, consumer) = pair(sent);
            sender.send(vec![producer, consumer]).await.unwrap();
            longest = longest.max(begun.elapsed());
            sent += 1;
        }
    }
    assert!(longest < Duration::from_millis(1500), "{longest:?}");
    sink.wait(2 * sent as usize).await;
    assert_eq!(linked(&sink), sent);
    a.stop(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_loses_a_server_and_few_links() {
    let Some(mut cluster) = Cluster::start("a cluster behind two hosts") else {
        return;
    };
    let endpoints: Vec<_> = cluster.stores.iter().map(Store::url).collect();
    let redis = format!(
        "endpoints: ['{}'], cluster: true, timeout: 500ms",
        endpoints.join("', '")
    );
    let (sink_a, sink_b) = (Sink::start().await, Sink::start().await);
    let a = host(&redis, "time: 20s", &sink_a).await;
    let b = host(&redis, "time: 20s", &sink_b).await;
    let (to_a, to_b) = (Sender::to(&a).await, Sender::to(&b).await);
    // Both are connected.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for block in 0..20 {
        let numbers = || block * 500..(block + 1) * 500;
        send(&to_b, numbers().map(|number| pair(number).1)).await;
        if block == 10 {
            cluster.stores[0].kill();
        }
        send(&to_a, numbers().map(|number| pair(number).0)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Whose producer is missed waits to the end of its time.
    sink_b
        .wait_within(MESSAGES as usize, Duration::from_mins(1))
        .await;
    let missed = MESSAGES - linked(&sink_b);
    eprintln!("links missed: {missed} of {MESSAGES}");
    assert!(missed < MESSAGES / 100, "{missed} are missed");
    a.stop(SOON).await.unwrap();
    b.stop(SOON).await.unwrap();
    assert_eq!(sink_a.spans().len() as u64, MESSAGES);
    assert_eq!(sink_b.spans().len() as u64, MESSAGES);
}
