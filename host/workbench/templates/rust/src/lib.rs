//! Links the spans that work off a job to the span that created it.
//!
//! Both have the id of the job in an attribute, `job.id` unless the
//! configuration says otherwise. Change it into what you need: the methods of
//! `Rule` are all there is to it, and `cargo test` tells at once.

use std::collections::BTreeMap;

use linkmend_rule::{About, Edits, Found, Keys, Kind, Rule, Span, Wants};
// In place of those of the standard library, which go nowhere in a component.
#[allow(unused_imports)]
use linkmend_rule::{eprintln, println};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The rule, with its configuration.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct {{type}} {
    /// The attribute that holds the id of the job.
    attribute: String,
    /// All other keys, which are mistakes.
    #[serde(flatten)]
    unknown: BTreeMap<String, IgnoredAny>,
}

impl Default for {{type}} {
    fn default() -> Self {
        Self {
            attribute: "job.id".into(),
            unknown: BTreeMap::new(),
        }
    }
}

impl Rule for {{type}} {
    /// Who the rule is: for logs and metrics.
    fn about() -> About {
        About::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            "Links spans that work off a job to the span that created it.",
        )
    }

    /// The user's configuration, a JSON object. An error begins with the path of
    /// the key, and says what would be right.
    fn configure(config: &str) -> Result<Self, String> {
        let json = &mut serde_json::Deserializer::from_str(config);
        let rule: Self = serde_path_to_error::deserialize(json)
            .map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
        if !rule.unknown.is_empty() {
            let keys = rule.unknown.keys();
            let told: Vec<_> = keys.map(|key| format!("{key}: unknown key")).collect();
            return Err(format!("{} (all keys: attribute)", told.join("; ")));
        }
        if rule.attribute.is_empty() {
            return Err("attribute: empty; name an attribute, such as \"job.id\"".into());
        }
        Ok(rule)
    }

    /// Which spans the rule is given. The fewer, the less it costs.
    fn wants(&self) -> Wants {
        Wants::new().attribute(&*self.attribute)
    }

    /// What the span creates: linkmend remembers it. A key is a family, which
    /// keeps the keys of this rule apart from those of others, and then ids.
    fn produces(&self, span: &Span<'_>, keys: &mut Keys) {
        if matches!(span.kind, Kind::Producer | Kind::Client | Kind::Server) {
            keys.add("{{name}}", span.id(&self.attribute));
        }
    }

    /// What the span works off. `ids` takes one id or an array of them; strings
    /// and numbers are the same.
    fn awaits(&self, span: &Span<'_>, keys: &mut Keys) {
        if matches!(span.kind, Kind::Consumer | Kind::Internal) {
            for id in span.ids(&self.attribute) {
                keys.add("{{name}}", [id]);
            }
        }
    }

    /// Links the span. `found` has the creators of all that it awaits; a link
    /// that is there already is not made again.
    fn mend(&self, span: &Span<'_>, found: &Found<'_>, edits: &mut Edits<'_>) {
        for creator in found.nearest(span) {
            edits.link(creator).with("link.type", "triggered_by");
        }
    }
}

// Makes a component of it.
linkmend_rule::export!({{type}});

#[cfg(test)]
mod tests;
