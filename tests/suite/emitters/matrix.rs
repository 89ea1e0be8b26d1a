//! `docs/emitters.md`: rendered from what was measured, and held against what
//! is committed.

use std::fmt::Write as _;
use std::path::Path;

use linkmend_emitters::profile::{Consume, Consumer, Correlation, Produce, Shape, Value};
use linkmend_emitters::{DAMAGES, Joinable, Profile, Score};

use super::remedies::{self, anchor, title};
use super::{SEEDS, measured};

/// Set it to write the page anew.
const WRITE: &str = "LINKMEND_WRITE_DOCS";
const COMMAND: &str = "cargo test -p linkmend-tests --test suite emitters";

#[test]
fn the_page_says_what_was_measured() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/emitters.md");
    let page = render(measured());
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

fn render(measured: &[(&Profile, Score)]) -> String {
    let mut page = introduction(measured);
    page.push_str(TABLE_HEAD);
    for (profile, score) in measured {
        page.push_str(&row(profile, score));
    }
    page.push_str(&remedies::sections(measured));
    page
}

fn introduction(measured: &[(&Profile, Score)]) -> String {
    let mut sum = Score::default();
    for (_, score) in measured {
        sum += *score;
    }
    let can = measured
        .iter()
        .filter(|(profile, _)| is_joinable(profile))
        .count();
    let (all, spans, missing) = (measured.len(), sum.spans, sum.expected + sum.nameless);
    let mut damages = String::new();
    for damage in DAMAGES {
        writeln!(damages, "- {}", damage.name).unwrap();
    }
    format!(
        "\
# Emitters

What instrumentations put on the spans of the two sides of a message decides
whether the built-in rule ([rule.md](rule.md)) can find the producer of a
message. This page says it for {all} instrumentations, and modes of them: {can}
can be joined; for the others it says why not, and what helps.

The profiles are synthetic: made after what the sources and the tests of the
instrumentations emit, at the versions given, and not recorded from running
systems. They are in `tests/emitters/src/profiles`. From each, and from the
seeds 0 to {last}, small systems are made up: services that send messages one by
one and in batches, receive them in two groups, again, late, and after a
failure, among other traffic and in one or two environments. Their spans are
damaged, in one of these ways at a time:

{damages}
They are cut into batches, mended as files are (read twice) with the default
configuration, and held against the links that they must have: {spans} spans,
{missing} missing links. The suite fails when a row that can be joined is not at
100 %, when a link is made up in any row, when one that was right is lost, and
when this page is not what was measured.

```sh
# Measures, and checks this page.
{COMMAND}
# Writes it anew.
{WRITE}=1 {COMMAND}
```

- **Recall**: of the missing links to messages that the consumer's span or a
  link of it still names, how many were made. **Of all**: of all missing links.
  The two differ where only a link names its message, and the link was dropped.
- **Precision**: of the links made, how many are right; – where none was made.
- Attributes are those that name a message or a part of its name; `#` marks
  those that are integers, `[]` arrays. What stands on links is said so.

",
        last = SEEDS - 1,
        spans = grouped(spans),
        missing = grouped(missing),
    )
}

/// 12,345
fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

const TABLE_HEAD: &str = "\
| emitter | language | after | conventions | producer names | consumer names | correlates by | joined by | recall | of all | precision |
|---|---|---|---|---|---|---|---|---|---|---|
";

fn row(profile: &Profile, score: &Score) -> String {
    let joined = match profile.joinable {
        Joinable::By(key) => key.to_owned(),
        Joinable::Not { remedy, .. } => format!("**no**: [{}](#{})", title(remedy), anchor(remedy)),
    };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {joined} | {} | {} | {} |\n",
        profile.library,
        profile.language,
        profile.version,
        profile.conventions,
        or_nothing(&produced(profile)),
        or_nothing(&consumed(profile)),
        correlations(profile),
        percent(score.recall()),
        percent(score.recall_of_all()),
        percent(score.precision()),
    )
}

fn is_joinable(profile: &Profile) -> bool {
    matches!(profile.joinable, Joinable::By(_))
}

fn percent(figure: Option<f64>) -> String {
    figure.map_or("–".into(), |figure| match figure {
        100.0 => "100 %".into(),
        _ => format!("{figure:.1} %"),
    })
}

fn or_nothing(names: &[String]) -> String {
    if names.is_empty() {
        return "–".into();
    }
    names.join(", ")
}

fn produced(profile: &Profile) -> Vec<String> {
    let mut names = Vec::new();
    for produce in profile.produce {
        match produce {
            Produce::Each(shape) | Produce::Nested(shape) | Produce::Batch(shape) => {
                put_names(shape, profile, &mut names);
            }
            Produce::CreateThenSend { create, send, .. } => {
                put_names(create, profile, &mut names);
                put_names(send, profile, &mut names);
            }
        }
    }
    names
}

fn consumed(profile: &Profile) -> Vec<String> {
    let mut names = Vec::new();
    for consumer in consumers(profile) {
        put_names(&consumer.shape, profile, &mut names);
        let on_links = consumer.correlation.link_attributes().unwrap_or_default();
        for attribute in on_links.iter().filter(|attribute| attribute.names()) {
            put(
                format!("{} on links", shown(attribute.key, attribute.value)),
                &mut names,
            );
        }
    }
    names
}

fn consumers(profile: &Profile) -> impl Iterator<Item = Consumer> {
    profile.consume.iter().flat_map(|consume| match consume {
        Consume::Each(consumer) | Consume::Batch(consumer) | Consume::Wait(consumer) => {
            vec![*consumer]
        }
        Consume::Poll {
            poll: one,
            each: other,
        }
        | Consume::Gather {
            all: one,
            each: other,
        }
        | Consume::Chain {
            outer: one,
            inner: other,
        } => vec![*one, *other],
    })
}

fn put_names(shape: &Shape, profile: &Profile, names: &mut Vec<String>) {
    for attribute in shape.identity() {
        let (Value::Text(template) | Value::Integer(template) | Value::Texts(template)) =
            attribute.value
        else {
            continue;
        };
        // What the application does not set is not there.
        let is_absent = profile.ids == linkmend_emitters::profile::Ids::Absent;
        if !(is_absent && (template.contains("{id}") || template.contains("{ids}"))) {
            put(shown(attribute.key, attribute.value), names);
        }
    }
}

fn put(name: String, names: &mut Vec<String>) {
    if !names.contains(&name) {
        names.push(name);
    }
}

fn shown(key: &str, value: Value) -> String {
    match value {
        Value::Integer(_) => format!("`{key}`#"),
        Value::Texts(_) => format!("`{key}`[]"),
        Value::Text(_) | Value::True => format!("`{key}`"),
    }
}

fn correlations(profile: &Profile) -> String {
    let mut words = Vec::new();
    for consumer in consumers(profile) {
        let word = match consumer.correlation {
            Correlation::Parent => "parent",
            Correlation::Links(_) => "links",
            Correlation::ParentAndLink(_) => "parent and link",
            Correlation::Nothing => "nothing",
            Correlation::Inherited | Correlation::Unseen => continue,
        };
        put(word.to_owned(), &mut words);
    }
    words.join(", ")
}
