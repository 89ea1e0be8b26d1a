//! `sending_queue.batch`: joining and cutting.

use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend_pipeline::traces::Traces;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;

use super::bench::{Bench, batch, grpc, names};
use super::intake::{Intake, grpc as answer};

async fn with(intake: &Intake, lines: &str) -> Bench {
    let lines = format!("compression: none\nsending_queue: {{num_consumers: 1, {lines}}}");
    grpc(intake.address, &lines).await
}

fn sizes(intake: &Intake) -> Vec<usize> {
    intake
        .received()
        .iter()
        .map(|one| names(&one.data()).len())
        .collect()
}

#[tokio::test]
async fn batches_are_joined_until_they_are_large_enough() {
    let intake = Intake::open().await;
    let bench = with(&intake, "batch: {min_size: 10, flush_timeout: 30s}").await;
    for name in ["a", "b", "c"] {
        bench.take(batch(name, 4)).await.unwrap();
    }
    let [request] = &intake.until(1).await[..] else {
        panic!()
    };
    let data = request.data();
    assert_eq!(data.resource_spans.len(), 3);
    let expected: Vec<_> = ["a", "b", "c"]
        .iter()
        .flat_map(|name| (0..4).map(move |n| format!("{name}{n}")))
        .collect();
    assert_eq!(names(&data), expected);
    bench.until("queue_size", 0).await;
    assert_eq!(bench.metric("sent_spans"), 12);
}

#[tokio::test]
async fn small_batches_go_after_the_flush_timeout() {
    let intake = Intake::open().await;
    let bench = with(&intake, "batch: {flush_timeout: 100ms}").await;
    let begun = Instant::now();
    bench.send(1).await.unwrap();
    bench.send(2).await.unwrap();
    intake.until(1).await;
    assert!(begun.elapsed() >= Duration::from_millis(100));
    assert_eq!(sizes(&intake), [3]);
}

#[tokio::test]
async fn stop_sends_what_waits_to_become_larger() {
    let intake = Intake::open().await;
    let bench = with(&intake, "batch: {flush_timeout: 30s}").await;
    bench.send(1).await.unwrap();
    bench.send(2).await.unwrap();
    bench.exporter.stop().await;
    assert_eq!(sizes(&intake), [3]);
    assert_eq!(bench.metric("queue_size"), 0);
}

#[tokio::test]
async fn batches_are_cut_by_spans() {
    let intake = Intake::open().await;
    let bench = with(
        &intake,
        "batch: {min_size: 4, max_size: 4, flush_timeout: 50ms}",
    )
    .await;
    bench.take(batch("a", 3)).await.unwrap();
    bench.take(batch("b", 10)).await.unwrap();
    intake.until(4).await;
    assert_eq!(sizes(&intake), [4, 4, 4, 1]);
    let expected: Vec<_> = (0..3)
        .map(|n| format!("a{n}"))
        .chain((0..10).map(|n| format!("b{n}")))
        .collect();
    assert_eq!(intake.names(), expected);
    bench.until("queue_size", 0).await;
}

#[tokio::test]
async fn sender_is_told_what_became_of_all_parts() {
    let intake = Intake::open().await;
    let lines = "wait_for_result: true, batch: {min_size: 4, max_size: 4, flush_timeout: 50ms}";
    let bench = with(&intake, lines).await;
    // One span of each of the three parts is rejected.
    intake.then([1, 1, 1].map(|_| answer(0, &[], b"\x0a\x02\x08\x01")));
    assert_eq!(bench.send(10).await.unwrap().rejected, 3);
    // The second of two parts is refused; both senders of a joined one are told.
    intake.then([answer(0, &[], b""), answer(3, &[], b"")]);
    let (a, b) = tokio::join!(bench.send(6), bench.send(2));
    assert!(a.is_err());
    assert!(b.is_err());
    let (a, b) = tokio::join!(bench.send(1), bench.send(2));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(sizes(&intake), [4, 4, 2, 4, 4, 3]);
}

/// A batch with all that cutting has to keep.
fn rich(resources: usize, scopes: usize, spans: usize) -> TracesData {
    let span = |name: String| Span {
        name,
        trace_state: "x".repeat(40),
        ..Span::default()
    };
    let scope = |r: usize, s: usize| ScopeSpans {
        scope: Some(InstrumentationScope {
            name: format!("scope {r} {s}"),
            ..Default::default()
        }),
        spans: (0..spans).map(|n| span(format!("{r} {s} {n}"))).collect(),
        schema_url: format!("schema {s}"),
    };
    let resource = |r: usize| ResourceSpans {
        resource: Some(Resource {
            dropped_attributes_count: u32::try_from(r).unwrap() + 1,
            ..Default::default()
        }),
        scope_spans: (0..scopes).map(|s| scope(r, s)).collect(),
        schema_url: format!("schema {r}"),
    };
    TracesData {
        resource_spans: (0..resources).map(resource).collect(),
    }
}

/// Each span with what is around it.
fn flat(data: &TracesData) -> Vec<String> {
    let mut all = Vec::new();
    for resource in &data.resource_spans {
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                all.push(format!(
                    "{:?} {} {:?} {} {span:?}",
                    resource.resource, resource.schema_url, scope.scope, scope.schema_url
                ));
            }
        }
    }
    all
}

#[tokio::test]
async fn pieces_have_what_is_around_their_spans() {
    for (sizer, most) in [
        ("items", 1),
        ("items", 3),
        ("items", 7),
        ("items", 1000),
        ("bytes", 10),
        ("bytes", 200),
        ("bytes", 700),
        ("bytes", 100_000),
    ] {
        let intake = Intake::open().await;
        let lines = format!("batch: {{min_size: 0, max_size: {most}, sizer: {sizer}}}");
        let bench = with(&intake, &lines).await;
        let data = rich(2, 3, 4);
        bench
            .take(Traces::new(Bytes::from(data.encode_to_vec())).unwrap())
            .await
            .unwrap();
        bench.exporter.stop().await;
        let received = intake.received();
        let pieces: Vec<_> = received.iter().map(super::intake::Received::data).collect();
        assert_eq!(
            pieces.iter().flat_map(flat).collect::<Vec<_>>(),
            flat(&data),
            "{sizer} {most}"
        );
        for (piece, request) in pieces.iter().zip(&received) {
            let spans = names(piece).len();
            let size = if sizer == "items" {
                spans
            } else {
                request.body.len() - 5
            };
            assert!(size <= most || spans == 1, "{size} of {sizer} {most}");
            assert!(spans > 0, "a piece without spans");
        }
        // None is smaller than it need be.
        if sizer == "items" {
            assert_eq!(pieces.len(), 24_usize.div_ceil(most));
        }
        assert_eq!(bench.metric("sent_spans"), 24);
    }
}

/// Resources and scopes without spans, and fields that nobody knows.
#[tokio::test]
async fn cutting_loses_nothing_else() {
    let mut data = rich(1, 2, 3);
    data.resource_spans.push(ResourceSpans {
        schema_url: "alone".into(),
        ..Default::default()
    });
    data.resource_spans[0].scope_spans.push(ScopeSpans {
        schema_url: "alone too".into(),
        ..Default::default()
    });
    let mut bytes = data.encode_to_vec();
    bytes.extend([0xfa, 0x3e, 3, b'n', b'e', b'w']);
    let intake = Intake::open().await;
    let bench = with(&intake, "batch: {min_size: 0, max_size: 2}").await;
    bench
        .take(Traces::new(Bytes::from(bytes)).unwrap())
        .await
        .unwrap();
    bench.exporter.stop().await;
    let received = intake.received();
    let count = |text: &[u8]| -> usize {
        received
            .iter()
            .map(|one| {
                one.body
                    .windows(text.len())
                    .filter(|at| *at == text)
                    .count()
            })
            .sum()
    };
    assert_eq!(
        (
            count(b"alone too"),
            count(b"alone"),
            count(b"\xfa\x3e\x03new")
        ),
        (1, 2, 1)
    );
    let pieces: Vec<_> = received.iter().map(super::intake::Received::data).collect();
    assert_eq!(
        pieces.iter().flat_map(flat).collect::<Vec<_>>(),
        flat(&data)
    );
}

/// A batch of nothing is a batch, too.
#[tokio::test]
async fn empty_batches_pass() {
    let intake = Intake::open().await;
    let bench = with(
        &intake,
        "wait_for_result: true, batch: {max_size: 9000, flush_timeout: 10ms}",
    )
    .await;
    bench
        .take(Traces::new(Bytes::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(sizes(&intake), [0]);
}
