//! Against real servers, which the tests start; where none is installed, they say that
//! they are skipped.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

mod away;
mod cluster;
mod ends;
mod hostile;
mod keeping;
mod measure;
mod secured;
mod sentinel;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use linkmend::index::{MessageKey, Producer, SharedStore as _, Text};
use linkmend_redis::{Options, Store, Url};
use linkmend_tests::stores;

const LONG: Duration = Duration::from_secs(20);

/// In tests a machine may be busy: less than this is fast.
const TIMEOUT: Duration = Duration::from_millis(250);

fn options(server: &stores::Store) -> Options {
    Options {
        endpoints: vec![Url::parse(&server.url()).unwrap().address],
        timeout: TIMEOUT,
        ..Options::default()
    }
}

fn connected(options: Options) -> Arc<Store> {
    let store = Store::start(options).unwrap();
    assert!(store.connect(LONG), "{store:?}");
    store
}

fn key(number: u64) -> MessageKey {
    MessageKey {
        high: number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        low: number,
    }
}

fn producer(message: u64, span: u64) -> Producer {
    Producer {
        key: key(message),
        trace_id_high: span,
        trace_id_low: 1,
        span_id: span,
        start: 1_764_192_600_000_000_000 + span * 1_000_000,
        end: 1_764_192_600_000_900_000 + span * 1_000_000,
        trace_state: Text {
            offset: 0,
            length: 0,
        },
        flags: 0x101,
        hint: 7,
        rank: 0,
    }
}

fn remember(store: &Store, producers: &[Producer]) {
    store.remember(None, producers, &[]);
}

/// The numbers of the spans that are known for a message.
fn spans(store: &Store, message: u64) -> Vec<u64> {
    let found = store.recall(None, &[key(message)]);
    found.iter().map(|entry| entry.producer.span_id).collect()
}
