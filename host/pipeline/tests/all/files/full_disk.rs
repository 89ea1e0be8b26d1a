//! A disk that is full: nothing is half written, and it goes on when there is
//! room again.
//!
//! The limit of the system for the size of a file stands for the disk. It holds
//! for a process, so the test runs itself once more below a shell that sets it.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use linkmend_pipeline::traces::Consumer as _;

use super::support::{batch, names_in, started};

const FOLDER: &str = "LINKMEND_TEST_FULL_DISK";

#[test]
fn half_a_line_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let test = std::env::current_exe().unwrap();
    // In units of 512 bytes; the signal would end the process.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" --ignored --exact files::full_disk::below_the_limit";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(test)
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    // What it says goes through a pipe, which has no limit.
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let names = names_in(&folder.path().join("traces.jsonl"));
    assert_eq!(names.first().map(String::as_str), Some("small"));
    assert_eq!(names.last().map(String::as_str), Some("small again"));
}

/// The other side of [`half_a_line_does_not_stay`].
#[tokio::test]
#[ignore = "runs below a limit that another test sets"]
async fn below_the_limit() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let path = folder.join("traces.jsonl");
    let file = started(&path, "").await;
    file.take(batch("small")).await.unwrap();
    let length = fs::metadata(&path).unwrap().len();
    let refusal = file.take(batch(&"x".repeat(100_000))).await.unwrap_err();
    assert!(refusal.is_retryable());
    assert!(refusal.message.contains("traces.jsonl"), "{refusal}");
    assert_eq!(fs::metadata(&path).unwrap().len(), length);
    file.take(batch("small again")).await.unwrap();
}
