//! Held spans under a resource or a scope that is many times larger than they
//! are: it is not copied for each of them.

use std::time::Instant;

use bytes::Bytes;
use linkmend::{HoldOptions, Mended};
use linkmend_tests::engine_test;
use linkmend_tests::otlp::{text, traces};
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;

use super::{SECOND, assert_empty, consumer, numbers, producer, send};

const SPANS: u64 = 3000;

/// So large that it leaves no room in a batch.
const LARGE: usize = 2 << 20;

fn consumers(first: u64) -> Vec<Span> {
    let numbers = first..first + SPANS;
    numbers
        .map(|number| consumer(number, &number.to_string()))
        .collect()
}

fn in_resource(of: usize, scope_spans: Vec<ScopeSpans>) -> TracesData {
    let mut all = traces(Vec::new());
    let resource = &mut all.resource_spans[0];
    let attributes = &mut resource.resource.get_or_insert_default().attributes;
    attributes.push(text("large", &"x".repeat(of)));
    *resource = ResourceSpans {
        scope_spans,
        ..resource.clone()
    };
    all
}

fn scope(name: &str, spans: Vec<Span>) -> ScopeSpans {
    ScopeSpans {
        scope: Some(InstrumentationScope {
            name: name.into(),
            ..InstrumentationScope::default()
        }),
        spans,
        ..ScopeSpans::default()
    }
}

fn bytes(traces: &TracesData) -> Bytes {
    traces.encode_to_vec().into()
}

/// Each span once, in few batches that are not much together.
fn assert_not_multiplied(released: &[Mended], expected: &[u64], most: usize) {
    let mut arrived = numbers(released);
    arrived.sort_unstable();
    assert_eq!(arrived, expected);
    let sizes: Vec<_> = released
        .iter()
        .filter_map(|mended| Some(mended.traces.as_ref()?.len()))
        .collect();
    assert!(sizes.iter().sum::<usize>() <= most, "{sizes:?}");
}

engine_test! {
    fn of_one_resource(arm, order) {
        let alone = |spans| vec![scope("", spans)];
        let each = |spans: Vec<Span>| {
            let spans = spans.into_iter();
            spans.map(|span| scope(&span.span_id[7].to_string(), vec![span])).collect()
        };
        let shapes: [&dyn Fn(Vec<Span>) -> Vec<ScopeSpans>; 2] = [&alone, &each];
        for shape in shapes {
            let processor = arm.holding("{}", HoldOptions::default());
            let start = Instant::now();
            let all = bytes(&in_resource(LARGE, shape(consumers(1))));
            assert_eq!(send(&*processor, &order.of(&all), start).held, SPANS as usize);
            let stats = processor.hold_stats();
            assert!(stats.bytes < 2 * LARGE + 4 * all.len(), "{stats:?}");
            let released = processor.release(start + 6 * SECOND);
            let expected: Vec<_> = (1..=SPANS).collect();
            assert_not_multiplied(&released, &expected, 3 * all.len());
            assert_empty(&*processor);
        }
    }
}

engine_test! {
    fn of_one_scope(arm, order) {
        let processor = arm.holding("{}", HoldOptions::default());
        let start = Instant::now();
        let all = scope(&"x".repeat(LARGE), consumers(1));
        let all = bytes(&in_resource(1, vec![all]));
        send(&*processor, &order.of(&all), start);
        let released = processor.release(start + 6 * SECOND);
        let expected: Vec<_> = (1..=SPANS).collect();
        assert_not_multiplied(&released, &expected, 3 * all.len());
    }
}

engine_test! {
    fn of_several_resources_in_turns(arm, order) {
        let processor = arm.holding("{}", HoldOptions::default());
        let start = Instant::now();
        let mut length = 0;
        for (number, first) in [1, 10_000, 20_000].into_iter().enumerate() {
            let all = bytes(&in_resource(LARGE + number, vec![scope("", consumers(first))]));
            length += all.len();
            send(&*processor, &order.of(&all), start);
        }
        let firsts = [1, 10_000, 20_000];
        let wake = (0..SPANS).flat_map(|place| firsts.map(|first| first + place));
        let wake = wake.map(|number| producer(1 << 32 | number, &number.to_string()));
        send(&*processor, &order.of(&bytes(&traces(wake.collect()))), start + SECOND);
        // These producers began too late: the consumers wait on, in turns.
        let mut released = processor.release(start + SECOND);
        released.extend(processor.release(start + 6 * SECOND));
        let expected: Vec<_> = firsts.iter().flat_map(|first| *first..first + SPANS).collect();
        // The links that were made.
        let links = 3 * SPANS as usize * 100;
        assert_not_multiplied(&released, &expected, 3 * length + links);
        assert_empty(&*processor);
    }
}

engine_test! {
    /// Usual resources are copied as often as there are batches.
    fn of_a_small_resource(arm, order) {
        let processor = arm.holding("{}", HoldOptions::default());
        let start = Instant::now();
        let all = bytes(&in_resource(1000, vec![scope("", consumers(1))]));
        send(&*processor, &order.of(&all), start);
        let released = processor.release(start + 6 * SECOND);
        assert_eq!(released.len(), SPANS.div_ceil(1024) as usize);
        assert_eq!(numbers(&released), (1..=SPANS).collect::<Vec<_>>());
    }
}
