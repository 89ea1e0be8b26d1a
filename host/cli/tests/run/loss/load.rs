//! Senders at work, and what each of them was told.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::Span;
use parking_lot::Mutex;
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::support::linkmend::Addresses;
use crate::support::sender;
use crate::support::spans::{self, Role};

const SENDERS: u64 = 16;

/// How many spans the largest batch has.
const LARGEST: u64 = 60;

/// The rest of a sender after each batch, so that an answer at once makes no flood.
const REST: Duration = Duration::from_millis(50);

/// How many spans later the producer of a message is than its consumer.
const LATER: u64 = 102;

/// Senders at work.
pub struct Load {
    runtime: Runtime,
    senders: Vec<tokio::task::JoinHandle<()>>,
    ledger: Arc<Ledger>,
}

/// What was sent, and what of it was acknowledged.
#[derive(Default)]
pub struct Ledger {
    next: AtomicU64,
    acknowledged: Mutex<HashSet<u64>>,
    stop: AtomicBool,
}

/// What the span of a number is: of every eight one is a consumer whose producer
/// comes later, one a consumer whose producer never comes, and one a producer.
pub fn role(number: u64) -> Role {
    match number % 8 {
        0 | 4 => Role::Receives(number),
        6 if number > LATER => Role::Sends(number - LATER),
        _ => Role::Plain,
    }
}

/// Whether a span that arrived is what was sent, but for a link to its producer.
pub fn is_intact(span: &Span) -> bool {
    let number = spans::number(span);
    let links = spans::linked(span);
    let without_links = Span {
        links: Vec::new(),
        ..span.clone()
    };
    let may_have_a_link = number.is_multiple_of(8);
    without_links == spans::span(number, role(number))
        && (links.is_empty() || may_have_a_link && links == [number + LATER])
}

impl Load {
    pub fn begin(addresses: Addresses, ledger: &Arc<Ledger>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
        ledger.stop.store(false, Ordering::Relaxed);
        let senders = (0..SENDERS).map(|sender| {
            let ledger = Arc::clone(ledger);
            runtime.spawn(async move {
                if sender % 2 == 0 {
                    by_grpc(addresses, &ledger).await;
                } else {
                    by_http(addresses, &ledger).await;
                }
            })
        });
        let senders = senders.collect();
        Self {
            runtime,
            senders,
            ledger: Arc::clone(ledger),
        }
    }

    /// Begins no more requests, and waits for the answers.
    pub fn end(self) {
        self.ledger.stop.store(true, Ordering::Relaxed);
        self.runtime.block_on(async {
            for sender in self.senders {
                let ended = tokio::time::timeout(Duration::from_mins(1), sender).await;
                ended.expect("an answer").unwrap();
            }
        });
    }
}

async fn by_grpc(addresses: Addresses, ledger: &Ledger) {
    let channel = sender::channel(addresses.grpc);
    while let Some((numbers, spans)) = ledger.batch() {
        let answer = sender::grpc(&channel, spans::request(spans)).await;
        ledger.keep(numbers, answer.is_ok());
        sleep(REST).await;
    }
}

async fn by_http(addresses: Addresses, ledger: &Ledger) {
    let client = sender::client();
    while let Some((numbers, spans)) = ledger.batch() {
        let request = spans::request(spans);
        let answer = sender::http_protobuf(&client, addresses.http, &request).await;
        ledger.keep(numbers, answer.is_ok_and(|answer| answer.status == 200));
        sleep(REST).await;
    }
}

impl Ledger {
    /// The next spans; none when it is over.
    fn batch(&self) -> Option<(std::ops::Range<u64>, Vec<Span>)> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let count = fastrand::u64(1..=LARGEST);
        // Zero is no id of a span.
        let first = self.next.fetch_add(count, Ordering::Relaxed) + 1;
        let numbers = first..first + count;
        let spans = numbers
            .clone()
            .map(|number| spans::span(number, role(number)));
        Some((numbers, spans.collect()))
    }

    /// What was refused is not sent again: only what was acknowledged counts.
    fn keep(&self, numbers: std::ops::Range<u64>, acknowledged: bool) {
        if acknowledged {
            self.acknowledged.lock().extend(numbers);
        }
    }

    pub fn sent(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    pub fn acknowledged(&self) -> HashSet<u64> {
        self.acknowledged.lock().clone()
    }
}
