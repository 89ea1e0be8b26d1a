//! The processor `memory_limiter`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use linkmend_pipeline::component::Tasks;
use linkmend_pipeline::config::{MemoryLimiter as Config, Processor};
use linkmend_pipeline::processors::memory_limiter::MemoryLimiter;
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::traces::{
    Accepted, BoxFuture, ConsumeResult, Consumer, RefusalKind, Traces,
};

use crate::support::{read, with};

#[derive(Default)]
struct Next(AtomicUsize);

impl Consumer for Next {
    fn take(&self, _: Traces) -> BoxFuture<'_, ConsumeResult> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Accepted::default()) })
    }
}

fn config(lines: &str) -> Config {
    let config = read(&[&with("processors", "memory_limiter", lines)]);
    match &config.processors[&"memory_limiter".parse().unwrap()] {
        Processor::MemoryLimiter(limiter) => limiter.clone(),
        other => panic!("{other:?}"),
    }
}

fn one_span() -> Traces {
    Traces::new(Bytes::from_static(&[0x0a, 4, 0x12, 2, 0x12, 0])).unwrap()
}

#[tokio::test]
async fn traces_are_refused_while_memory_is_short() {
    let (metrics, tasks) = (Arc::new(Metrics::new(true)), Tasks::default());
    let id = "memory_limiter".parse().unwrap();
    let next = Arc::new(Next::default());
    let limiter = MemoryLimiter::new(&id, &config("limit_mib: 1"), &metrics).unwrap();
    let guard = limiter.wrap(
        linkmend_pipeline::signal::Signal::Traces,
        next.clone(),
        &tasks,
    );
    let refusal = guard.take(one_span()).await.unwrap_err();
    assert_eq!(
        refusal.kind,
        RefusalKind::Retry(Some(Duration::from_secs(1)))
    );
    assert!(
        refusal
            .message
            .contains("memory_limiter: memory runs short"),
        "{refusal}"
    );
    assert_eq!(next.0.load(Ordering::Relaxed), 0);
    assert_eq!(
        metrics
            .limiter(&id, linkmend_pipeline::signal::Signal::Traces)
            .refused
            .get(),
        1
    );
    tasks.end().await;
}

#[tokio::test]
async fn traces_pass_while_there_is_enough() {
    let (metrics, tasks) = (Arc::new(Metrics::new(true)), Tasks::default());
    let id = "memory_limiter".parse().unwrap();
    for lines in [
        "limit_mib: 1000000",
        "limit_percentage: 100\nspike_limit_percentage: 1",
    ] {
        let next = Arc::new(Next::default());
        let limiter = MemoryLimiter::new(&id, &config(lines), &metrics).unwrap();
        let guard = limiter.wrap(
            linkmend_pipeline::signal::Signal::Traces,
            next.clone(),
            &tasks,
        );
        guard.take(one_span()).await.unwrap();
        assert_eq!(next.0.load(Ordering::Relaxed), 1);
    }
    assert_eq!(
        metrics
            .limiter(&id, linkmend_pipeline::signal::Signal::Traces)
            .accepted
            .get(),
        2
    );
    tasks.end().await;
}

/// It takes traces again when others have let go of memory.
#[tokio::test]
async fn it_is_measured_again_and_again() {
    let (metrics, tasks) = (Arc::new(Metrics::new(true)), Tasks::default());
    let id = "memory_limiter".parse().unwrap();
    let resident = || {
        let text = metrics.text();
        let line = text
            .lines()
            .find(|line| line.starts_with("otelcol_process_memory_rss "));
        let bytes = line.unwrap().split(' ').nth(1).unwrap();
        bytes.parse::<u64>().unwrap() >> 20
    };
    // Other tests run in this process; they need less than this.
    let limit = resident() + 128;
    let lines = format!("limit_mib: {limit}\nspike_limit_mib: 1\ncheck_interval: 5ms");
    let limiter = MemoryLimiter::new(&id, &config(&lines), &metrics).unwrap();
    let guard = limiter.wrap(
        linkmend_pipeline::signal::Signal::Traces,
        Arc::new(Next::default()),
        &tasks,
    );
    guard.take(one_span()).await.unwrap();

    let memory = vec![1_u8; 256 << 20];
    until(async || guard.take(one_span()).await.is_err()).await;
    drop(std::hint::black_box(memory));
    until(async || guard.take(one_span()).await.is_ok()).await;
    tasks.end().await;
}

async fn until(is_so: impl AsyncFn() -> bool) {
    for _ in 0..1000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it is not so after 5 s");
}
