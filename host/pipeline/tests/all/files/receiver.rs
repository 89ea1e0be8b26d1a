//! The receiver `otlpjsonfile`.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use linkmend_pipeline::component::{Receiver as _, Tasks};
use linkmend_pipeline::config::{OtlpJsonFileReceiver, Receiver};
use linkmend_pipeline::receivers::otlpjsonfile::OtlpJsonFile;
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::traces::{Accepted, BoxFuture, ConsumeResult, Consumer, Refusal, Traces};

use super::support::{batch, id, names_of};
use crate::support::{consumers, read, receiver, with};

/// Takes all, but for what it is told to refuse first.
#[derive(Default)]
struct Sink {
    names: Mutex<Vec<String>>,
    refusals: Mutex<VecDeque<Refusal>>,
}

impl Sink {
    fn names(&self) -> Vec<String> {
        self.names.lock().unwrap().clone()
    }
}

impl Consumer for Sink {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        Box::pin(async move {
            if let Some(refusal) = self.refusals.lock().unwrap().pop_front() {
                return Err(refusal);
            }
            self.names.lock().unwrap().extend(names_of(traces.bytes()));
            Ok(Accepted::default())
        })
    }
}

pub struct Running {
    sink: Arc<Sink>,
    pub tasks: Tasks,
    metrics: Metrics,
}

fn config(folder: &Path, lines: &str) -> OtlpJsonFileReceiver {
    let include = folder.join("*.jsonl*");
    let lines = format!(
        "include: ['{}']\npoll_interval: 5ms\n{lines}",
        include.display()
    );
    match receiver(
        &read(&[&with("receivers", "otlpjsonfile", &lines)]),
        "otlpjsonfile",
    ) {
        Receiver::OtlpJsonFile(config) => config.clone(),
        other => panic!("{other:?}"),
    }
}

impl Running {
    pub async fn start(folder: &Path, lines: &str) -> Self {
        Self::start_with(folder, lines, Vec::new()).await
    }

    async fn start_with(folder: &Path, lines: &str, refusals: Vec<Refusal>) -> Self {
        let metrics = Metrics::new(true);
        let sink = Arc::new(Sink {
            refusals: Mutex::new(refusals.into()),
            ..Sink::default()
        });
        let made = OtlpJsonFile::new(&id("otlpjsonfile"), &config(folder, lines), &metrics);
        let tasks = Box::new(made.unwrap())
            .start(consumers(sink.clone()))
            .await
            .unwrap();
        Self {
            sink,
            tasks,
            metrics,
        }
    }

    /// Waits until so many were taken, then a little longer.
    pub async fn takes_so_many(&self, count: usize) -> Vec<String> {
        for _ in 0..600 {
            if self.sink.names().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
        self.sink.names()
    }

    /// Waits until these were taken, and no others were.
    #[track_caller]
    fn takes(&self, names: &[&str]) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move { assert_eq!(self.takes_so_many(names.len()).await, names, "{place}") }
    }
}

fn line(name: &str) -> Vec<u8> {
    let mut line = linkmend_files::json::encode(batch(name).bytes()).unwrap();
    line.push(b'\n');
    line
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    file.write_all(bytes).unwrap();
}

#[tokio::test]
async fn files_are_followed_from_their_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.jsonl", "b.jsonl"].map(|name| folder.path().join(name));
    append(&b, &line("b1"));
    append(&a, &[line("a1"), b"\r\n\n".to_vec(), line("a2")].concat());
    let running = Running::start(folder.path(), "start_at: beginning").await;
    running.takes(&["a1", "a2", "b1"]).await;
    append(&b, &line("b2"));
    running.takes(&["a1", "a2", "b1", "b2"]).await;
    append(&folder.path().join("c.jsonl"), &line("c1"));
    running.takes(&["a1", "a2", "b1", "b2", "c1"]).await;
    running.tasks.end().await;
    let taken = running.metrics.text();
    assert!(taken.contains(
        r#"otelcol_receiver_accepted_spans_total{receiver="otlpjsonfile",transport="file"} 5"#
    ));
}

#[tokio::test]
async fn what_is_there_is_left_out_by_default() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let new = line("half");
    let (half, rest) = new.split_at(20);
    append(&path, &[line("old"), half.to_vec()].concat());
    let running = Running::start(folder.path(), "").await;
    running.takes(&[]).await;
    append(&path, rest);
    running.takes(&["half"]).await;
    append(&folder.path().join("new.jsonl"), &line("new file"));
    running.takes(&["half", "new file"]).await;
    running.tasks.end().await;
}

#[tokio::test]
async fn a_last_line_is_read_when_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let whole = line("one");
    let (half, rest) = whole.split_at(whole.len() / 2);
    append(&path, half);
    let running = Running::start(folder.path(), "start_at: beginning").await;
    running.takes(&[]).await;
    append(&path, rest.trim_ascii_end());
    running.takes(&["one"]).await;
    append(&path, &[b"\n".to_vec(), line("two")].concat());
    running.takes(&["one", "two"]).await;
    running.tasks.end().await;
}

#[tokio::test]
async fn a_renamed_file_is_not_read_again_and_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let [path, kept, away] = ["a.jsonl", "a.jsonl.1", "away"].map(|name| folder.path().join(name));
    append(&path, &line("one"));
    let running = Running::start(folder.path(), "start_at: beginning").await;
    running.takes(&["one"]).await;
    fs::rename(&path, &kept).unwrap();
    append(&path, &line("two"));
    running.takes(&["one", "two"]).await;
    // What comes late, after the name matches no more.
    fs::rename(&path, &away).unwrap();
    append(&away, &line("late"));
    running.takes(&["one", "two", "late"]).await;
    running.tasks.end().await;
}

#[tokio::test]
async fn a_file_that_is_written_anew_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    append(&path, &[line("one"), line("two")].concat());
    let running = Running::start(folder.path(), "start_at: beginning").await;
    running.takes(&["one", "two"]).await;
    fs::write(&path, line("shorter")).unwrap();
    running.takes(&["one", "two", "shorter"]).await;
    fs::write(&path, [line("longer"), line("than before")].concat()).unwrap();
    running
        .takes(&["one", "two", "shorter", "longer", "than before"])
        .await;
    running.tasks.end().await;
}

#[tokio::test]
async fn what_is_no_batch_is_skipped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let long = line(&"x".repeat(2000));
    let bad = b"{\"resourceSpans\":[{\"scopeSpans\":7}]}\nnonsense\n{\"resourceMetrics\":[]}\n";
    append(
        &path,
        &[line("one"), bad.to_vec(), long, line("two")].concat(),
    );
    let running = Running::start(folder.path(), "start_at: beginning\nmax_log_size: 1000").await;
    running.takes(&["one", "two"]).await;
    running.tasks.end().await;
    let failed = r#"otelcol_receiver_requests_total{outcome="failure",receiver="otlpjsonfile",transport="file"} 3"#;
    let text = running.metrics.text();
    assert!(text.contains(failed), "{text}");
}

#[tokio::test]
async fn what_is_refused_is_handed_on_again_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    append(
        &folder.path().join("a.jsonl"),
        &[line("one"), line("two"), line("three")].concat(),
    );
    let refusals = vec![
        Refusal::retry("not now"),
        Refusal::retry_after(Duration::from_millis(10), "not yet"),
    ];
    let running = Running::start_with(folder.path(), "start_at: beginning", refusals).await;
    running.takes(&["one", "two", "three"]).await;
    running.tasks.end().await;
}

#[tokio::test]
async fn what_is_refused_for_good_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    append(
        &folder.path().join("a.jsonl"),
        &[line("one"), line("two")].concat(),
    );
    let refusals = vec![Refusal::permanent("never")];
    let running = Running::start_with(folder.path(), "start_at: beginning", refusals).await;
    running.takes(&["two"]).await;
    running.tasks.end().await;
    let refused =
        r#"otelcol_receiver_refused_spans_total{receiver="otlpjsonfile",transport="file"} 1"#;
    assert!(running.metrics.text().contains(refused));
}

/// A batch that is refused for ever does not keep linkmend from ending.
#[tokio::test]
async fn it_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    append(&folder.path().join("a.jsonl"), &line("one"));
    let refusals = vec![Refusal::retry_after(Duration::from_hours(1), "later")];
    let running = Running::start_with(folder.path(), "start_at: beginning", refusals).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let end = tokio::time::timeout(Duration::from_secs(2), running.tasks.end());
    end.await.unwrap();
    assert_eq!(running.sink.names(), Vec::<String>::new());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_files_are_followed_by_members() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl.gz");
    append(&folder.path().join("b.jsonl"), &line("plain"));
    append(&path, &gzip(&[line("one"), line("two")].concat()));
    let running = Running::start(folder.path(), "start_at: beginning\ncompression: auto").await;
    running.takes(&["one", "two", "plain"]).await;
    let next = gzip(&line("three"));
    let (half, rest) = next.split_at(next.len() - 5);
    append(&path, half);
    tokio::time::sleep(Duration::from_millis(30)).await;
    append(&path, rest);
    running.takes(&["one", "two", "plain", "three"]).await;
    running.tasks.end().await;
}

#[tokio::test]
async fn what_is_there_of_compressed_files_is_left_out_by_default() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl.gz");
    append(&path, &gzip(&line("old")));
    let running = Running::start(folder.path(), "compression: gzip").await;
    running.takes(&[]).await;
    append(&path, &gzip(&line("new")));
    running.takes(&["new"]).await;
    running.tasks.end().await;
}

#[tokio::test]
async fn excluded_files_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    append(&folder.path().join("a.jsonl"), &line("a"));
    append(&folder.path().join("b.jsonl"), &line("b"));
    let exclude = folder.path().join("b*");
    let lines = format!("start_at: beginning\nexclude: ['{}']", exclude.display());
    let running = Running::start(folder.path(), &lines).await;
    running.takes(&["a"]).await;
    running.tasks.end().await;
}

#[tokio::test]
async fn files_are_replayed() {
    let folder = tempfile::tempdir().unwrap();
    append(&folder.path().join("a.jsonl"), &line("a"));
    let running = Running::start(folder.path(), "replay_file: true").await;
    for _ in 0..600 {
        if running.sink.names().len() >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.tasks.end().await;
    let names = running.sink.names();
    assert!(
        names.len() >= 3 && names.iter().all(|name| name == "a"),
        "{names:?}"
    );
}

#[test]
fn a_pattern_that_is_none_is_an_error() {
    let mut config = config(Path::new("/x"), "");
    config.exclude = vec!["/x/*".into(), "/x/[".into()];
    let made = OtlpJsonFile::new(&id("otlpjsonfile"), &config, &Metrics::new(true));
    let error = made.err().unwrap();
    assert_eq!(error.path, "receivers.otlpjsonfile.exclude[1]");
    assert!(error.text.contains("`/x/[` is no pattern"), "{error}");
}

/// Each file was compared with each other one, all of them stayed open, and
/// looking took all the time that there was.
#[tokio::test(flavor = "multi_thread")]
async fn very_many_files_leave_a_processor_idle() {
    let folder = tempfile::tempdir().unwrap();
    for file in 0..3000 {
        fs::write(folder.path().join(format!("{file}.jsonl")), "").unwrap();
    }
    let running = Running::start(folder.path(), "start_at: beginning").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let path = folder.path().join("2999.jsonl");
    let started = std::time::Instant::now();
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(&line("late")).unwrap();
    running.takes(&["late"]).await;
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
}
