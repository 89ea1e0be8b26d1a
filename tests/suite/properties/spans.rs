//! Spans that nobody would write, but someone may send.

use linkmend_emitters::template::key_text;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, Status, TracesData};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use linkmend_tests::otlp;

use super::links::links;
use super::values::{MESSAGES, attributes};

const NOON: u64 = 1_800_000_000_000_000_000;
const TIMES: &[u64] = &[
    0,
    0,
    500,
    500,
    1_500,
    2_000_000_000,
    4_000_000_000,
    20_000_000_000,
];

/// When all happens at once.
const RUSH: &[u64] = &[0, 0, 300, 300, 600];

/// What the spans of a case have in common.
#[derive(Debug, Clone, Copy)]
struct Scene {
    /// The message that most are about.
    focus: usize,
    /// When they start.
    times: &'static [u64],
}

/// The trace id of a number: 0 is one, too.
pub fn trace(number: u64) -> u128 {
    u128::from(number % 5) | 1 << 100
}

/// The span id of a number: 0 is one, too.
pub fn id(number: u64) -> u64 {
    number | 1 << 60
}

fn events(focus: usize) -> impl Strategy<Value = Vec<Event>> {
    let event = attributes(2, focus).prop_map(|attributes| Event {
        time_unix_nano: NOON,
        name: "message".to_owned(),
        attributes,
        ..Event::default()
    });
    prop_oneof![5 => Just(Vec::new()), 1 => vec(event, 1..3)]
}

fn span(number: u64, scene: Scene) -> impl Strategy<Value = Span> {
    let Scene { focus, times } = scene;
    let drawn = (
        (0..7i32, any::<u32>(), option::of(0..3i32)),
        attributes(7, focus),
        links(focus),
        (select(times), select(TIMES)),
        (0..5u64, 0..5u64, 0..40u8),
        events(focus),
        prop_oneof![4 => Just(0), 1 => 1..9u32, 1 => u32::MAX - 300..=u32::MAX],
    );
    drawn.prop_map(
        move |((kind, flags, status), attributes, links, times, family, events, dropped)| {
            let (of, parent, own) = family;
            let start = NOON + times.0;
            let mut span = Span {
                trace_id: trace(of).to_be_bytes().to_vec(),
                span_id: id(number).to_be_bytes().to_vec(),
                name: "SQS.SendMessage".to_owned(),
                kind,
                start_time_unix_nano: start,
                end_time_unix_nano: start + times.1,
                attributes,
                events,
                links,
                dropped_links_count: dropped,
                flags,
                status: status.map(|code| Status {
                    code,
                    ..Status::default()
                }),
                ..Span::default()
            };
            if parent > 0 {
                span.parent_span_id = id(parent - 1).to_be_bytes().to_vec();
            }
            match own {
                0 => span.span_id = vec![0; 8],
                1 => span.trace_id.clear(),
                _ => {}
            }
            span
        },
    )
}

fn resource(environment: u8) -> Vec<KeyValue> {
    let mut attributes = vec![key_text("service.name", "shop")];
    match environment {
        0 => attributes.push(key_text("deployment.environment.name", "a")),
        1 => attributes.push(key_text("deployment.environment", "a")),
        2 => attributes.push(key_text("deployment.environment", "b")),
        _ => {}
    }
    attributes
}

/// A few batches.
pub fn batches() -> impl Strategy<Value = Vec<TracesData>> {
    let sizes = vec((1..6usize, 0..24u8), 1..5);
    let times = select(&[TIMES, RUSH][..]);
    (sizes, 0..MESSAGES, times).prop_flat_map(|(sizes, focus, times)| {
        let scene = Scene { focus, times };
        let count: usize = sizes.iter().map(|(size, _)| size).sum();
        let spans: Vec<_> = (0..count as u64)
            .map(|number| span(number, scene))
            .collect();
        spans.prop_map(move |spans| {
            let mut spans = spans.into_iter();
            let batch = |(size, environment): &(usize, u8)| {
                let own = spans.by_ref().take(*size).collect();
                let mut traces = otlp::traces(own);
                for resource_spans in &mut traces.resource_spans {
                    put_environment(resource_spans, *environment);
                }
                traces
            };
            sizes.iter().map(batch).collect()
        })
    })
}

fn put_environment(resource_spans: &mut ResourceSpans, environment: u8) {
    if let Some(resource) = &mut resource_spans.resource {
        resource.attributes = self::resource(environment);
    }
}
