//! Says of links why they exist, by a table that the team wrote.
//!
//! Many links come without a type, and only those who know the services can say
//! what they mean. They say it in the configuration: the first line of the table
//! that fits a link gives it its type.

mod config;
mod pattern;

use linkmend_rule::{About, Edits, Found, Kind, Link, Rule, Span, Wants};

use config::{Config, Line, Target};

/// The rule.
#[derive(Debug)]
pub struct TeamTypes {
    config: Config,
}

impl Rule for TeamTypes {
    fn about() -> About {
        About::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            "Gives links the types of the team's own table.",
        )
    }

    fn configure(config: &str) -> Result<Self, String> {
        Ok(Self {
            config: Config::read(config)?,
        })
    }

    fn wants(&self) -> Wants {
        Wants::new()
            .with_links()
            .type_attribute(&*self.config.attribute)
    }

    fn mend(&self, span: &Span<'_>, _: &Found<'_>, edits: &mut Edits<'_>) {
        let service = span.resource.text("service.name").unwrap_or_default();
        // What concerns the span is looked at once for all of its links.
        let lines: Vec<&Line> = self
            .config
            .types
            .iter()
            .filter(|line| fits_span(line, span, &service))
            .collect();
        for link in span.links() {
            let line = lines.iter().find(|line| fits_link(line, &link, span));
            if let Some(line) = line {
                // Does nothing where the link has a type.
                edits.annotate(link.number, &self.config.attribute, &line.link_type);
            }
        }
    }
}

fn fits_span(line: &Line, span: &Span<'_>, service: &str) -> bool {
    let is_kind = |kind: &Kind| *kind == span.kind;
    (line.kinds.is_empty() || line.kinds.iter().any(is_kind))
        && (line.services.is_empty()
            || line
                .services
                .iter()
                .any(|pattern| pattern.fits_text(service)))
        && line
            .span
            .iter()
            .all(|(key, pattern)| pattern.fits(span.value(key)))
}

fn fits_link(line: &Line, link: &Link<'_>, span: &Span<'_>) -> bool {
    let is_inner = || link.trace_id == span.trace_id;
    let fits_target = match line.target {
        None => true,
        Some(Target::SameTrace) => is_inner(),
        Some(Target::OtherTrace) => !is_inner(),
        Some(Target::Parent) => is_inner() && link.span_id == span.parent_span_id,
    };
    fits_target
        && line
            .link
            .iter()
            .all(|(key, pattern)| pattern.fits(link.value(key)))
}

linkmend_rule::export!(TeamTypes);

#[cfg(test)]
mod tests;
