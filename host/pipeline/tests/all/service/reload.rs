//! Rules in files, and files that change.

use std::fs;
use std::path::Path;
use std::time::Duration;

use linkmend_pipeline::config::{Config, Source};
use linkmend_pipeline::service::{Options, Service};
use linkmend_tests::guests::{component, in_shell};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{SOON, Sender, Sink, call, config, consumer, one_pipeline, producer, run};

const BUILTIN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../guest/dist/linkmend-repair.wasm"
);

fn processor(rule: &Path, more: &str) -> String {
    format!(
        "  linkmend: {{rule: '{}', hold: {{time: 0s}}{more}}}",
        rule.display()
    )
}

/// Puts a file in the place of another at once, as a careful deployment does.
fn replace(path: &Path, content: &[u8]) {
    let beside = path.with_extension("new");
    fs::write(&beside, content).unwrap();
    fs::rename(&beside, path).unwrap();
}

fn sum(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    let digits: Vec<String> = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// Whether a consumer gets its link.
async fn mends(sender: &Sender, sink: &Sink, number: u64) -> bool {
    let id = number.to_string();
    let spans = vec![producer(number, &id), consumer(number + 1, &id)];
    sender.send(spans).await.unwrap();
    !sink.spans().last().unwrap().links.is_empty()
}

#[tokio::test]
async fn a_rule_is_replaced_while_it_runs_and_a_bad_one_is_not() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rule.wasm");
    fs::copy(BUILTIN, &path).unwrap();
    let sink = Sink::start().await;
    let running = run(&one_pipeline(&processor(&path, ""), "linkmend", &[&sink])).await;
    let sender = Sender::to(&running).await;
    assert!(mends(&sender, &sink, 10).await);

    replace(&path, b"no component");
    sleep(Duration::from_millis(1500)).await;
    assert!(mends(&sender, &sink, 20).await);

    // It mends no consumer.
    replace(&path, &component(&in_shell("")));
    let until = Instant::now() + SOON;
    let mut number = 30;
    while mends(&sender, &sink, number).await {
        assert!(Instant::now() < until, "the rule was not replaced");
        sleep(Duration::from_millis(100)).await;
        number += 10;
    }
    // All batches have come through, whatever the rule was.
    sender.send(vec![call(5)]).await.unwrap();
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn a_file_with_another_checksum_is_refused() {
    let sink = Sink::start().await;
    let wanted = "0".repeat(64);
    let processor = processor(Path::new(BUILTIN), &format!(", sha256: '{wanted}'"));
    let config = config(&one_pipeline(&processor, "linkmend", &[&sink]));
    let errors = Service::new(config, &Options::default()).err().unwrap();
    let text = errors[0].to_string();
    assert!(text.starts_with("processors.linkmend.sha256: "), "{text}");
    let found = sum(&fs::read(BUILTIN).unwrap());
    let both = format!("has the SHA-256 {found}, and {wanted} is wanted");
    assert!(text.contains(&both), "{text}");
}

#[tokio::test]
async fn a_file_that_becomes_another_than_its_checksum_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rule.wasm");
    fs::copy(BUILTIN, &path).unwrap();
    // In whatever case the digits are written.
    let sum = sum(&fs::read(BUILTIN).unwrap()).to_uppercase();
    let sink = Sink::start().await;
    let processor = processor(&path, &format!(", sha256: '{sum}'"));
    let running = run(&one_pipeline(&processor, "linkmend", &[&sink])).await;
    let sender = Sender::to(&running).await;
    assert!(mends(&sender, &sink, 10).await);

    // It would be taken, and mend no consumer, were it not for the sum.
    replace(&path, &component(&in_shell("")));
    sleep(Duration::from_millis(2500)).await;
    assert!(mends(&sender, &sink, 20).await);

    // The one that was meant is back.
    replace(&path, &fs::read(BUILTIN).unwrap());
    sleep(Duration::from_millis(1500)).await;
    assert!(mends(&sender, &sink, 30).await);
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn what_a_rule_says_of_its_configuration_has_file_and_line() {
    let sink = Sink::start().await;
    let processor = "
  linkmend:
    config:
      max_links: 64
      ambiguos: all";
    let config = config(&one_pipeline(processor, "linkmend", &[&sink]));
    let errors = Service::new(config, &Options::default()).err().unwrap();
    let text = errors[0].to_string();
    assert!(text.starts_with("linkmend.yaml: line 8, column "), "{text}");
    assert!(text.contains("ambiguous"), "{text}");
}

#[tokio::test]
async fn a_rule_that_is_not_there_is_told_of_with_its_path() {
    let sink = Sink::start().await;
    let processor = processor(Path::new("/no/such/rule.wasm"), "");
    let config = config(&one_pipeline(&processor, "linkmend", &[&sink]));
    let errors = Service::new(config, &Options::default()).err().unwrap();
    let text = errors[0].to_string();
    assert!(
        text.contains("processors.linkmend.rule: /no/such/rule.wasm: "),
        "{text}"
    );
}

/// Scenario: a rule that lies beside the configuration file, or where linkmend was
/// started; and one that lies nowhere.
/// Guarantees: each is found, and of the last one the file and the line are told.
#[tokio::test]
async fn a_path_begins_beside_the_configuration() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::copy(BUILTIN, folder.path().join("rules/mine.wasm")).unwrap();
    let file = folder.path().join("linkmend.yaml");
    let sink = Sink::start().await;
    let read = |rule: &str| {
        let text = one_pipeline(&processor(Path::new(rule), ""), "linkmend", &[&sink]);
        fs::write(&file, &text).unwrap();
        let source = Source {
            name: file.display().to_string(),
            text,
        };
        Config::read(&[source], &|name| std::env::var(name)).unwrap()
    };
    let config = read("rules/mine.wasm");
    assert!(Service::new(config, &Options::default()).is_ok());
    let config = read("rules/other.wasm");
    let errors = Service::new(config.clone(), &Options::default())
        .err()
        .unwrap();
    let fault = config.fault(&errors[0].path, &errors[0].text).unwrap();
    let text = fault.to_string();
    assert!(text.contains("linkmend.yaml: line "), "{text}");
    let beside = folder.path().join("rules/other.wasm");
    assert!(text.contains(&beside.display().to_string()), "{text}");
}
