//! Storages in processes that are killed, or whose disk is full.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::bench::batch;
use super::intake::{Intake, grpc as answer};
use super::storage::{QUEUE, open, start};

const CHILD: &str = "LINKMEND_TEST_STORAGE";

/// Run by the next test in a process of its own, which it kills.
#[tokio::test]
async fn child_that_is_killed() {
    let Ok(folder) = std::env::var(CHILD) else {
        return;
    };
    let bench = open(Path::new(&folder), "127.0.0.1:9", QUEUE, "")
        .await
        .unwrap();
    for number in 0.. {
        bench.take(batch(&format!("{number}."), 1)).await.unwrap();
        #[allow(clippy::print_stdout, reason = "it tells the other process")]
        {
            println!("taken {number}");
        }
    }
}

#[tokio::test]
async fn kill_loses_nothing_that_was_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "exporters::storage_loss::child_that_is_killed",
            "--nocapture",
        ])
        .env(CHILD, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut told = String::new();
    while !told.contains("taken 50\n") {
        assert_ne!(lines.read_line(&mut told).unwrap(), 0, "it ended: {told}");
    }
    child.kill().unwrap();
    lines.read_to_string(&mut told).unwrap();
    child.wait().unwrap();
    let taken = told.lines().filter(|line| line.contains("taken ")).count();
    assert!(taken > 50);
    let intake = Intake::open().await;
    let bench = start(folder.path(), &intake, QUEUE).await;
    let names = |count: usize| (0..count).map(|n| format!("{n}.0")).collect::<Vec<_>>();
    for _ in 0..500 {
        if bench.metric("queue_size") == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // One more may be there, of which nobody was told.
    let sent = intake.names();
    assert!(sent.len() >= taken, "{} of {taken}", sent.len());
    assert_eq!(sent, names(sent.len()));
    bench.exporter.stop().await;
}

const FULL: &str = "LINKMEND_TEST_FULL_STORAGE";
const ADDRESS: &str = "LINKMEND_TEST_ADDRESS";

/// Run by the next test in a process of its own, whose files may not grow.
#[tokio::test]
async fn child_with_a_full_disk() {
    let (Ok(folder), Ok(address)) = (std::env::var(FULL), std::env::var(ADDRESS)) else {
        return;
    };
    let lines =
        format!("retry_on_failure: {{initial_interval: 50ms, max_interval: 50ms}}\n{QUEUE}");
    let bench = open(Path::new(&folder), &address, &lines, "")
        .await
        .unwrap();
    let long = "long name".repeat(100);
    let mut number = 0;
    let refusal = loop {
        match bench.take(batch(&format!("{number}.{long}"), 100)).await {
            Ok(_) => number += 1,
            Err(refusal) => break refusal,
        }
    };
    assert!(refusal.is_retryable(), "{refusal}");
    #[allow(clippy::print_stdout, reason = "it tells the other process")]
    {
        println!("refused after {number}");
    }
    while bench
        .take(batch(&format!("{number}.{long}"), 100))
        .await
        .is_err()
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bench.until("queue_size", 0).await;
    bench.exporter.stop().await;
}

/// A disk that is full refuses batches for as long as it is, and loses none.
#[tokio::test]
async fn full_disk_refuses_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let intake = Intake::open().await;
    intake.always(answer(14, &[], b""));
    let name = "exporters::storage_loss::child_with_a_full_disk";
    let mut child = Command::new("sh")
        .args([
            "-c",
            "ulimit -f 4096; trap '' XFSZ; exec \"$0\" --exact \"$1\" --nocapture",
        ])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(FULL, folder.path())
        .env(ADDRESS, intake.address.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut told = String::new();
    let (told, status) = tokio::task::spawn_blocking(move || {
        while !told.contains("refused after ") {
            assert_ne!(lines.read_line(&mut told).unwrap(), 0, "it ended: {told}");
        }
        intake.always(answer(0, &[], b""));
        lines.read_to_string(&mut told).unwrap();
        ((told, intake), child.wait().unwrap())
    })
    .await
    .unwrap();
    let (told, intake) = told;
    assert!(status.success(), "{told}");
    let taken = told
        .split("refused after ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let taken: usize = taken.parse().unwrap();
    assert!(taken > 0);
    let mut numbers: Vec<usize> = intake
        .names()
        .iter()
        .map(|name| name.split('.').next().unwrap().parse().unwrap())
        .collect();
    numbers.dedup();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (0..=taken).collect::<Vec<_>>());
}
