//! `sending_queue.storage`: what survives a restart, and what does not pass
//! unnoticed.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use linkmend_pipeline::component::SetupError;

use super::bench::{Bench, batch, make};
use super::intake::{Answer, Intake, grpc as answer};

pub const QUEUE: &str = "sending_queue: {storage: file_storage, num_consumers: 1}";

pub async fn open(
    folder: &Path,
    address: &str,
    lines: &str,
    storage: &str,
) -> Result<Bench, SetupError> {
    let mut more = format!(
        "extensions: {{file_storage: {{directory: '{}'",
        folder.display()
    );
    write!(
        more,
        "{storage}}}}}\nservice: {{extensions: [file_storage]}}"
    )
    .unwrap();
    let lines = format!("endpoint: 'http://{address}'\n{lines}");
    let bench = make("otlp_grpc/a", &lines, &more)?;
    bench.exporter.start().await?;
    Ok(bench)
}

pub async fn start(folder: &Path, intake: &Intake, lines: &str) -> Bench {
    open(folder, &intake.address.to_string(), lines, "")
        .await
        .unwrap()
}

#[tokio::test]
async fn queue_survives_a_restart_in_order() {
    for fsync in ["", ", fsync: true"] {
        let folder = tempfile::tempdir().unwrap();
        let intake = Intake::open().await;
        intake.always(Answer::Hang);
        let address = intake.address.to_string();
        let lines = format!("timeout: 100ms\n{QUEUE}");
        let bench = open(folder.path(), &address, &lines, fsync).await.unwrap();
        for number in 0..5 {
            bench.take(batch(&format!("{number}."), 2)).await.unwrap();
        }
        assert_eq!(bench.metric("queue_size"), 5);
        bench.exporter.stop().await;
        drop(bench);
        let intake = Intake::open().await;
        let address = intake.address.to_string();
        let bench = open(folder.path(), &address, QUEUE, fsync).await.unwrap();
        bench.take(batch("5.", 2)).await.unwrap();
        bench.until("sent_spans", 12).await;
        let names: Vec<_> = (0..6)
            .flat_map(|n| [format!("{n}.0"), format!("{n}.1")])
            .collect();
        assert_eq!(intake.names(), names);
        bench.until("queue_size", 0).await;
        bench.exporter.stop().await;
        // It is not sent a third time.
        let bench = open(folder.path(), &address, QUEUE, fsync).await.unwrap();
        assert_eq!(bench.metric("queue_size"), 0);
        bench.exporter.stop().await;
        assert_eq!(intake.received().len(), 6);
    }
}

#[tokio::test]
async fn sizes_are_known_after_a_restart() {
    for (sizer, size) in [
        ("requests", 2),
        ("items", 5),
        (
            "bytes",
            batch("a", 2).bytes().len() + batch("a", 3).bytes().len(),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let intake = Intake::open().await;
        intake.always(Answer::Hang);
        let queue = format!(
            "timeout: 50ms\nsending_queue: {{storage: file_storage, sizer: {sizer}, queue_size: {size}}}"
        );
        let bench = start(folder.path(), &intake, &queue).await;
        bench.take(batch("a", 2)).await.unwrap();
        bench.take(batch("a", 3)).await.unwrap();
        bench.exporter.stop().await;
        drop(bench);
        let bench = start(folder.path(), &intake, &queue).await;
        assert_eq!(bench.metric("queue_size"), size as u64, "{sizer}");
        assert!(bench.send(1).await.unwrap_err().message.contains("is full"));
        bench.exporter.stop().await;
    }
}

#[tokio::test]
async fn what_is_joined_goes_from_the_disk_when_all_of_it_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let intake = Intake::open().await;
    let queue = "timeout: 100ms\nretry_on_failure: {initial_interval: 10s}\n\
                 sending_queue: {storage: file_storage, num_consumers: 1, batch: {min_size: 4, max_size: 4}}";
    // Of 4 and 2, the first four are taken, and the last two are not.
    intake.then([answer(0, &[], b"")]);
    intake.always(answer(14, &[], b""));
    let bench = start(folder.path(), &intake, queue).await;
    bench.take(batch("a", 3)).await.unwrap();
    bench.take(batch("b", 3)).await.unwrap();
    intake.until(2).await;
    bench.exporter.stop().await;
    drop(bench);
    let intake = Intake::open().await;
    let bench = start(folder.path(), &intake, QUEUE).await;
    bench.until("sent_spans", 3).await;
    assert_eq!(intake.names(), ["b0", "b1", "b2"]);
    bench.exporter.stop().await;
}

/// What is refused for good would be refused for ever.
#[tokio::test]
async fn what_is_refused_for_good_goes_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let intake = Intake::open().await;
    intake.then([answer(3, &[], b"")]);
    let bench = start(folder.path(), &intake, QUEUE).await;
    bench.send(2).await.unwrap();
    bench.until("send_failed_spans", 2).await;
    bench.exporter.stop().await;
    drop(bench);
    let bench = start(folder.path(), &intake, QUEUE).await;
    assert_eq!(bench.metric("queue_size"), 0);
    bench.exporter.stop().await;
}

#[tokio::test]
async fn many_senders_are_written_together() {
    let folder = tempfile::tempdir().unwrap();
    let intake = Intake::open().await;
    let bench = start(folder.path(), &intake, QUEUE).await;
    let mut senders = Vec::new();
    for number in 0..200 {
        let exporter = std::sync::Arc::clone(&bench.exporter);
        let traces = batch(&format!("{number}."), 1);
        senders.push(tokio::spawn(async move { exporter.take(traces).await }));
    }
    for sender in senders {
        sender.await.unwrap().unwrap();
    }
    bench.until("sent_spans", 200).await;
    let mut names = intake.names();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 200);
    bench.exporter.stop().await;
}

/// A large backlog does not keep its room on the disk for ever.
#[tokio::test]
async fn empty_file_is_small_again_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("exporter_otlp_grpc~2f~a.redb");
    let size = || std::fs::metadata(&file).unwrap().len();
    let intake = Intake::open().await;
    let bench = start(folder.path(), &intake, QUEUE).await;
    for _ in 0..8 {
        bench
            .take(batch(&"long name".repeat(100), 4000))
            .await
            .unwrap();
    }
    bench.until("queue_size", 0).await;
    let large = size();
    assert!(large > 16 << 20, "{large}");
    bench.exporter.stop().await;
    assert!(size() < large / 4, "{} of {large}", size());
}

#[tokio::test]
async fn storage_has_one_user() {
    let folder = tempfile::tempdir().unwrap();
    let intake = Intake::open().await;
    let address = intake.address.to_string();
    let first = start(folder.path(), &intake, QUEUE).await;
    let begun = Instant::now();
    let fault = open(folder.path(), &address, QUEUE, ", timeout: 200ms")
        .await
        .err()
        .unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(200));
    assert_eq!(fault.path, "extensions.file_storage.directory");
    assert!(
        fault.text.contains("another process has it open"),
        "{fault}"
    );
    assert!(
        fault.text.contains(&folder.path().display().to_string()),
        "{fault}"
    );
    // It is waited for one that ends.
    let (second, ()) = tokio::join!(
        open(folder.path(), &address, QUEUE, ", timeout: 5s"),
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            first.exporter.stop().await;
        }
    );
    second.unwrap().exporter.stop().await;
}

#[tokio::test]
async fn damaged_file_is_told_and_kept() {
    for damage in ["cut", "noise", "short"] {
        let folder = tempfile::tempdir().unwrap();
        let intake = Intake::open().await;
        intake.always(Answer::Hang);
        let bench = start(folder.path(), &intake, &format!("timeout: 50ms\n{QUEUE}")).await;
        for _ in 0..20 {
            bench.take(batch("span", 200)).await.unwrap();
        }
        bench.exporter.stop().await;
        drop(bench);
        let file = std::fs::read_dir(folder.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        assert!(
            file.ends_with("exporter_otlp_grpc~2f~a.redb"),
            "{}",
            file.display()
        );
        let mut bytes = std::fs::read(&file).unwrap();
        let end = bytes.len();
        match damage {
            "cut" => bytes.truncate(end / 2),
            "short" => bytes.truncate(100),
            _ => bytes[5000..end / 2].fill(0x5a),
        }
        std::fs::write(&file, &bytes).unwrap();
        let address = intake.address.to_string();
        let fault = open(folder.path(), &address, QUEUE, "").await.err();
        let fault = fault.unwrap_or_else(|| panic!("{damage}: it was opened"));
        assert!(
            fault.text.contains(&file.display().to_string()),
            "{damage}: {fault}"
        );
        assert!(
            fault.text.contains("move it to another place"),
            "{damage}: {fault}"
        );
        assert!(std::fs::metadata(&file).unwrap().len() >= 100);
    }
}

#[tokio::test]
async fn folder_is_made_when_it_may_be() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b");
    let fault = open(&inner, "b:1", QUEUE, "").await.err().unwrap();
    assert!(fault.text.contains("create_directory: true"), "{fault}");
    let storage = ", create_directory: true, directory_permissions: '0700'";
    let bench = open(&inner, "b:1", QUEUE, storage).await.unwrap();
    bench.exporter.stop().await;
    let mode = std::fs::metadata(&inner).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
