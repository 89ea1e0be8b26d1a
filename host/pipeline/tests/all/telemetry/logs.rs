//! The log.

use std::fs;
use std::path::Path;

use linkmend_pipeline::config::{LogEncoding, LogLevel, Logs};
use linkmend_pipeline::telemetry::logs;
use tracing_subscriber::layer::SubscriberExt;

/// What is in the log when this was said.
pub fn logged(level: LogLevel, encoding: LogEncoding, say: impl FnOnce()) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let subscriber =
        tracing_subscriber::registry().with(logs::layer(&config(&path, level, encoding)).unwrap());
    tracing::subscriber::with_default(subscriber, say);
    fs::read_to_string(path).unwrap()
}

pub fn config(path: &Path, level: LogLevel, encoding: LogEncoding) -> Logs {
    Logs {
        level,
        encoding,
        output_paths: vec![path.to_str().unwrap().into()],
    }
}

#[test]
fn a_line_is_time_level_message_and_fields() {
    let log = logged(LogLevel::Info, LogEncoding::Console, || {
        tracing::info!(target: "linkmend_pipeline", exporter = "otlp_grpc", tries = 3, "cannot send");
    });
    let parts: Vec<_> = log.trim_end_matches('\n').split('\t').collect();
    assert_eq!(
        parts[1..],
        [
            "info",
            "cannot send",
            r#"{"exporter":"otlp_grpc","tries":3}"#
        ]
    );
    let time: jiff::Timestamp = parts[0].parse().unwrap();
    assert!(jiff::Timestamp::now().duration_since(time).as_secs() < 60);
    assert_eq!(parts[0].len(), "2006-01-02T15:04:05.000Z".len());
}

#[test]
fn a_line_of_json_is_flat() {
    let log = logged(LogLevel::Info, LogEncoding::Json, || {
        tracing::warn!(target: "linkmend_pipeline", spans = 3, ok = false, error = %"a\nb", "gone: {}", "\"x\"");
    });
    assert!(
        log.starts_with(r#"{"ts":""#) && log.ends_with("}\n"),
        "{log}"
    );
    let line: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(line["level"], "warn");
    assert_eq!(line["msg"], "gone: \"x\"");
    assert_eq!(line["spans"], 3);
    assert_eq!(line["ok"], false);
    assert_eq!(line["error"], "a\nb");
}

/// A span may be named anything: a line must not be made up by the data.
#[test]
fn nothing_in_a_line_is_obeyed_by_a_terminal() {
    let evil = "a\nb\u{1b}[2J\u{9b}\u{202e}\u{85}";
    for encoding in [LogEncoding::Console, LogEncoding::Json] {
        let log = logged(LogLevel::Info, encoding, || {
            tracing::info!(target: "linkmend_pipeline", span = evil, "the span {evil}");
        });
        assert_eq!(log.matches('\n').count(), 1, "{log}");
        let line = log.trim_end_matches('\n');
        assert!(
            !line.replace('\t', "").contains(char::is_control),
            "{line:?}"
        );
        assert!(!line.contains('\u{202e}'), "{line:?}");
        if encoding == LogEncoding::Json {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["span"], evil);
        }
    }
}

#[test]
fn levels_say_the_least_that_is_told() {
    let say = || {
        tracing::trace!(target: "linkmend_pipeline", "trace");
        tracing::debug!(target: "linkmend_pipeline", "debug");
        tracing::info!(target: "linkmend_pipeline", "info");
        tracing::warn!(target: "linkmend_pipeline", "warn");
        tracing::error!(target: "linkmend_pipeline", "error");
        tracing::info!(target: "hyper", "of a library");
        tracing::warn!(target: "hyper", "of a library, a warning");
    };
    for (level, lines) in [
        (LogLevel::Debug, 5),
        (LogLevel::Info, 4),
        (LogLevel::Warn, 3),
        (LogLevel::Error, 1),
    ] {
        let log = logged(level, LogEncoding::Console, say);
        assert_eq!(log.lines().count(), lines, "{log}");
        assert_eq!(
            log.contains("logger\":\"hyper"),
            level <= LogLevel::Warn,
            "{log}"
        );
    }
}

#[test]
fn files_are_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, "old\n").unwrap();
    let config = config(&path, LogLevel::Info, LogEncoding::Console);
    let subscriber = tracing_subscriber::registry().with(logs::layer(&config).unwrap());
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(target: "linkmend_pipeline", "new");
    });
    let log = fs::read_to_string(path).unwrap();
    assert!(log.starts_with("old\n") && log.ends_with("new\n"), "{log}");
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error() {
    let path = Path::new("/nowhere/log");
    let made = logs::layer::<tracing_subscriber::Registry>(&config(
        path,
        LogLevel::Info,
        LogEncoding::Json,
    ));
    let error = made.err().unwrap();
    assert_eq!(error.path, "service.telemetry.logs.output_paths");
    assert!(error.text.contains("cannot open /nowhere/log"), "{error}");
}

const LOG: &str = "LINKMEND_TEST_LOG";

/// The log of a process and its panic hook are set once, so the test runs
/// itself once more.
#[test]
fn a_panic_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "telemetry::logs::a_process_of_its_own",
        ])
        .env(LOG, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let log = fs::read_to_string(path).unwrap();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["level"], "error", "{log}");
    assert_eq!(
        lines[0]["msg"],
        "panic: out of \u{1b}cheese; this is a mistake in linkmend"
    );
    assert_eq!(lines[0]["thread"], "worker-7");
    assert!(
        lines[0]["place"].as_str().unwrap().contains("logs.rs:"),
        "{log}"
    );
    assert_eq!(lines[1]["msg"], "it goes on");
}

/// The other side of [`a_panic_is_in_the_log`].
#[test]
#[ignore = "sets the log of the process"]
fn a_process_of_its_own() {
    let Some(path) = std::env::var_os(LOG) else {
        return;
    };
    let config = config(Path::new(&path), LogLevel::Info, LogEncoding::Json);
    linkmend_pipeline::telemetry::start(&config, None).unwrap();
    let thread = std::thread::Builder::new().name("worker-7".into());
    let thread = thread.spawn(|| panic!("out of \u{1b}cheese")).unwrap();
    thread.join().unwrap_err();
    tracing::info!(target: "linkmend_pipeline", "it goes on");
    let again = linkmend_pipeline::telemetry::start(&config, None);
    assert_eq!(again.unwrap_err().path, "service.telemetry");
}
