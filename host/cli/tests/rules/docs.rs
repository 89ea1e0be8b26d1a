//! `docs/rules.md` as a newcomer follows it: from nothing to links in a file.
//!
//! What is run is what stands there: the commands of "Before you begin", then
//! those of one language. It builds linkmend with the release profile, and gets
//! toolchains from the package registries, so it is done where
//! `LINKMEND_FOLLOW_DOCS` asks for it: `.ci/run` does.

use std::path::Path;
use std::process::Command;

use crate::cases;
use crate::toolchains::repository;

pub const ASKED: &str = "LINKMEND_FOLLOW_DOCS";

#[test]
fn rust_from_nothing_to_links() {
    follow("Rust");
}

#[test]
fn python_from_nothing_to_links() {
    follow("Python");
}

#[test]
fn javascript_from_nothing_to_links() {
    follow("JavaScript");
}

#[test]
fn go_from_nothing_to_links() {
    if Command::new("go").arg("version").output().is_err() {
        eprintln!("SKIPPED: Go is not installed");
        return;
    }
    follow("Go");
}

#[test]
fn c_from_nothing_to_links() {
    follow("C");
}

/// Every language of the page is followed.
#[test]
fn no_language_is_left_out() {
    let text = page();
    let part = section(&text, "## From nothing to links");
    let languages: Vec<&str> = part
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    assert_eq!(languages, ["Rust", "Python", "JavaScript", "Go", "C"]);
}

fn follow(language: &str) {
    if std::env::var_os(ASKED).is_none() {
        eprintln!("SKIPPED: docs/rules.md is followed where {ASKED} is set");
        return;
    }
    let text = page();
    let begin = commands(section(&text, "## Before you begin"));
    let commands = commands(section(&text, &format!("### {language}")));
    assert!(commands.contains("linkmend rule new"), "{commands}");
    let place = tempfile::tempdir().unwrap();
    let script = format!("{begin}\ncd {}\n{commands}", place.path().display());
    let done = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(repository(""))
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{script}\n{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    assert_links(
        &place
            .path()
            .join(format!("{}-jobs", language.to_lowercase())),
    );
}

/// The links that the page promises are in the file that it makes.
fn assert_links(folder: &Path) {
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (before, mended) = (read("tests/one-job/before.jsonl"), read("mended.jsonl"));
    let wanted = cases::links(&read("tests/one-job/after.jsonl"));
    assert_eq!(cases::links(&mended), wanted);
    assert_ne!(cases::links(&before), wanted, "there is nothing to mend");
}

fn page() -> String {
    std::fs::read_to_string(repository("docs/rules.md")).unwrap()
}

/// What stands under a heading, to the next one of its level or above.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text
        .split_once(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("docs/rules.md has no `{heading}`"));
    let level = heading.split(' ').next().unwrap().len();
    let ends = (1..=level).filter_map(|level| rest.find(&format!("\n{} ", "#".repeat(level))));
    &rest[..ends.min().unwrap_or(rest.len())]
}

/// The blocks of commands in a section.
fn commands(section: &str) -> String {
    let blocks = section.split("\n```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("\n```").next().unwrap());
    blocks.collect::<Vec<_>>().join("\n")
}
