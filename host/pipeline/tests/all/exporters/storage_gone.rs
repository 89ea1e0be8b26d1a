//! Storages whose files are deleted, replaced or not the user's alone while
//! they run: what is acknowledged is where the next start finds it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bench::{Bench, batch};
use super::intake::{Answer, Intake};
use super::storage::{QUEUE, open};

const NAME: &str = "exporter_otlp_grpc~2f~a.redb";
const MAY_MAKE: &str = ", create_directory: true";

/// A queue in front of a backend that does not answer.
async fn full(folder: &Path, storage: &str) -> Bench {
    let intake = Intake::open().await;
    intake.always(Answer::Hang);
    let address = intake.address.to_string();
    let lines = format!("timeout: 100ms\n{QUEUE}");
    let bench = open(folder, &address, &lines, storage).await.unwrap();
    for number in 0..4 {
        bench.take(batch(&format!("{number}."), 1)).await.unwrap();
    }
    bench
}

/// All names that the next start sends, in their order.
async fn sent(folder: &Path) -> Vec<String> {
    let intake = Intake::open().await;
    let address = intake.address.to_string();
    let bench = open(folder, &address, QUEUE, "").await.unwrap();
    bench.until("queue_size", 0).await;
    bench.exporter.stop().await;
    intake.names()
}

fn names(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("{number}.0")).collect()
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("storage");
    fs::create_dir(&inner).unwrap();
    (folder, inner)
}

/// 8 of 8 batches were lost that were acknowledged after the folder was deleted.
#[tokio::test]
async fn a_folder_that_is_deleted_is_noticed_before_the_next_acknowledgement() {
    let (_folder, inner) = place();
    let bench = full(&inner, "").await;
    fs::remove_dir_all(&inner).unwrap();
    for number in 4..12 {
        let refusal = bench.take(batch(&format!("{number}."), 1)).await;
        let refusal = refusal.unwrap_err();
        assert!(refusal.is_retryable(), "{refusal}");
        let text = refusal.to_string();
        assert!(
            text.contains(NAME) && text.contains("it was deleted or moved away"),
            "{text}"
        );
    }
    // With the folder all is there again: what was taken before, too.
    fs::create_dir(&inner).unwrap();
    bench.take(batch("4.", 1)).await.unwrap();
    bench.exporter.stop().await;
    assert_eq!(sent(&inner).await, names(0..5));
}

#[tokio::test]
async fn a_folder_that_may_be_made_is_made_anew_with_all_that_was_in_it() {
    let (_folder, inner) = place();
    let bench = full(&inner, MAY_MAKE).await;
    fs::remove_dir_all(&inner).unwrap();
    for number in 4..8 {
        bench.take(batch(&format!("{number}."), 1)).await.unwrap();
    }
    bench.exporter.stop().await;
    assert_eq!(sent(&inner).await, names(0..8));
}

/// What is on disk alone is at stake while nothing comes, too.
#[tokio::test]
async fn a_file_that_is_deleted_while_nothing_comes_is_written_anew() {
    let (_folder, inner) = place();
    let bench = full(&inner, "").await;
    let file = inner.join(NAME);
    fs::remove_file(&file).unwrap();
    for _ in 0..500 {
        if file.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bench.exporter.stop().await;
    assert_eq!(sent(&inner).await, names(0..4));
}

#[tokio::test]
async fn a_file_that_is_replaced_is_not_written_over() {
    let (folder, inner) = place();
    let bench = full(&inner, "").await;
    let (file, away) = (inner.join(NAME), folder.path().join("away"));
    fs::rename(&file, &away).unwrap();
    fs::write(&file, "of somebody else").unwrap();
    let refusal = bench.take(batch("4.", 1)).await.unwrap_err();
    let text = refusal.to_string();
    assert!(
        text.contains("another file is in its place; move that away"),
        "{text}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "of somebody else");
    // The one that is open comes back.
    fs::rename(&away, &file).unwrap();
    bench.take(batch("4.", 1)).await.unwrap();
    bench.exporter.stop().await;
    assert_eq!(sent(&inner).await, names(0..5));
}

/// They were readable by others: spans have what customers write.
#[tokio::test]
async fn files_are_for_the_user_alone() {
    let (_folder, inner) = place();
    let file = inner.join(NAME);
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    full(&inner, "").await.exporter.stop().await;
    assert_eq!(mode(), 0o600);
    // Those of an older version, too.
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    full(&inner, "").await.exporter.stop().await;
    assert_eq!(mode(), 0o600);
}

#[tokio::test]
async fn a_link_in_the_place_of_a_file_is_not_followed() {
    let (folder, inner) = place();
    let target = folder.path().join("target");
    fs::write(&target, "").unwrap();
    symlink(&target, inner.join(NAME)).unwrap();
    let fault = open(&inner, "b:1", QUEUE, "").await.err().unwrap();
    assert!(fault.text.contains(NAME), "{fault}");
    assert_eq!(fs::read(&target).unwrap(), b"");
}
