//! `docs/emitters.md`: rendered from what was measured on recordings and on
//! profiles, and held against what is committed.

mod recorded;
mod remedies;
mod sources;

use std::path::Path;

/// Set it to write the page anew.
const WRITE: &str = "LINKMEND_WRITE_DOCS";
const COMMAND: &str = "cargo test --workspace --test suite page";

#[test]
fn the_page_says_what_was_measured() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/emitters.md");
    let page = render();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
        return;
    }
    // Where git writes other line ends the page is the same.
    let committed = std::fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert!(
        committed == page,
        "docs/emitters.md is not what was measured; to write it anew: {WRITE}=1 {COMMAND}"
    );
}

/// Guarantees: who counts emitters elsewhere says what the page says.
#[test]
fn other_pages_count_as_this_one_does() {
    let rows = recorded::rows();
    let joined = rows.iter().filter(|row| row.is_joined()).count();
    let all = rows.len() + crate::emitters::measured().len();
    let figures = [
        (
            "README.md",
            format!("[{joined} of {}](docs/emitters.md)", rows.len()),
        ),
        ("CHANGELOG.md", format!("A page on {all} emitters")),
    ];
    for (file, figure) in figures {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&figure), "{file} does not say: {figure}");
    }
}

#[test]
fn advice_that_recordings_followed_is_on_the_page() {
    for (recording, _) in crate::recordings::judged() {
        if let Some(advice) = &recording.advice {
            let is_there = remedies::anchors().any(|anchor| anchor == *advice);
            assert!(is_there, "{}: no section #{advice}", recording.name);
        }
    }
}

fn render() -> String {
    let rows = recorded::rows();
    let measured = crate::emitters::measured();
    let (all, joined) = (
        rows.len(),
        rows.iter().filter(|row| row.is_joined()).count(),
    );
    let introduction = format!(
        "\
# Emitters

Whether the built-in rule ([rule.md](rule.md)) can find the producer of a message
depends on what instrumentations record on the spans at both ends of it. This page
says so for {all} emitters that were recorded with real clients and brokers, {joined}
of which can be joined completely, and for {profiles} that are known from their
source code only.

```sh
# Measures, and checks this page.
{COMMAND}
# Writes it again.
{WRITE}=1 {COMMAND}
```

",
        profiles = measured.len(),
    );
    introduction
        + &recorded::section(&rows)
        + &sources::section(measured)
        + &remedies::sections(&rows, measured)
}

/// A cell of a table.
fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}
