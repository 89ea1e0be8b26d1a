//! Links the spans of scheduled jobs to the requests that they work off.
//!
//! A request is written into a table, and a job works off all that is there
//! hours later. Nothing connects the two but the id of the row.

mod config;

use std::borrow::Cow;

use linkmend_rule::{About, AnyValue, Awaited, Edits, Found, Keys, Rule, Span, Wants};

use config::Config;

/// Keys of other rules must not meet those of this one.
const FAMILY: &str = "scheduled-jobs";

/// The rule.
#[derive(Debug)]
pub struct ScheduledJobs {
    config: Config,
}

impl Rule for ScheduledJobs {
    fn about() -> About {
        About::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            "Links scheduled jobs to the requests that they work off.",
        )
    }

    fn configure(config: &str) -> Result<Self, String> {
        Ok(Self {
            config: Config::read(config)?,
        })
    }

    fn wants(&self) -> Wants {
        let attributes = self.config.attributes.iter();
        attributes.fold(Wants::new(), Wants::attribute)
    }

    fn produces(&self, span: &Span<'_>, keys: &mut Keys) {
        if self.config.request_kinds.contains(&span.kind) {
            self.add_keys(span, keys);
        }
    }

    fn awaits(&self, span: &Span<'_>, keys: &mut Keys) {
        if self.config.job_kinds.contains(&span.kind) {
            self.add_keys(span, keys);
        }
    }

    fn mend(&self, span: &Span<'_>, found: &Found<'_>, edits: &mut Edits<'_>) {
        // The keys were added in the order of the ids, and are found in it.
        let mut awaited = found.iter();
        for attribute in &self.config.attributes {
            let link_type = link_type(span, attribute);
            for request in awaited.by_ref().take(span.ids(attribute).count()) {
                link(span, &request, attribute, link_type, edits);
            }
        }
    }
}

impl ScheduledJobs {
    /// A key for each id of the span. Ids count within what `scope` names: two
    /// tables both have a row 1.
    fn add_keys(&self, span: &Span<'_>, keys: &mut Keys) {
        let scope: Vec<Cow<'_, str>> = self
            .config
            .scope
            .iter()
            .map(|key| place(span, key))
            .collect();
        for attribute in &self.config.attributes {
            for id in span.ids(attribute) {
                keys.add(FAMILY, scope.iter().chain([&id]));
            }
        }
    }
}

fn place<'a>(span: &Span<'a>, key: &str) -> Cow<'a, str> {
    span.resource.id(key).unwrap_or_default()
}

/// A job that names a list gathers what others asked for, even when the list
/// has one entry tonight.
fn link_type(span: &Span<'_>, attribute: &str) -> &'static str {
    match span.value(attribute) {
        Some(AnyValue::Array(_)) => "aggregated_from",
        _ => "triggered_by",
    }
}

fn link(
    span: &Span<'_>,
    request: &Awaited<'_>,
    attribute: &str,
    link_type: &str,
    edits: &mut Edits<'_>,
) {
    match request.nearest(span) {
        Some(producer) => {
            edits
                .link(producer)
                .with("link.type", link_type)
                .with(attribute, request.id);
        }
        None => edits.explain(format_args!("no request {} is known", request.id)),
    }
}

linkmend_rule::export!(ScheduledJobs);

#[cfg(test)]
mod tests;
