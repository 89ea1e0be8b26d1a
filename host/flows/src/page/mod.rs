//! One HTML file of flows: no network, no other file, and tables without scripts.

mod data;
mod graph;
mod json;
mod layers;
mod lead;
mod sample;
mod tables;
mod text;

use std::collections::HashMap;

use crate::find::{Found, KeptSpan};
use crate::flow::{Context, Flow};
use crate::sums::{Sums, SumsOptions};
pub use text::hex;
use text::{escaped, json_in_script, thousands};

const TEMPLATE: &str = include_str!("template.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Messages that were not linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlinked {
    /// Why: a word.
    pub reason: String,
    /// The same in words, of one message.
    pub why: String,
    /// Who received them.
    pub service: String,
    /// The messaging system; empty or `-`: not known.
    pub system: String,
    /// How many.
    pub count: u64,
    /// What to do about it.
    pub advice: String,
}

/// What is on a page.
#[derive(Debug)]
pub struct Page<'a> {
    /// All flows, summed up.
    pub sums: Sums,
    /// The flows themselves.
    pub flows: &'a [Flow],
    /// The spans of their traces, where they are known.
    pub spans: Option<&'a HashMap<Context, KeptSpan>>,
    /// What was not linked, the most frequent first.
    pub unlinked: Vec<Unlinked>,
    /// What the page is of.
    pub source: String,
    /// What a reader has to know of it: a sentence each.
    pub notes: Vec<String>,
}

impl<'a> Page<'a> {
    /// Of what was found in files.
    #[must_use]
    pub fn of(found: &'a Found, unlinked: Vec<Unlinked>, source: String) -> Self {
        let mut sums = Sums::new(SumsOptions {
            max_edges: usize::MAX,
        });
        let hashes = crate::find::Hashes::new();
        let mut seen = std::collections::HashSet::new();
        for flow in &found.flows {
            let is_new = !flow.is_again && seen.insert(hashes.message_of(flow));
            sums.add(flow, is_new);
        }
        let mut notes = Vec::new();
        if found.left_out > 0 {
            notes.push(format!(
                "{} spans were not looked at, since there are more than --max-spans.",
                thousands(found.left_out)
            ));
        }
        Self {
            sums,
            flows: &found.flows,
            spans: Some(&found.spans),
            unlinked,
            source,
            notes,
        }
    }

    /// All flows, and the sums, as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        json::json(self)
    }

    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let data = data::data(self.flows, self.spans);
        let (graph, services, lines) = graph::graph(&self.sums, &self.unlinked);
        let mut notes = self.notes.clone();
        if services + lines > 0 {
            notes.push(format!(
                "The graph has the services and the arrows with the most messages; {} services \
                 and {} arrows are in the table only.",
                thousands(services as u64),
                thousands(lines as u64)
            ));
        }
        let all = self.flows.len() as u64;
        let shown = data.shown as u64;
        if shown < all {
            notes.push(format!(
                "Sampled: {} of {} flows can be opened here, those that waited longest or failed \
                 first. Graph and tables count all of them, and linkmend flows --json writes all.",
                thousands(shown),
                thousands(all)
            ));
        }
        let parts = [
            ("style", STYLE.to_owned()),
            ("source", escaped(&self.source)),
            ("lead", lead::lead(self)),
            ("notes", paragraphs(&notes)),
            ("graph", graph),
            ("edges", tables::edges(&self.sums)),
            ("destinations", tables::destinations(&self.sums)),
            ("longest", tables::longest(self.flows)),
            (
                "unlinked",
                tables::unlinked(&self.unlinked, self.spans.is_some()),
            ),
            ("data", json_in_script(&data.json.to_string())),
            ("script", SCRIPT.to_owned()),
        ];
        filled(TEMPLATE, &parts)
    }
}

fn paragraphs(notes: &[String]) -> String {
    let all = notes.iter().map(|note| escaped(note));
    all.fold(String::new(), |text, note| {
        text + "<p class=\"note\">" + &note + "</p>"
    })
}

/// What stands between `{{` and `}}` is replaced; what it is replaced by is not
/// looked at.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        out.push_str(before);
        let (name, behind) = behind.split_once("}}").unwrap_or(("", behind));
        let part = parts.iter().find(|(own, _)| *own == name);
        out.push_str(part.map_or("", |(_, text)| text));
        rest = behind;
    }
    out + rest
}
