//! The first table: what was recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::or_nothing;
use super::remedies::title_of;
use crate::recordings::{Judged, Recording, Variant, judged};

type Case = (&'static Recording, &'static Judged);

/// An emitter: its recordings, and those made after advice was followed.
pub struct Row {
    plain: Vec<Case>,
    pub advised: Vec<Case>,
}

/// One for each emitter and language.
pub fn rows() -> Vec<Row> {
    let mut rows: BTreeMap<(&str, String), Row> = BTreeMap::new();
    for (recording, judged) in judged() {
        let key = (
            recording.language.as_str(),
            recording.emitter.to_lowercase(),
        );
        let row = rows.entry(key).or_insert_with(|| Row {
            plain: Vec::new(),
            advised: Vec::new(),
        });
        match recording.advice {
            Some(_) => row.advised.push((recording, judged)),
            None => row.plain.push((recording, judged)),
        }
    }
    rows.into_values().collect()
}

impl Row {
    /// Nothing that was missing is left.
    pub fn is_joined(&self) -> bool {
        let mut plain = self.plain.iter();
        !self.plain.is_empty() && plain.all(|(_, judged)| judged.right + judged.near == judged.need)
    }

    /// The recordings of the emitter as it is; those with advice where there are
    /// no others.
    fn own(&self) -> &[Case] {
        if self.plain.is_empty() {
            &self.advised
        } else {
            &self.plain
        }
    }

    /// Its name.
    pub fn emitter(&self) -> (&'static str, &'static str) {
        self.own().first().map_or(("", ""), |(recording, _)| {
            (&*recording.emitter, &*recording.language)
        })
    }

    fn render(&self) -> String {
        let (emitter, language) = self.emitter();
        let own = self.own();
        let words = |of: fn(&Recording) -> &str| {
            let distinct: BTreeSet<&str> = own.iter().map(|(recording, _)| of(recording)).collect();
            distinct.into_iter().collect::<Vec<_>>().join("; ")
        };
        let figures = |variant| figures_of(own, variant);
        let advice = match (self.is_joined(), self.followed()) {
            (true, advice) if advice.is_empty() => String::new(),
            (false, advice) if advice.is_empty() => "no advice was recorded".into(),
            (_, advice) => advice,
        };
        format!(
            "| {emitter} | {language} | {} | {} | {} | {}, `{}` | {} | {} | {} | {} | {advice} |\n",
            words(|recording| &recording.instrumentation),
            or_nothing(&words(|recording| &recording.client)),
            or_nothing(&words(|recording| &recording.broker)),
            words(|recording| &recording.recorded),
            words(|recording| &recording.script),
            figures(Variant::AsIs),
            figures(Variant::Lost),
            figures(Variant::Zeroed),
            figures(Variant::Off),
        )
    }

    /// What was followed, and what came of it.
    fn followed(&self) -> String {
        let mut sections: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (recording, judged) in &self.advised {
            if let Some(advice) = recording.advice.as_deref().filter(|_| judged.need > 0) {
                let line = format!("{} (`{}`)", made(judged), recording.name);
                sections.entry(advice).or_default().push(line);
            }
        }
        let sections = sections.into_iter().map(|(anchor, lines)| {
            let title = title_of(anchor);
            format!("[{title}](#{anchor}): {}", lines.join(", "))
        });
        sections.collect::<Vec<_>>().join("; ")
    }
}

fn figures_of(cases: &[Case], variant: Variant) -> String {
    let mut figures = cases
        .iter()
        .filter(|(recording, _)| recording.variant == variant)
        .map(|(_, judged)| match judged.need {
            0 => "none missing".to_owned(),
            _ => made(judged),
        });
    let text = figures.next().unwrap_or_else(|| "–".into());
    figures.fold(text, |text, more| format!("{text}, {more}"))
}

/// `33 of 36`, with a star where links lead to another span of the sender.
pub fn made(judged: &Judged) -> String {
    let star = if judged.near > 0 { "\\*" } else { "" };
    format!("{} of {}{star}", judged.right + judged.near, judged.need)
}

/// The section.
pub fn section(rows: &[Row]) -> String {
    let count = judged().len();
    let mut text = format!(
        "\
## Recorded

Each row was recorded: real clients with the instrumentation talked to a real
broker, and the spans were kept as they came ([{count}
recordings](../tests/recordings/README.md), each with the script that makes it
again). Who sent which message is known from the contexts that were propagated, or
from the bodies of the messages, never from the ids that the rule goes by. The suite
fails if a link leads to anybody who did not send the message, or if a figure in this
table differs from what is measured. The figures say how many of the missing links
were made, with the default configuration:

- **as it is**: the recording itself, with propagation on.
- **lost**: a script removed the propagated contexts and the links.
- **zeroed**: a script replaced the contexts of links by zeros; the links stay.
- **off**: recorded again with propagation switched off.
- – : not recorded, for instance because there are no links to zero. \\*: some of the
  links lead to another span of the trace that sent the message, such as a span of the
  application around a batch.
- **followed**: advice of this page that was followed, and the result of the recording
  that was made with it.

| emitter | language | instrumentation | client | broker | recorded, with | as it is | lost | zeroed | off | followed |
|---|---|---|---|---|---|---|---|---|---|---|
"
    );
    for row in rows {
        text.push_str(&row.render());
    }
    writeln!(text).unwrap();
    text
}
