//! Spans that nobody would write, but someone may send.

use linkmend_emitters::template::{key_text, key_value};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, Status, TracesData};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use linkmend_tests::otlp;

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

/// The trace id of a number: 0 is one, too.
pub fn trace(number: u64) -> u128 {
    u128::from(number % 5) | 1 << 100
}

/// The span id of a number: 0 is one, too.
pub fn id(number: u64) -> u64 {
    number | 1 << 60
}

/// How the ids of a link are spoiled.
fn spoil(link: &mut Link, damage: u8) {
    match damage {
        0 => link.trace_id = vec![0; 16],
        1 => link.span_id = Vec::new(),
        2 => (link.trace_id, link.span_id) = (Vec::new(), Vec::new()),
        3 => link.trace_id.truncate(15),
        4 => link.span_id.push(1),
        _ => {}
    }
}

fn link(focus: usize) -> impl Strategy<Value = Link> {
    let states = select(&["", "", "a=b"][..]);
    (0..8u64, 0..16u8, attributes(3, focus), states, any::<u32>()).prop_map(
        |(number, damage, attributes, state, flags)| {
            let mut link = Link {
                trace_id: trace(number).to_be_bytes().to_vec(),
                span_id: id(number).to_be_bytes().to_vec(),
                trace_state: state.to_owned(),
                attributes,
                dropped_attributes_count: u32::from(damage),
                flags,
            };
            spoil(&mut link, damage);
            link
        },
    )
}

/// A few links, or up to three hundred, or links with as many attributes as
/// they may have.
fn links(focus: usize) -> impl Strategy<Value = Vec<Link>> {
    let many =
        (vec(link(focus), 1..5), 1..300usize, 1..40u64).prop_map(|(some, count, targets)| {
            let repeated = some.into_iter().cycle().take(count);
            let number = |(number, mut link): (u64, Link)| {
                if link.span_id.len() == 8 {
                    link.span_id = id(number % targets).to_be_bytes().to_vec();
                }
                link
            };
            (0..).zip(repeated).map(number).collect()
        });
    let full = (vec(link(focus), 1..3), 125..130usize).prop_map(|(mut links, count)| {
        for link in &mut links {
            for number in link.attributes.len()..count {
                let key = format!("filler.{number}");
                link.attributes.push(key_value(&key, Value::IntValue(1)));
            }
        }
        links
    });
    prop_oneof![
        12 => Just(Vec::new()),
        12 => vec(link(focus), 0..6),
        2 => many,
        1 => full,
    ]
}

fn span(number: u64, focus: usize) -> impl Strategy<Value = Span> {
    let times = (select(TIMES), select(TIMES));
    let family = (0..5u64, 0..5u64, 0..40u8);
    let dropped = prop_oneof![4 => Just(0), 1 => 1..9u32, 1 => u32::MAX - 300..=u32::MAX];
    let rest = (any::<bool>(), any::<u32>());
    (
        0..7i32,
        attributes(7, focus),
        links(focus),
        times,
        family,
        dropped,
        rest,
    )
        .prop_map(
            move |(kind, attributes, links, (start, length), (of, parent, own), dropped, rest)| {
                let start = NOON + start;
                let mut span = Span {
                    trace_id: trace(of).to_be_bytes().to_vec(),
                    span_id: id(number).to_be_bytes().to_vec(),
                    name: "SQS.SendMessage".to_owned(),
                    kind,
                    start_time_unix_nano: start,
                    end_time_unix_nano: start + length,
                    attributes,
                    links,
                    dropped_links_count: dropped,
                    flags: rest.1,
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
                if rest.0 {
                    span.status = Some(Status {
                        code: kind % 3,
                        ..Status::default()
                    });
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
    (sizes, 0..MESSAGES).prop_flat_map(|(sizes, focus)| {
        let count: usize = sizes.iter().map(|(size, _)| size).sum();
        let spans: Vec<_> = (0..count as u64)
            .map(|number| span(number, focus))
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
