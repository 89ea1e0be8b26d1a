//! Rotation of the exporter `file`.

use std::fs;
use std::path::{Path, PathBuf};

use linkmend_pipeline::component::Exporter as _;
use linkmend_pipeline::config::{Exporter, FileExporter};
use linkmend_pipeline::exporters::file::File;
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::traces::Consumer as _;

use super::support::{batch, config, id, names_in};

/// The files of a folder but the one that is written, the oldest first.
fn backups(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries
        .filter(|path| !path.ends_with("traces.jsonl"))
        .collect();
    paths.sort();
    paths
}

/// A file that has room for two batches, not three.
async fn small(path: &Path, rotation: &str) -> File {
    let mut config: FileExporter = config(path, rotation);
    let line = linkmend_files::json::encode(batch("00").bytes())
        .unwrap()
        .len() as u64
        + 1;
    config.rotation.as_mut().unwrap().max_size = 2 * line;
    let file = File::new(
        &id("file"),
        &config,
        &[linkmend_pipeline::signal::Signal::Traces],
        &Metrics::new(true),
    )
    .unwrap();
    file.start().await.unwrap();
    file
}

async fn fill(file: &File, count: usize) {
    for number in 0..count {
        file.take(batch(&format!("{number:02}"))).await.unwrap();
    }
}

#[tokio::test]
async fn a_full_file_gets_a_name_of_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let file = small(&path, "rotation: {max_backups: 0}").await;
    fill(&file, 7).await;
    let backups = backups(folder.path());
    assert_eq!(backups.len(), 3);
    for (number, backup) in backups.iter().enumerate() {
        let name = backup.file_name().unwrap().to_str().unwrap();
        // traces-2006-01-02T15-04-05.000.jsonl
        assert_eq!(
            name.len(),
            "traces-2006-01-02T15-04-05.000.jsonl".len(),
            "{name}"
        );
        let time = name.strip_prefix("traces-20").unwrap();
        assert!(time.strip_suffix(".jsonl").is_some(), "{name}");
        let names = [2 * number, 2 * number + 1].map(|number| format!("{number:02}"));
        assert_eq!(names_in(backup), names);
    }
    assert_eq!(names_in(&path), ["06"]);
}

#[tokio::test]
async fn what_is_too_much_and_too_old_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let old = [
        "traces-2006-01-02T15-04-05.000.jsonl",
        "traces-2007-01-02T15-04-05.000.jsonl",
    ];
    // Others are left alone.
    let others = ["traces-new.jsonl", "other-2006-01-02T15-04-05.000.jsonl"];
    for name in old.iter().chain(&others) {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let file = small(&path, "rotation: {max_days: 1}").await;
    fill(&file, 3).await;
    assert_eq!(backups(folder.path()).len(), 1 + others.len());
    file.stop().await;

    let file = small(&path, "rotation: {max_backups: 2}").await;
    fill(&file, 20).await;
    let left = backups(folder.path());
    assert_eq!(left.len(), 2 + others.len());
    for other in others {
        assert!(left.iter().any(|path| path.ends_with(other)));
    }
    assert_eq!(names_in(&path).last().unwrap(), "19");
}

/// A batch that is larger than a file may be has one of its own.
#[tokio::test]
async fn no_batch_is_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let file = small(&path, "rotation: {}").await;
    let long = "x".repeat(10_000);
    for name in ["00", &long, "01"] {
        file.take(batch(name)).await.unwrap();
    }
    let backups = backups(folder.path());
    assert_eq!(names_in(&backups[0]), ["00"]);
    assert_eq!(names_in(&backups[1]), [long]);
    assert_eq!(names_in(&path), ["01"]);
}

#[tokio::test]
async fn a_file_that_was_taken_away_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let file = small(&path, "rotation: {}").await;
    fill(&file, 2).await;
    fs::remove_file(&path).unwrap();
    fill(&file, 1).await;
    assert_eq!(names_in(&path), ["00"]);
}

#[test]
fn a_rotation_without_content_is_none() {
    let text = crate::support::with("exporters", "file", "path: /x\nrotation:");
    match crate::support::exporter(&crate::support::read(&[&text]), "file") {
        Exporter::File(file) => assert!(file.rotation.is_none()),
        other => panic!("{other:?}"),
    }
}
