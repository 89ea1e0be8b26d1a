//! What a component says of itself.

use std::sync::Arc;

use linkmend::interface::{About, Plan, Selector, SpanKinds};
use linkmend::{Inspection, LoadError};
use serde::Serialize;

use crate::subject::Subject;

/// What is known of a rule. As JSON it has these keys, always all of them;
/// `null` is what is not known of a rule that cannot be loaded.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `builtin`, or the path of the component.
    pub rule: String,
    /// What the rule calls itself.
    pub name: Option<String>,
    /// The rule's own version.
    pub version: Option<String>,
    /// What it is for, in one sentence.
    pub summary: Option<String>,
    /// `field-rule`, `batch-rule` or `span-rule`.
    pub world: Option<String>,
    /// The version of `linkmend:rule` that it was built against.
    pub interface_version: Option<String>,
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// Which spans it is shown, as it is configured.
    pub selector: Option<Selected>,
    /// The attributes that it reads, in the worlds `field-rule` and `span-rule`; a last `*`
    /// stands for any ending.
    pub reads: Option<Vec<String>>,
    /// It remembers messages or looks them up.
    pub uses_index: Option<bool>,
    /// The attribute of links that says why they exist; empty: none.
    pub type_attribute: Option<String>,
    /// Every link that it drops is counted in `dropped_links_count`.
    pub count_all_drops: Option<bool>,
    /// Of the component, in bytes.
    pub size: usize,
    /// Of the component, 64 hexadecimal digits.
    pub sha256: String,
    /// How this very file is named as a rule: `FILE@sha256:HEX`; of the
    /// built-in rule, which has no file, `null`.
    pub pin: Option<String>,
    /// Why it cannot be loaded; `null` when it can.
    pub error: Option<String>,
}

/// Which spans a rule is shown: those that one of the members takes.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Selected {
    /// Spans of these kinds, by their names.
    pub kinds: Vec<&'static str>,
    /// Spans with an attribute of one of these keys.
    pub attribute_keys: Vec<String>,
    /// Spans with an attribute whose key begins like this.
    pub attribute_prefixes: Vec<String>,
    /// Spans that have links.
    pub with_links: bool,
}

/// Looks at a rule. Says why it cannot be loaded, if so, in both: the report
/// has the text, and the second value the error itself.
#[must_use]
pub fn inspect(subject: &Subject) -> (Report, Option<LoadError>) {
    let (inspection, unreadable) = match linkmend::inspect(&subject.bytes) {
        Ok(inspection) => (inspection, None),
        Err(reason) => (
            Inspection::default(),
            Some(LoadError {
                rule: subject.name.clone(),
                number: Some(0),
                reason,
            }),
        ),
    };
    let loaded = match unreadable {
        Some(error) => Err(error),
        None => load(subject),
    };
    let (known, error) = match loaded {
        Ok(known) => (Some(known), None),
        Err(error) => (None, Some(error)),
    };
    let text = error.as_ref().map(|error| subject.whole(error));
    (report(subject, inspection, known, text), error)
}

fn load(subject: &Subject) -> Result<(About, Plan), LoadError> {
    let processor = subject.processor(&Arc::default())?;
    let about = processor.rules().pop();
    // It has the one rule that it was given.
    about.zip(processor.plans().pop()).ok_or_else(|| LoadError {
        rule: subject.name.clone(),
        number: None,
        reason: linkmend::LoadReason::Sandbox("the rule is gone".into()),
    })
}

fn report(
    subject: &Subject,
    inspection: Inspection,
    known: Option<(About, Plan)>,
    error: Option<String>,
) -> Report {
    let (about, plan) = known.unzip();
    let (name, version, summary) = match about {
        Some(about) => (Some(about.name), Some(about.version), Some(about.summary)),
        None => (None, None, None),
    };
    let sha256 = subject.sha256();
    Report {
        rule: subject.name.clone(),
        name,
        version,
        summary,
        world: inspection.world.map(|world| world.to_string()),
        interface_version: inspection.version,
        imports: inspection.imports,
        exports: inspection.exports,
        selector: plan.as_ref().map(|plan| selected(&plan.selector)),
        uses_index: plan.as_ref().map(|plan| plan.uses_index),
        type_attribute: plan.as_ref().map(|plan| plan.type_attribute.clone()),
        count_all_drops: plan.as_ref().map(|plan| plan.count_all_drops),
        reads: plan.map(|plan| plan.reads),
        size: subject.bytes.len(),
        pin: pin(subject, &sha256),
        sha256,
        error,
    }
}

/// The name that nothing else has; that of a rule which was pulled says it already.
fn pin(subject: &Subject, sha256: &str) -> Option<String> {
    let name = &subject.name;
    if name.starts_with("oci://") {
        return Some(name.clone());
    }
    (!subject.is_builtin()).then(|| format!("{name}@sha256:{sha256}"))
}

/// What a selector says, in words.
#[must_use]
pub fn selected(selector: &Selector) -> Selected {
    let kinds = KINDS
        .iter()
        .filter(|(kind, _)| selector.kinds.contains(*kind));
    Selected {
        kinds: kinds.map(|(_, name)| *name).collect(),
        attribute_keys: selector.attribute_keys.clone(),
        attribute_prefixes: selector.attribute_prefixes.clone(),
        with_links: selector.with_links,
    }
}

const KINDS: [(SpanKinds, &str); 6] = [
    (SpanKinds::UNSPECIFIED, "unspecified"),
    (SpanKinds::INTERNAL, "internal"),
    (SpanKinds::SERVER, "server"),
    (SpanKinds::CLIENT, "client"),
    (SpanKinds::PRODUCER, "producer"),
    (SpanKinds::CONSUMER, "consumer"),
];
