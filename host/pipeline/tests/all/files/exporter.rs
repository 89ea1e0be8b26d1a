//! The exporter `file`.

use std::fs;

use bytes::Bytes;
use linkmend_pipeline::component::Exporter as _;
use linkmend_pipeline::exporters::file::File;
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::traces::{Consumer as _, RefusalKind, Traces};
use opentelemetry_proto::tonic::trace::v1::TracesData;

use super::support::{batch, config, id, names_in, started};

#[tokio::test]
async fn a_batch_is_in_the_file_when_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let file = started(&path, "").await;
    for (number, name) in ["one", "two", "three"].into_iter().enumerate() {
        file.take(batch(name)).await.unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), number + 1);
        assert!(text.ends_with('\n'));
    }
    assert_eq!(names_in(&path), ["one", "two", "three"]);
    // The model of OTLP/JSON reads each line.
    for line in fs::read_to_string(&path).unwrap().lines() {
        let data: TracesData = serde_json::from_str(line).unwrap();
        assert_eq!(data.resource_spans.len(), 1);
    }
}

#[tokio::test]
async fn all_formats_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let formats = [
        "",
        "format: proto",
        "compression: zstd",
        "format: proto\ncompression: zstd",
    ];
    for (number, lines) in formats.into_iter().enumerate() {
        let path = folder.path().join(number.to_string());
        let file = started(&path, lines).await;
        file.take(batch("one")).await.unwrap();
        file.take(batch("two")).await.unwrap();
        file.stop().await;
        assert_eq!(names_in(&path), ["one", "two"], "{lines}");
    }
}

#[tokio::test]
async fn frames_are_behind_their_lengths() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.binpb");
    let file = started(&path, "format: proto").await;
    file.take(batch("one")).await.unwrap();
    let bytes = fs::read(&path).unwrap();
    let message = batch("one").bytes().clone();
    assert_eq!(
        bytes[..4],
        u32::try_from(message.len()).unwrap().to_be_bytes()
    );
    assert_eq!(bytes[4..], message);
}

#[tokio::test]
async fn many_at_once_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let file = std::sync::Arc::new(started(&path, "").await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200 {
        let file = std::sync::Arc::clone(&file);
        tasks.spawn(async move { file.take(batch(&number.to_string())).await.unwrap() });
    }
    tasks.join_all().await;
    let mut names: Vec<usize> = names_in(&path)
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_there_goes_unless_it_is_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    for (lines, names) in [
        ("", vec!["new"]),
        ("", vec!["new"]),
        ("append: true", vec!["new", "new"]),
        ("rotation: {}", vec!["new", "new", "new"]),
    ] {
        let file = started(&path, lines).await;
        file.take(batch("new")).await.unwrap();
        file.stop().await;
        assert_eq!(names_in(&path), names, "{lines}");
    }
}

/// The rest of a line that a crash cut off must not swallow the next batch.
#[tokio::test]
async fn a_new_line_is_begun_behind_half_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    fs::write(&path, "{\"resourceSp").unwrap();
    let file = started(&path, "append: true").await;
    file.take(batch("whole")).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], "{\"resourceSp");
    assert!(lines[1].contains("whole"));
}

/// The same of frames, where the rest would take the next batch for its own.
#[tokio::test]
async fn half_a_frame_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.binpb");
    let file = started(&path, "format: proto").await;
    file.take(batch("one")).await.unwrap();
    file.take(batch("half")).await.unwrap();
    file.stop().await;
    let whole = fs::read(&path).unwrap();
    for missing in 1..whole.len() / 2 {
        fs::write(&path, &whole[..whole.len() - missing]).unwrap();
        let file = started(&path, "format: proto\nappend: true").await;
        file.take(batch("two")).await.unwrap();
        file.stop().await;
        assert_eq!(names_in(&path), ["one", "two"], "{missing} missing");
    }
}

#[tokio::test]
async fn a_file_of_another_format_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces");
    fs::write(&path, "{\"resourceSpans\":[]}\n").unwrap();
    let config = config(&path, "format: proto\nappend: true");
    let file = File::new(
        &id("file"),
        &config,
        &[linkmend_pipeline::signal::Signal::Traces],
        &Metrics::new(true),
    )
    .unwrap();
    let error = file.start().await.unwrap_err();
    assert_eq!(error.path, "exporters.file.path");
    assert!(
        error.text.contains("something else than batches"),
        "{error}"
    );
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "{\"resourceSpans\":[]}\n"
    );
}

#[tokio::test]
async fn folders_are_made_when_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/traces.jsonl");
    let refused = File::new(
        &id("file"),
        &config(&path, ""),
        &[linkmend_pipeline::signal::Signal::Traces],
        &Metrics::new(true),
    );
    let error = refused.err().unwrap();
    assert_eq!(error.path, "exporters.file.path");
    assert!(error.text.contains("create_directory: true"), "{error}");
    let lines = "create_directory: true\ndirectory_permissions: '0700'";
    let file = started(&path, lines).await;
    file.take(batch("one")).await.unwrap();
    assert_eq!(names_in(&path), ["one"]);
    #[cfg(unix)]
    for made in ["a", "a/b"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join(made))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

/// `linkmend validate` must not write.
#[tokio::test]
async fn nothing_is_written_before_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    fs::write(&path, "old").unwrap();
    let file = File::new(
        &id("file"),
        &config(&path, ""),
        &[linkmend_pipeline::signal::Signal::Traces],
        &Metrics::new(true),
    )
    .unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    let refusal = file.take(batch("early")).await.unwrap_err();
    assert!(refusal.is_retryable());
}

#[tokio::test]
async fn what_is_not_well_formed_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let metrics = Metrics::new(true);
    let file = File::new(
        &id("file"),
        &config(&path, ""),
        &[linkmend_pipeline::signal::Signal::Traces],
        &metrics,
    )
    .unwrap();
    file.start().await.unwrap();
    // A span whose name is no text but a number.
    let span = [0x28, 7];
    let scope = [&[0x12, 2][..], &span].concat();
    let resource = [&[0x12, 4][..], &scope].concat();
    let bytes = [&[0x0a, 6][..], &resource].concat();
    let traces = Traces::new(Bytes::from(bytes)).unwrap();
    assert_eq!(traces.items(), 1);
    let refusal = file.take(traces).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Malformed);
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    assert_eq!(
        metrics
            .exporter(&id("file"), linkmend_pipeline::signal::Signal::Traces)
            .send_failed
            .get(),
        1
    );
    file.take(batch("good")).await.unwrap();
    assert_eq!(
        metrics
            .exporter(&id("file"), linkmend_pipeline::signal::Signal::Traces)
            .sent
            .get(),
        1
    );
}

/// A pipe has no length and is not cut.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_device_is_written_to_as_it_is() {
    let path = std::path::Path::new("/dev/full");
    let file = started(path, "").await;
    let refusal = file.take(batch("one")).await.unwrap_err();
    assert!(refusal.is_retryable());
    assert!(refusal.message.contains("/dev/full"), "{refusal}");
}
