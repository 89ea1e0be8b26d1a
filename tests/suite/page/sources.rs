//! The second table: profiles of what cannot be recorded here.

use std::fmt::Write as _;

use linkmend_emitters::profile::{Consume, Consumer, Correlation, Produce, Shape, Value};
use linkmend_emitters::{DAMAGES, Joinable, Profile, Score};

use super::or_nothing;
use super::remedies::{anchor, title};

/// The section.
pub fn section(measured: &[(&Profile, Score)]) -> String {
    let mut page = introduction(measured);
    page.push_str(TABLE_HEAD);
    for (profile, score) in measured {
        page.push_str(&row(profile, score));
    }
    page
}

fn introduction(measured: &[(&Profile, Score)]) -> String {
    let mut sum = Score::default();
    for (_, score) in measured {
        sum += *score;
    }
    let (spans, missing) = (sum.spans, sum.expected + sum.nameless);
    let mut damages = String::new();
    for damage in DAMAGES {
        writeln!(damages, "- {}", damage.name).unwrap();
    }
    format!(
        "\
## From sources

None of these was recorded: .NET, Ruby, Azure, `RocketMQ` and Pulsar do not run where
the recordings are made. The profiles (`tests/emitters/src/profiles`) are synthetic,
and follow what the source code and the tests of the instrumentations emit, at the
versions given; where there was a recording to compare with, some profiles turned out
to be wrong. Small systems are generated from each: services that send messages one by
one and in batches, and receive them in two groups, repeatedly, late, and after a
failure, among other traffic. Their spans are damaged, in one of these ways at a time,
and mended with the default configuration ({spans} spans, {missing} missing links):

{damages}
- **Recall**: how many of the missing links were made, counting only messages that the
  consumer's span or one of its links still names. **Of all**: counting all missing
  links. The two differ if only a link names its message, and the link was dropped.
- **Precision**: how many of the links that were made are right; – if none was made.
- The attributes listed are those that name a message or a part of its name; `#` marks
  integers, `[]` arrays. It is noted if they are on links.

",
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
        or_nothing(&produced(profile).join(", ")),
        or_nothing(&consumed(profile).join(", ")),
        correlations(profile),
        percent(score.recall()),
        percent(score.recall_of_all()),
        percent(score.precision()),
    )
}

fn percent(figure: Option<f64>) -> String {
    figure.map_or("–".into(), |figure| match figure {
        100.0 => "100 %".into(),
        _ => format!("{figure:.1} %"),
    })
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
