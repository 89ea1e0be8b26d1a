//! `docs/operation.md` names what there is: all metrics of a process, and lines
//! of the log that are said somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::{self, Sender};
use crate::support::spans::{Role, request, span};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn manual() -> String {
    fs::read_to_string(root().join("docs/operation.md")).unwrap()
}

/// The rows of the table below a heading.
fn rows<'m>(manual: &'m str, heading: &str) -> Vec<&'m str> {
    let (_, below) = manual.split_once(&format!("\n{heading}\n")).unwrap();
    let lines = below.lines().skip_while(|line| !line.starts_with("|---"));
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.collect()
}

fn is_of_kafka(name: &str) -> bool {
    name.starts_with("otelcol_kafka_") || name.starts_with('…')
}

/// What the manual calls the metrics of a component of Kafka.
pub fn metrics_of_kafka(component: &str) -> Vec<String> {
    let manual = manual();
    let rows = rows(&manual, "## Metrics");
    let names = rows.iter().flat_map(|row| quoted(row, 1));
    let beginning = format!("otelcol_kafka_{component}_");
    let own = names.filter(|name| name.starts_with(&beginning));
    own.map(str::to_owned).collect()
}

/// What stands in backticks in a column.
fn quoted(row: &str, column: usize) -> Vec<&str> {
    let cell = row.split('|').nth(column).unwrap();
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn all_metrics_are_in_the_manual_with_their_labels() {
    let intake = Intake::start();
    let limiter = "
processors: {memory_limiter: {limit_mib: 4096}, linkmend: {on_error: pass, hold: {time: 0s}}}
service:
  pipelines: {traces: {processors: [memory_limiter, linkmend]}}
";
    let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, ""), limiter]);
    let sender = Sender::new();
    let spans = vec![
        span(1, Role::Sends(1)),
        span(2, Role::Receives(1)),
        span(3, Role::Receives(9)),
    ];
    sender
        .grpc(linkmend.addresses.grpc, request(spans))
        .unwrap();
    let text = sender::get(linkmend.addresses.metrics, "/metrics");

    let manual = manual();
    let rows = rows(&manual, "## Metrics");
    let named = rows.iter().flat_map(|row| quoted(row, 1));
    // Those of Kafka are there where something reads or writes it: see `kafka`.
    let named: BTreeSet<_> = named.filter(|name| !is_of_kafka(name)).collect();
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut there: BTreeSet<_> = kinds.map(|line| line.split(' ').next().unwrap()).collect();
    // It is there with the first fault.
    there.insert("linkmend_rule_faults_total");
    assert_eq!(named, there);

    // `the same` is that of the row above.
    let mut labels: Vec<&str> = Vec::new();
    for row in rows {
        let cell = row.split('|').nth(2).unwrap();
        if !cell.contains("the same") {
            labels.clear();
        } else if labels.len() > 2 {
            labels.truncate(2);
        }
        labels.extend(quoted(row, 2));
        for name in quoted(row, 1).into_iter().filter(|name| !is_of_kafka(name)) {
            let series = text
                .lines()
                .find(|line| line.starts_with(&format!("{name}{{")));
            for label in &labels {
                let has = series.is_none_or(|line| line.contains(&format!("{label}=\"")));
                assert!(has, "{name} has no label {label}: {series:?}");
            }
        }
    }
}

#[test]
fn the_lines_of_the_log_that_the_manual_names_are_said() {
    let mut sources = String::new();
    for folder in [
        "host/pipeline/src",
        "host/cli/src",
        "core/src",
        "host/engine/src",
        "host/sandbox/src",
        "host/registry/src",
    ] {
        gather(&root().join(folder), &mut sources);
    }
    let manual = manual();
    let rows = rows(&manual, "## The log");
    assert!(rows.len() > 10);
    for line in rows.iter().flat_map(|row| quoted(row, 1)) {
        for part in line.split('…') {
            assert!(sources.contains(part.trim()), "nobody says: {line}");
        }
    }
}

/// All sources, with texts over several lines put together.
fn gather(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, into);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            for piece in text.split("\\\n") {
                into.push_str(piece.trim_start());
            }
        }
    }
}

/// Links between the files of the documentation lead somewhere.
#[test]
fn its_links_lead_somewhere() {
    for file in ["docs/operation.md", "examples/deploy/README.md"] {
        let path = root().join(file);
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            let (target, anchor) = target.split_once('#').unwrap_or((target, ""));
            let target = match target {
                "" => path.clone(),
                target => path.parent().unwrap().join(target),
            };
            assert!(target.exists(), "{file}: {}", target.display());
            if !anchor.is_empty() {
                let text = fs::read_to_string(target).unwrap();
                let headings = text.lines().filter(|line| line.starts_with('#'));
                let mut anchors = headings.map(|line| {
                    let heading = line.trim_start_matches(['#', ' ']);
                    heading.to_lowercase().replace(' ', "-")
                });
                assert!(anchors.any(|there| there == anchor), "{file}: #{anchor}");
            }
        }
    }
}
