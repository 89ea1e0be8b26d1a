//! What a rule asks of the host.

use crate::interface::{Plan, nothing_selected, plan};
use crate::kind::Kind;

/// Which spans a rule wants to see, and what else it asks of the host. A span
/// is selected when at least one of the conditions holds.
///
/// ```
/// use linkmend_rule::{Kind, Wants};
///
/// // Consumers, spans with a `job.id`, and all that have links.
/// let wants = Wants::new().kind(Kind::Consumer).attribute("job.id").with_links();
/// ```
#[derive(Debug, Clone)]
pub struct Wants {
    plan: Plan,
}

impl Default for Wants {
    fn default() -> Self {
        Self::new()
    }
}

impl Wants {
    /// No spans at all, to begin with. Links say why they exist in `link.type`.
    #[must_use]
    pub fn new() -> Self {
        let mut plan = plan(nothing_selected());
        plan.type_attribute = "link.type".into();
        Self { plan }
    }

    /// Spans of this kind.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.plan.selector.kinds = self.plan.selector.kinds | kind.flag();
        self
    }

    /// Spans with an attribute of this key. Keys and prefixes together are at
    /// most 1,000.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<String>) -> Self {
        self.plan.selector.attribute_keys.push(key.into());
        self
    }

    /// Spans with an attribute whose key begins like this.
    #[must_use]
    pub fn attribute_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.plan.selector.attribute_prefixes.push(prefix.into());
        self
    }

    /// Spans that have links.
    #[must_use]
    pub fn with_links(mut self) -> Self {
        self.plan.selector.with_links = true;
        self
    }

    /// The attribute of a link that says why it exists, for the host's
    /// counters, when it is not `link.type`.
    #[must_use]
    pub fn type_attribute(mut self, key: impl Into<String>) -> Self {
        self.plan.type_attribute = key.into();
        self
    }

    /// Every link that the rule drops is added to the `dropped_links_count` of
    /// its span, whatever the reason, and not only those over the limit.
    #[must_use]
    pub fn count_all_drops(mut self) -> Self {
        self.plan.count_all_drops = true;
        self
    }

    pub(crate) fn plan(self, uses_index: bool) -> Plan {
        Plan {
            uses_index,
            ..self.plan
        }
    }
}
