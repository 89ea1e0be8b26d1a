//! Whatever comes in whatever order, each span goes out once, as it came but
//! for its links.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::{HoldOptions, Mended, Processor};
use linkmend_emitters::Random;
use linkmend_tests::arms::{Arm, Order};
use linkmend_tests::order::salted;
use linkmend_tests::otlp::{self, link, text};
use linkmend_wire::Fields;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message as _;

use super::{assert_empty, call, consumer, counts, flat, holding, number, producer};

/// A span on the wire, and what is around it: the fields of its resource and of
/// its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Emitted {
    resource: Vec<u8>,
    scope: Vec<u8>,
    span: Vec<u8>,
}

/// The spans of a batch by their numbers; each is there once.
fn read(batch: &[u8], into: &mut BTreeMap<u64, Emitted>) {
    let nested = |message: &[u8], number: u32| -> (Vec<Vec<u8>>, Vec<u8>) {
        let (mut inner, mut others) = (Vec::new(), Vec::new());
        for field in Fields::new(message).map(Result::unwrap) {
            if field.number == number {
                inner.push(field.bytes().unwrap().to_vec());
            } else {
                others.extend_from_slice(&message[field.start..field.end]);
            }
        }
        (inner, others)
    };
    for resource_spans in nested(batch, 1).0 {
        let (scopes, resource) = nested(&resource_spans, 2);
        for scope_spans in scopes {
            let (spans, scope) = nested(&scope_spans, 2);
            for span in spans {
                let number = number(&Span::decode(&span[..]).unwrap());
                let emitted = Emitted {
                    resource: resource.clone(),
                    scope: scope.clone(),
                    span,
                };
                assert_eq!(into.insert(number, emitted), None, "span {number} twice");
            }
        }
    }
}

struct Sender {
    random: Random,
    next: u64,
}

impl Sender {
    fn span(&mut self) -> Span {
        self.next += 1;
        let id = self.random.between(0, 40).to_string();
        let mut span = match self.random.between(0, 4) {
            0 => call(self.next),
            1 => producer(self.next, &id),
            _ => consumer(self.next, &id),
        };
        if self.random.chance(20) {
            span.links = vec![link(0), link(3), link(3)];
        }
        span
    }

    /// A batch of some services and scopes, some of them empty, with fields
    /// that nobody knows.
    fn batch(&mut self, order: Order) -> Bytes {
        let mut all = TracesData::default();
        for service in 0..self.random.between(1, 3) {
            let mut traces = otlp::traces(Vec::new());
            let resource = &mut traces.resource_spans[0];
            resource.schema_url = format!("https://example.com/{service}");
            let attributes = &mut resource.resource.as_mut().unwrap().attributes;
            attributes.push(text("service.instance.id", &service.to_string()));
            let scope = resource.scope_spans.remove(0);
            for _ in 0..self.random.between(0, 2) {
                let mut scope = scope.clone();
                for _ in 0..self.random.between(0, 5) {
                    scope.spans.push(self.span());
                }
                resource.scope_spans.push(scope);
            }
            all.resource_spans.append(&mut traces.resource_spans);
        }
        let batch = order.of(&all.encode_to_vec().into());
        let salt = vec![0xc0, 0x3e, 0x96, 0x01];
        let random = &mut self.random;
        salted(&batch, &mut || {
            if random.chance(15) {
                return salt.clone();
            }
            Vec::new()
        })
        .into()
    }
}

fn options(random: &mut Random) -> HoldOptions {
    HoldOptions {
        time: Duration::from_secs(6),
        max_spans: if random.chance(50) { 15 } else { 10_000 },
        max_bytes: if random.chance(25) { 6_000 } else { 64 << 20 },
        on_sooner: None,
        give_up_after: if random.chance(50) { 2 } else { 0 },
    }
}

/// Some batches and releases, and then the end.
fn story(
    processor: &Processor,
    sender: &mut Sender,
    order: Order,
) -> (BTreeMap<u64, Emitted>, Vec<Mended>) {
    let mut now = Instant::now();
    let mut sent = BTreeMap::new();
    let mut out = Vec::new();
    for _ in 0..60 {
        if sender.random.chance(40) {
            now += Duration::from_millis(sender.random.between(0, 2_500));
            out.extend(processor.release(now));
        } else {
            let batch = sender.batch(order);
            read(&batch, &mut sent);
            let mended = processor.process_at(batch.clone(), now).unwrap();
            if mended.held == 0 && mended.counts.links_in == mended.counts.links_out {
                // Not a byte is written anew where nothing is done.
                let is_edited = mended.counts.links_added > 0;
                assert!(is_edited || mended.traces.as_ref() == Some(&batch));
            }
            out.push(mended);
        }
    }
    out.extend(processor.drain());
    (sent, flat(out))
}

fn check(sent: &BTreeMap<u64, Emitted>, out: &[Mended]) {
    let mut received = BTreeMap::new();
    for mended in out {
        assert_eq!(mended.faults, []);
        if let Some(traces) = &mended.traces {
            read(traces, &mut received);
        }
    }
    let numbers = |spans: &BTreeMap<u64, Emitted>| spans.keys().copied().collect::<Vec<_>>();
    assert_eq!(numbers(sent), numbers(&received));
    for (number, one) in sent {
        let other = &received[number];
        assert_eq!(one.resource, other.resource, "span {number}");
        assert_eq!(one.scope, other.scope, "span {number}");
        let [before, after] = [one, other].map(|one| Span::decode(&one.span[..]).unwrap());
        if before.links == after.links {
            assert_eq!(one.span, other.span, "span {number}");
        }
        let without = |span: Span| Span {
            links: Vec::new(),
            ..span
        };
        assert_eq!(without(before), without(after), "span {number}");
    }
    let counts = counts(out);
    assert_eq!(counts.spans as usize, sent.len());
    assert_eq!(counts.links_held, counts.links_released);
    let links = |spans: &BTreeMap<u64, Emitted>| -> usize {
        spans
            .values()
            .map(|one| Span::decode(&one.span[..]).unwrap().links.len())
            .sum()
    };
    assert_eq!(counts.links_in as usize, links(sent));
    assert_eq!(counts.links_out as usize, links(&received));
}

/// So many stories; how many spans were held in all of them.
fn stories(arm: Arm, seeds: u64) {
    let mut stats = linkmend::HoldStats::default();
    for seed in 0..seeds {
        let mut random = Random::named(seed, "held spans");
        let processor = holding([arm.rule("{}")], options(&mut random));
        let order = match seed % 2 {
            0 => Order::Ascending,
            _ => Order::Descending,
        };
        let mut sender = Sender { random, next: 0 };
        let (sent, out) = story(&processor, &mut sender, order);
        check(&sent, &out);
        assert_empty(&processor);
        let one = processor.hold_stats();
        stats.released_ready += one.released_ready;
        stats.released_due += one.released_due;
        stats.released_overflow += one.released_overflow;
        stats.released_drained += one.released_drained;
    }
    let ways = [
        stats.released_ready,
        stats.released_due,
        stats.released_overflow,
        stats.released_drained,
    ];
    assert!(
        ways.iter().all(|spans| *spans > 0),
        "a way was not gone: {stats:?}"
    );
}

#[test]
fn nothing_is_lost_native() {
    stories(Arm::Native, 150);
}

#[test]
fn nothing_is_lost_in_the_sandbox() {
    stories(Arm::Sandbox, 4);
}
