//! Held spans on disk.

use std::path::Path;
use std::time::{Duration, Instant};

use linkmend_pipeline::config::Config;
use linkmend_pipeline::service::{Options, Service, StateDirectory};
use linkmend_tests::otlp::batch;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tonic::Code;

use super::{SOON, Sender, Sink, call, config, consumer, one_pipeline, producer};

fn kept(folder: &Path, hold: &str, sink: &Sink) -> Config {
    let processor = format!("  linkmend: {{hold: {{{hold}, storage: file_storage}}}}");
    let text = one_pipeline(&processor, "linkmend", &[sink]);
    let text = text.replace("service:", "service:\n  extensions: [file_storage]");
    let folder = folder.display();
    config(&format!(
        "{text}\nextensions: {{file_storage: {{directory: '{folder}'}}}}\n"
    ))
}

async fn run(config: Config) -> linkmend_pipeline::service::Running {
    let service = Service::new(config, &Options::default());
    let service = service.unwrap_or_else(|errors| panic!("{errors:?}"));
    service.start().await.unwrap()
}

#[tokio::test]
async fn a_sender_does_not_wait_and_the_link_is_found_all_the_same() {
    let folder = TempDir::new().unwrap();
    let sink = Sink::start().await;
    let running = run(kept(folder.path(), "time: 60s", &sink)).await;
    let sender = Sender::to(&running).await;
    let start = Instant::now();
    sender.send(vec![consumer(2, "a")]).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(30));
    sender.send(vec![producer(1, "a")]).await.unwrap();
    let spans = sink.wait(2).await;
    let linked = spans.iter().find(|span| span.kind == 5).unwrap();
    assert_eq!(linked.links.len(), 1);
    running.stop(SOON).await.unwrap();
    assert_eq!(sink.numbers().len(), 2);
}

#[test]
fn what_is_held_when_the_program_ends_without_notice_goes_on_in_the_next_run() {
    let folder = TempDir::new().unwrap();
    let others = Runtime::new().unwrap();
    let sink = others.block_on(Sink::start());
    let first = Runtime::new().unwrap();
    first.block_on(async {
        let running = run(kept(folder.path(), "time: 60s", &sink)).await;
        let sender = Sender::to(&running).await;
        let spans = vec![call(1), consumer(2, "a"), consumer(3, "b")];
        sender.send(spans).await.unwrap();
        sender.send(vec![consumer(4, "c")]).await.unwrap();
        // One has gone on, and need not come again.
        sender.send(vec![producer(5, "c")]).await.unwrap();
        sink.wait(3).await;
        // Its copy on disk goes when the next hop has answered.
        tokio::time::sleep(Duration::from_millis(500)).await;
    });
    drop(first);
    assert_eq!(sorted(&sink), [1, 4, 5]);

    let second = Runtime::new().unwrap();
    second.block_on(async {
        let running = run(kept(folder.path(), "time: 60s", &sink)).await;
        let sender = Sender::to(&running).await;
        // It waits again, and finds who produced it.
        sender.send(vec![producer(6, "b")]).await.unwrap();
        sink.wait(5).await;
        assert_eq!(sorted(&sink), [1, 3, 4, 5, 6]);
        running.stop(SOON).await.unwrap();
        assert_eq!(sorted(&sink), [1, 2, 3, 4, 5, 6]);
    });
    drop(second);

    // Nothing is left.
    let third = Runtime::new().unwrap();
    third.block_on(async {
        let running = run(kept(folder.path(), "time: 100ms", &sink)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        running.stop(SOON).await.unwrap();
    });
    assert_eq!(sorted(&sink), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn what_the_next_hop_does_not_take_stays_on_disk() {
    let folder = TempDir::new().unwrap();
    let others = Runtime::new().unwrap();
    let sink = others.block_on(Sink::start());
    sink.refuse(Some(Code::Unavailable));
    let first = Runtime::new().unwrap();
    first.block_on(async {
        let running = run(kept(folder.path(), "time: 100ms", &sink)).await;
        Sender::to(&running)
            .await
            .send(vec![consumer(2, "a")])
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        running.stop(SOON).await.unwrap();
    });
    drop(first);
    sink.refuse(None);
    let second = Runtime::new().unwrap();
    second.block_on(async {
        let running = run(kept(folder.path(), "time: 100ms", &sink)).await;
        sink.wait(1).await;
        running.stop(SOON).await.unwrap();
    });
    assert_eq!(sink.numbers(), [2]);
}

/// Puts an entry into the journal of the processor, as if it had been held, and
/// says how often it was taken up.
fn hold_on_disk(folder: &Path, number: u64, entry: &[u8], tries: u32) {
    let database = redb::Database::create(folder.join(JOURNAL)).unwrap();
    let writing = database.begin_write().unwrap();
    {
        let entries = redb::TableDefinition::<u64, &[u8]>::new("entries");
        let mut entries = writing.open_table(entries).unwrap();
        entries.insert(number, entry).unwrap();
        let counts = redb::TableDefinition::<u64, u32>::new("tries");
        let mut counts = writing.open_table(counts).unwrap();
        counts.insert(number, tries).unwrap();
    }
    writing.commit().unwrap();
}

const JOURNAL: &str = "processors.linkmend.traces.redb";

fn set_aside(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "pb"));
    let files = files.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read(path).unwrap())
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

/// What cannot be taken up again stands in nobody's way, and is not thrown away:
/// what is no OTLP, and what so many starts have not survived.
#[tokio::test]
async fn what_cannot_be_taken_up_is_set_aside() {
    let folder = TempDir::new().unwrap();
    let sink = Sink::start().await;
    let held = |number| batch(vec![consumer(number, "a")]);
    hold_on_disk(folder.path(), 3, b"no traces", 0);
    hold_on_disk(folder.path(), 4, &held(14), 2);
    hold_on_disk(folder.path(), 5, &held(15), 3);
    hold_on_disk(folder.path(), 6, &held(16), 0);
    let running = run(kept(folder.path(), "time: 100ms", &sink)).await;
    sink.wait(2).await;
    running.stop(SOON).await.unwrap();
    assert_eq!(sorted(&sink), [14, 16]);
    let aside = set_aside(folder.path());
    let names: Vec<_> = aside.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "processors.linkmend.traces.aside-3.pb",
            "processors.linkmend.traces.aside-5.pb"
        ]
    );
    assert_eq!(aside[0].1, b"no traces");
    assert_eq!(aside[1].1, held(15));

    // The next start has nothing to do with them.
    let running = run(kept(folder.path(), "time: 100ms", &sink)).await;
    running.stop(SOON).await.unwrap();
    assert_eq!(sorted(&sink), [14, 16]);
    assert_eq!(set_aside(folder.path()).len(), 2);
}

fn sorted(sink: &Sink) -> Vec<u64> {
    let mut numbers = sink.numbers();
    numbers.sort_unstable();
    numbers
}

/// The default: nothing is configured, and a directory can be written.
#[test]
fn held_spans_are_kept_in_the_directory_for_state() {
    let folder = TempDir::new().unwrap();
    let others = Runtime::new().unwrap();
    let sink = others.block_on(Sink::start());
    let text = one_pipeline("  linkmend: {hold: {time: 60s}}", "linkmend", &[&sink]);
    let nowhere = Path::new("/proc/linkmend").to_owned();
    let state = || StateDirectory::FirstOf(vec![nowhere.clone(), folder.path().join("made/here")]);
    let first = Runtime::new().unwrap();
    first.block_on(async {
        let running = run_with(&text, state()).await;
        let sender = Sender::to(&running).await;
        let start = Instant::now();
        sender.send(vec![consumer(2, "a")]).await.unwrap();
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "it waits for nothing"
        );
        assert_eq!(sink.spans(), []);
        // Another process with the same files keeps its own in memory.
        let second = run_with(&text, state()).await;
        let sender = Sender::to(&second).await;
        sender.send(vec![consumer(3, "b")]).await.unwrap();
        second.stop(SOON).await.unwrap();
        assert_eq!(sink.numbers(), [3]);
        // It is not stopped, as when it is killed.
        drop(running);
    });
    drop(first);
    let second = Runtime::new().unwrap();
    second.block_on(async {
        let running = run_with(&text, state()).await;
        let sender = Sender::to(&running).await;
        sender.send(vec![producer(1, "a")]).await.unwrap();
        running.stop(SOON).await.unwrap();
    });
    let mut spans = sink.spans();
    spans.sort_by_key(|span| span.span_id.clone());
    let links: Vec<_> = spans.iter().map(|span| span.links.len()).collect();
    assert_eq!(links, [0, 1, 0]);
}

/// What was asked for is not done in another way.
#[tokio::test]
async fn a_directory_that_was_given_must_be_writable() {
    let sink = Sink::start().await;
    let text = one_pipeline("  linkmend:", "linkmend", &[&sink]);
    let options = Options {
        state: StateDirectory::At("/proc/linkmend".into()),
        ..Options::default()
    };
    let service =
        Service::new(config(&text), &options).unwrap_or_else(|errors| panic!("{errors:?}"));
    let error = service.start().await.err().unwrap();
    assert_eq!(error.path, "--state-dir");
    assert!(error.text.contains("/proc/linkmend"), "{error}");
}

async fn run_with(text: &str, state: StateDirectory) -> linkmend_pipeline::service::Running {
    let options = Options {
        state,
        ..Options::default()
    };
    let service = Service::new(config(text), &options);
    let service = service.unwrap_or_else(|errors| panic!("{errors:?}"));
    service.start().await.unwrap()
}
