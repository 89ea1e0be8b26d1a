//! What lies around spans, many times larger than they are: it is not to be
//! copied for each of them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use prost::Message as _;

use super::attacked::Attacked;
use super::others;
use super::raw::post;
use crate::loss::STORAGE;
use crate::support::linkmend;
use crate::support::spans::{Role, number, request, span};
use crate::support::wait;

const GZIP: &str = "content-type: application/x-protobuf\r\ncontent-encoding: gzip\r\n";

/// So many spans, or scopes, in a resource of 3 MB.
const PARTS: u64 = 1500;
const LARGE: usize = 3_000_000;

fn packed(request: &ExportTraceServiceRequest) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&request.encode_to_vec()).unwrap();
    encoder.finish().unwrap()
}

fn large() -> KeyValue {
    KeyValue {
        key: "large".into(),
        value: Some(AnyValue {
            value: Some(Value::StringValue("x".repeat(LARGE))),
        }),
        ..KeyValue::default()
    }
}

/// Consumers whose producers never come.
fn consumers(first: u64) -> Vec<Span> {
    let numbers = first..first + PARTS;
    let consumers = numbers.map(|number| span(number, Role::Receives(number)));
    consumers.collect()
}

/// All of them in one scope of a large resource.
fn of_one_resource(first: u64) -> ExportTraceServiceRequest {
    let mut request = request(consumers(first));
    let resource = request.resource_spans[0].resource.as_mut().unwrap();
    resource.attributes.push(large());
    request
}

/// The same, each in a scope of its own.
fn of_many_scopes(first: u64) -> ExportTraceServiceRequest {
    let mut request = of_one_resource(first);
    let of_resource = &mut request.resource_spans[0];
    let spans = std::mem::take(&mut of_resource.scope_spans[0].spans);
    let scope = |(number, span): (usize, Span)| ScopeSpans {
        scope: Some(InstrumentationScope {
            name: format!("scope-{number}"),
            ..InstrumentationScope::default()
        }),
        spans: vec![span],
        ..ScopeSpans::default()
    };
    of_resource.scope_spans = spans.into_iter().enumerate().map(scope).collect();
    request
}

/// Those of one attack that have arrived, each once or more often.
fn arrived(attacked: &Attacked, first: u64) -> usize {
    let numbers = first..first + PARTS;
    let spans = attacked
        .intake
        .spans_where(|span| numbers.contains(&number(span)));
    let mut numbers: Vec<_> = spans.iter().map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

/// They are held, and all released when their time is up. It was 3 MB for each
/// of them, in one list.
#[test]
fn held_spans_of_a_large_resource() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses.http;
    for (first, request) in [
        (1000, of_one_resource(1000)),
        (10_000, of_many_scopes(10_000)),
    ] {
        let body = packed(&request);
        assert!(body.len() < 120_000, "{}", body.len());
        let answered = others::are_served(&attacked, || post(to, GZIP, &body));
        assert_eq!(answered, 200);
        wait::until_true("all arrive", wait::LONG, || {
            arrived(&attacked, first) == PARTS as usize
        });
    }
    attacked.stays_small();
    attacked.recovers();
}

/// Several at once, whose spans come out of the hold in turns: each is woken by
/// a producer of its own.
#[test]
fn held_spans_that_are_woken_in_turns() {
    let attacked = Attacked::start(&["processors: {linkmend: {hold: {time: 10s}}}"]);
    let to = attacked.linkmend.addresses.http;
    let firsts = [1000, 10_000, 20_000, 30_000];
    others::are_served(&attacked, || {
        std::thread::scope(|scope| {
            for first in firsts {
                let body = packed(&of_one_resource(first));
                scope.spawn(move || assert_eq!(post(to, GZIP, &body), 200));
            }
            // When all are held.
            wait::until_true("they are held", wait::LONG, || {
                let held = attacked.linkmend.metric("linkmend_held_spans", &[]);
                held >= f64::from(4 * u32::try_from(PARTS).unwrap())
            });
            let in_turns = (0..PARTS).flat_map(|place| firsts.map(|first| first + place));
            let producers = in_turns.map(|message| span(1 << 30 | message, Role::Sends(message)));
            let body = packed(&request(producers.collect()));
            assert_eq!(post(to, GZIP, &body), 200);
        });
    });
    for first in firsts {
        wait::until_true("all arrive", wait::LONG, || {
            arrived(&attacked, first) == PARTS as usize
        });
    }
    attacked.stays_small();
    attacked.recovers();
}

/// They are on disk: what kills linkmend would kill it again at every start.
#[test]
fn held_spans_on_disk() {
    let hold = "processors: {linkmend: {hold: {storage: file_storage, time: 3s}}}";
    let mut attacked = Attacked::start(&[STORAGE, hold]);
    let to = attacked.linkmend.addresses.http;
    let firsts: Vec<u64> = (1..=10).map(|number| number * 10_000).collect();
    others::are_served(&attacked, || {
        for first in &firsts {
            assert_eq!(post(to, GZIP, &packed(&of_one_resource(*first))), 200);
        }
    });
    attacked.stays_small();
    attacked.restart();
    wait::until_true("all arrive", 2 * wait::LONG, || {
        firsts
            .iter()
            .all(|first| arrived(&attacked, *first) == PARTS as usize)
    });
    attacked.stays_small();
    attacked.serves();
}

/// Behind a queue that cuts batches: 20,000 spans in a scope of 1 MB.
#[test]
fn batches_that_are_cut() {
    const SPANS: u64 = 20_000;
    for batch in [
        "{sizer: bytes, max_size: 100000, min_size: 0, flush_timeout: 100ms}",
        "{sizer: items, max_size: 1, min_size: 0, flush_timeout: 100ms}",
    ] {
        let queue = format!("sending_queue: {{batch: {batch}}}");
        let attacked = Attacked::before(|intake| linkmend::by_grpc(intake, &queue), &[]);
        let to = attacked.linkmend.addresses.http;
        let spans = (1000..1000 + SPANS).map(|number| span(number, Role::Plain));
        let mut request = request(spans.collect());
        let mut attribute = large();
        if let Some(AnyValue {
            value: Some(Value::StringValue(text)),
        }) = &mut attribute.value
        {
            text.truncate(1_000_000);
        }
        request.resource_spans[0].scope_spans[0].scope = Some(InstrumentationScope {
            attributes: vec![attribute],
            ..InstrumentationScope::default()
        });
        let body = packed(&request);
        assert!(body.len() < 1_000_000, "{}", body.len());
        others::are_served(&attacked, || assert_eq!(post(to, GZIP, &body), 200));
        let numbers = 1000..1000 + SPANS;
        wait::until_true("all arrive", wait::LONG, || {
            let spans = attacked
                .intake
                .spans_where(|span| numbers.contains(&number(span)));
            spans.len() == SPANS as usize
        });
        attacked.stays_small();
        attacked.recovers();
    }
}
