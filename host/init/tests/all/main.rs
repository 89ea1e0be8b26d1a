//! Pairs made of Collectors' configurations with the traits of public ones.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};

use linkmend_init::{Pair, from_collector, smallest};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/cases");
    let cases = fs::read_dir(folder).unwrap();
    let mut cases: Vec<_> = cases.map(|case| case.unwrap().path()).collect();
    cases.sort();
    cases
}

fn nothing_wrong(_: &str) -> Vec<String> {
    Vec::new()
}

/// With `LINKMEND_BLESS=1` what comes out is written as what is expected: read the
/// difference before you commit it.
#[test]
fn pairs_are_as_they_were() {
    let cases = cases();
    assert!(cases.len() >= 10);
    for case in cases {
        let text = fs::read_to_string(case.join("collector.yaml")).unwrap();
        let pair = from_collector("collector.yaml", &text, &nothing_wrong);
        let Pair {
            linkmend,
            collector,
            notes,
        } = pair.unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let notes = notes.iter().map(|note| format!("- {note}\n"));
        for (name, made) in [
            ("linkmend.yaml", linkmend),
            ("collector-with-linkmend.yaml", collector),
            ("notes.txt", notes.collect()),
        ] {
            let path = case.join(name);
            if std::env::var_os("LINKMEND_BLESS").is_some() {
                fs::write(&path, made).unwrap();
            } else {
                let expected = fs::read_to_string(&path).unwrap_or_default();
                assert_eq!(made, expected, "{}", path.display());
            }
        }
    }
}

/// All lines of a Collector's file but those that change are still there.
#[test]
fn what_is_not_changed_stays_as_it_is_written() {
    for case in cases() {
        let text = fs::read_to_string(case.join("collector.yaml")).unwrap();
        let pair = from_collector("collector.yaml", &text, &nothing_wrong).unwrap();
        let lost = text
            .lines()
            .filter(|line| !pair.collector.lines().any(|made| made == *line));
        let lost: Vec<_> = lost.collect();
        let of_lists = lost.iter().filter(|line| {
            let line = line.trim();
            line.starts_with("receivers:")
                || line.starts_with("exporters:")
                || line.starts_with("- ")
        });
        // JSON has several keys in a line.
        let is_json = text.starts_with('{');
        assert!(
            is_json || of_lists.count() == lost.len(),
            "{}: {lost:?}",
            case.display()
        );
    }
}

/// Done twice, spans would go round for ever.
#[test]
fn what_is_done_is_not_done_again() {
    for case in cases() {
        let made = fs::read_to_string(case.join("collector-with-linkmend.yaml")).unwrap();
        let error = from_collector("collector.yaml", &made, &nothing_wrong).unwrap_err();
        assert!(
            error.text.contains("is there already"),
            "{}: {error}",
            case.display()
        );
    }
}

/// Exporters that linkmend cannot do stay in the Collector.
#[test]
fn exporters_that_linkmend_cannot_do_are_left_to_the_collector() {
    let case = cases()
        .into_iter()
        .find(|case| case.ends_with("agent"))
        .unwrap();
    let text = fs::read_to_string(case.join("collector.yaml")).unwrap();
    let refuse = |draft: &str| {
        assert!(draft.contains("queue_size: 100 # few"), "{draft}");
        vec!["exporters.otlp.x: not supported".to_owned()]
    };
    let pair = from_collector("collector.yaml", &text, &refuse).unwrap();
    assert!(
        pair.linkmend.contains("otlp_grpc/collector:"),
        "{}",
        pair.linkmend
    );
    assert!(
        pair.notes[0].contains("exporters.otlp.x: not supported"),
        "{:?}",
        pair.notes
    );
}

#[test]
fn files_in_which_linkmend_has_no_place_say_why() {
    for (text, place, expected) in [
        ("receivers: [", "line 2", ""),
        (
            "service: {pipelines: {metrics: {receivers: [otlp]}}}",
            "line 1, column 1",
            "there is no pipeline of traces",
        ),
        (
            "exporters: {a: }\nreceivers: {otlp: }\nservice:\n  pipelines:\n    traces/x: &t\n      receivers: [otlp]\n      exporters: [a]\n    traces: *t\n",
            "line 1, column 1",
            "the pipeline `traces` is written with an alias",
        ),
        (
            "exporters: {debug: }\nreceivers: {otlp: }\nservice:\n  pipelines:\n    metrics: {receivers: [otlp], exporters: &e [debug]}\n    traces: {receivers: [otlp], exporters: *e}\n    traces/2: {receivers: [jaeger], exporters: &f [debug]}\n",
            "line 7, column 37",
            "this list has an anchor",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata: {relay: 'receivers: {}'}\n",
            "line 3, column 8",
            "in quotes; write it as lines",
        ),
    ] {
        let error = from_collector("c.yaml", text, &nothing_wrong)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(place), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

/// Files, dollar signs and comments name nothing of the environment.
#[test]
fn what_is_needed_of_the_environment_is_told_by_name() {
    let text = "\
receivers: {otlp: }
exporters:
  otlp_grpc:
    endpoint: ${env:BACKEND:-${FALLBACK}}
    # ${COMMENT}
    headers:
      a: ${file:/nowhere/token}
      b: $${DOLLARS}
      c: ${KEY}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc]}
";
    let pair = from_collector("collector.yaml", text, &nothing_wrong).unwrap();
    let told = pair.notes.iter().find(|note| note.contains("environment"));
    assert_eq!(
        told.unwrap(),
        "linkmend needs these of the Collector's environment: `BACKEND`, `FALLBACK`, `KEY`"
    );
}

#[test]
fn ports_are_those_that_nobody_has() {
    let case = cases()
        .into_iter()
        .find(|case| case.ends_with("gateway"))
        .unwrap();
    let text = fs::read_to_string(case.join("collector.yaml")).unwrap();
    let pair = from_collector("collector.yaml", &text, &nothing_wrong).unwrap();
    assert!(!pair.linkmend.contains("14317"), "{}", pair.linkmend);
    assert!(
        pair.linkmend.contains("127.0.0.1:14318"),
        "{}",
        pair.linkmend
    );
}

#[test]
fn the_smallest_has_comments() {
    assert!(linkmend_config::read(&smallest()).is_ok());
    assert!(
        smallest()
            .lines()
            .filter(|line| line.trim().starts_with('#'))
            .count()
            > 5
    );
}
