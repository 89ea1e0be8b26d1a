//! Messages of two bytes, each of which takes more than two bytes where it is
//! looked at.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use prost::Message as _;

use super::attacked::Attacked;
use super::others;
use super::raw::post;
use crate::support::sender::Sender;
use crate::support::spans::{Role, number, request, span};

const GZIP: &str = "content-type: application/x-protobuf\r\ncontent-encoding: gzip\r\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A message in a field.
fn within(tag: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let mut length = inner.len();
    while length >= 128 {
        bytes.push((length % 128 + 128) as u8);
        length /= 128;
    }
    bytes.push(length as u8);
    bytes.extend(inner);
    bytes
}

/// Empty resources, scopes and spans: 10 million of them, in 20 kB of gzip. They
/// left 500 MB with each thread, for good.
#[test]
fn empty_messages() {
    const BODY: usize = 20_000_000;
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    let resources = [0x0a, 0].repeat(BODY / 2);
    let scopes = within(0x0a, &[0x12, 0].repeat(BODY / 2));
    let spans = within(0x0a, &within(0x12, &[0x12, 0].repeat(BODY / 2)));
    let consumers = within(0x0a, &within(0x12, &[0x12, 2, 0x30, 5].repeat(BODY / 4)));
    others::are_served(&attacked, || {
        for body in [&resources, &scopes, &spans, &consumers] {
            let body = gzip(body);
            assert!(body.len() < 40_000, "{}", body.len());
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let status = post(to.http, GZIP, &body);
                        assert!([400, 503].contains(&status), "{status}");
                    });
                }
            });
            assert_eq!(post(to.http, GZIP, &body), 400);
        }
        // INVALID_ARGUMENT.
        let message = [0x0a, 0].repeat(1_000_000);
        assert_eq!(Sender::new().grpc_bytes(to.grpc, &message), "3");
    });
    attacked.stays_small();
    attacked.recovers();
}

/// As many as there may be, each of which is shown to the rule: consumers that
/// name no message, each in a resource and a scope of its own.
#[test]
fn as_many_messages_as_there_may_be() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    let consumers = within(0x0a, &within(0x12, &[0x12, 2, 0x30, 5].repeat(524_286)));
    let one = within(0x0a, &within(0x12, &[0x12, 2, 0x30, 5]));
    others::are_served(&attacked, || {
        for body in [&consumers, &one.repeat(174_762)] {
            let body = gzip(body);
            for _ in 0..3 {
                assert_eq!(post(to.http, GZIP, &body), 200);
            }
        }
    });
    attacked.stays_small();
    attacked.recovers();
}

/// 2 million empty links on one span: they used up the memory of the rule, and
/// no span of the batch was mended.
#[test]
fn empty_links_on_one_span() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    let mut crowded = span(1001, Role::Sends(1));
    crowded.dropped_links_count = 7;
    crowded.links = (1..=200_u64).map(link).collect();
    let mut crowded = crowded.encode_to_vec();
    crowded.extend([0x6a, 0].repeat(2_000_000));
    let beside = span(1002, Role::Receives(1)).encode_to_vec();
    let scope = [within(0x12, &crowded), within(0x12, &beside)].concat();
    let body = gzip(&within(0x0a, &within(0x12, &scope)));
    assert!(body.len() < 40_000, "{}", body.len());
    others::are_served(&attacked, || {
        for _ in 0..3 {
            assert_eq!(post(to.http, GZIP, &body), 200);
        }
    });
    for arrived in attacked.intake.spans_where(|span| number(span) == 1001) {
        let expected: Vec<_> = (1..=128_u64).map(link).collect();
        let mut links = arrived.links;
        for link in &mut links {
            // Why it is there; that is the rule's.
            link.attributes.clear();
        }
        assert_eq!(links, expected);
        assert_eq!(arrived.dropped_links_count, 7 + 72);
    }
    let beside = attacked.intake.spans_where(|span| number(span) == 1002);
    assert_eq!(beside.len(), 3);
    for arrived in beside {
        assert_eq!(arrived.links.len(), 1, "{arrived:?}");
    }
    attacked.stays_small();
    attacked.recovers();
}

fn link(number: u64) -> Link {
    Link {
        trace_id: (u128::from(number) << 64 | 5).to_be_bytes().into(),
        span_id: number.to_be_bytes().into(),
        ..Link::default()
    }
}

/// Producers with trace states of 512 bytes each took nine times what the index
/// is said to take.
#[test]
fn trace_states_in_the_index() {
    const ENTRIES: u64 = 200_000;
    const BATCH: u64 = 2000;
    let index = format!("processors: {{linkmend: {{index: {{max_entries: {ENTRIES}}}}}}}");
    let attacked = Attacked::start(&[&index]);
    let sender = Sender::new();
    others::are_served(&attacked, || {
        for first in (1000..1000 + ENTRIES).step_by(BATCH as usize) {
            let producers = (first..first + BATCH).map(|number| {
                let mut producer = span(number, Role::Sends(number));
                producer.trace_state = format!("a={number:0510}");
                producer
            });
            let to = attacked.linkmend.addresses.grpc;
            sender.grpc(to, request(producers.collect())).unwrap();
        }
    });
    // What stays when all is over, of which the index is the most.
    attacked.keeps_at_most(ENTRIES * 91);
    attacked.stays_small();
    attacked.recovers();
}
