//! What is remembered of messages outlives a restart without any store.

use std::path::Path;
use std::time::Duration;

use linkmend_tests::otlp::{consumer, producer};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{SOON, Sender, Sink, one_pipeline, run};

fn text(folder: &Path, index: &str, scope: &str, sink: &Sink) -> String {
    let processor = format!(
        "  linkmend: {{hold: {{time: 0s}}, index: {{{index}storage: file_storage}}, scope: {{{scope}}}}}"
    );
    let text = one_pipeline(&processor, "linkmend", &[sink]);
    let text = text.replace("service:", "service:\n  extensions: [file_storage]");
    let folder = folder.display();
    format!("{text}\nextensions: {{file_storage: {{directory: '{folder}'}}}}\n")
}

/// How many links consumers of these messages have that come in a run of their own.
fn linked(text: &str, messages: &[&str], sink: &Sink) -> usize {
    let before = sink.spans().len();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let running = run(text).await;
        let sender = Sender::to(&running).await;
        let spans = (100..).zip(messages);
        let spans = spans.map(|(number, message)| consumer(number, message));
        sender.send(spans.collect()).await.unwrap();
        sink.wait(before + messages.len()).await;
        running.stop(SOON).await.unwrap();
    });
    let spans = sink.spans();
    let spans = spans.iter().skip(before);
    spans.map(|span| span.links.len()).sum()
}

/// It ends without notice: nothing is drained or written at the end.
fn remember_and_die(text: &str, messages: &[&str]) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let running = run(text).await;
        let sender = Sender::to(&running).await;
        for (number, message) in (1..).zip(messages) {
            sender.send(vec![producer(number, message)]).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    });
}

#[test]
fn producers_of_a_run_that_was_killed_are_found_in_the_next() {
    let folder = TempDir::new().unwrap();
    let others = Runtime::new().unwrap();
    let sink = others.block_on(Sink::start());
    let text = text(folder.path(), "", "", &sink);
    remember_and_die(&text, &["a", "b"]);
    assert_eq!(linked(&text, &["a", "b", "c"], &sink), 2);
    // And in the one after that.
    assert_eq!(linked(&text, &["b"], &sink), 1);
}

#[test]
fn scopes_stay_apart_over_a_restart() {
    let folder = TempDir::new().unwrap();
    let others = Runtime::new().unwrap();
    let sink = others.block_on(Sink::start());
    let scoped = text(
        folder.path(),
        "",
        "resource_attributes: [service.name]",
        &sink,
    );
    remember_and_die(&scoped, &["a"]);
    assert_eq!(linked(&scoped, &["a"], &sink), 1);
    // Whoever is not told apart any more does not see what was.
    let open = text(folder.path(), "", "", &sink);
    assert_eq!(linked(&open, &["a"], &sink), 0);
}

#[test]
fn what_is_too_old_or_too_much_is_not_taken_up() {
    let folder = TempDir::new().unwrap();
    let others = Runtime::new().unwrap();
    let sink = others.block_on(Sink::start());
    let short = text(folder.path(), "time_to_live: 10s, ", "", &sink);
    remember_and_die(&short, &["a"]);
    assert_eq!(linked(&short, &["a"], &sink), 1);
    std::thread::sleep(Duration::from_secs(10));
    assert_eq!(linked(&short, &["a"], &sink), 0);
    let few = text(folder.path(), "max_entries: 3, ", "", &sink);
    remember_and_die(&few, &["a", "b", "c", "d", "e"]);
    assert_eq!(linked(&few, &["a", "b", "c", "d", "e"], &sink), 3);
}
