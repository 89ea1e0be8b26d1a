//! What a kernel is configured with: JSON.

use std::time::Duration;

use linkmend_core::index::IndexOptions;
use linkmend_core::interface::{About, Plan, Selector, SpanKinds, World};
use linkmend_core::{HoldOptions, Limits, OnError, records, wire};
use serde::Deserialize;

/// All of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    pub(crate) rules: Vec<RuleOptions>,
    /// Nothing is held without.
    #[serde(default)]
    hold: Option<Hold>,
    #[serde(default)]
    index: Index,
    /// The host shares a store with others.
    #[serde(default)]
    pub(crate) store: bool,
    #[serde(default)]
    pub(crate) count_systems: bool,
}

/// A rule that the host has loaded and configured.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleOptions {
    about: AboutOptions,
    plan: PlanOptions,
    world: WorldName,
    #[serde(default)]
    limits: LimitOptions,
    #[serde(default)]
    on_error: OnErrorName,
}

#[derive(Debug, Deserialize)]
struct AboutOptions {
    name: String,
    version: String,
    summary: String,
}

#[derive(Debug, Deserialize)]
struct PlanOptions {
    selector: SelectorOptions,
    uses_index: bool,
    type_attribute: String,
    count_all_drops: bool,
    reads: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct SelectorOptions {
    /// The bits of the flags `span-kinds`.
    kinds: u8,
    attribute_keys: Vec<String>,
    attribute_prefixes: Vec<String>,
    with_links: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WorldName {
    Field,
    Batch,
    Span,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnErrorName {
    #[default]
    Pass,
    Drop,
    Reject,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LimitOptions {
    memory: Option<usize>,
    table_elements: Option<usize>,
    init_time_ms: Option<u64>,
    call_time_ms: Option<u64>,
    output: Option<usize>,
    growth: Option<usize>,
    edits_per_span: Option<usize>,
    max_links: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Hold {
    time_ms: u64,
    max_spans: usize,
    max_bytes: usize,
    give_up_after: usize,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Index {
    max_entries: usize,
    /// `null`: for good.
    time_to_live_ms: Option<u64>,
}

impl Default for Hold {
    fn default() -> Self {
        let options = HoldOptions::default();
        Self {
            time_ms: options.time.as_millis() as u64,
            max_spans: options.max_spans,
            max_bytes: options.max_bytes,
            give_up_after: options.give_up_after,
        }
    }
}

impl Default for Index {
    fn default() -> Self {
        let options = IndexOptions::default();
        Self {
            max_entries: options.max_entries,
            time_to_live_ms: options.time_to_live.map(|time| time.as_millis() as u64),
        }
    }
}

impl Options {
    pub(crate) fn hold(&self) -> Option<HoldOptions> {
        let hold = self.hold.as_ref()?;
        Some(HoldOptions {
            time: Duration::from_millis(hold.time_ms),
            max_spans: hold.max_spans,
            max_bytes: hold.max_bytes,
            give_up_after: hold.give_up_after,
            on_sooner: None,
        })
    }

    pub(crate) fn index(&self) -> IndexOptions {
        IndexOptions {
            max_entries: self.index.max_entries,
            time_to_live: self.index.time_to_live_ms.map(Duration::from_millis),
        }
    }
}

impl RuleOptions {
    pub(crate) fn about(&self) -> About {
        About {
            name: self.about.name.clone(),
            version: self.about.version.clone(),
            summary: self.about.summary.clone(),
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        let PlanOptions {
            selector,
            uses_index,
            type_attribute,
            count_all_drops,
            reads,
        } = &self.plan;
        Plan {
            selector: Selector {
                kinds: SpanKinds::from_bits_truncate(selector.kinds),
                attribute_keys: selector.attribute_keys.clone(),
                attribute_prefixes: selector.attribute_prefixes.clone(),
                with_links: selector.with_links,
            },
            uses_index: *uses_index,
            type_attribute: type_attribute.clone(),
            count_all_drops: *count_all_drops,
            reads: reads.clone(),
        }
    }

    pub(crate) fn world(&self) -> World {
        match self.world {
            WorldName::Field => World::Field,
            WorldName::Batch => World::Batch,
            WorldName::Span => World::Span,
        }
    }

    /// The attributes that are read, of a rule that is shown records.
    pub(crate) fn reads(&self) -> Option<wire::Selector> {
        (self.world() == World::Span).then(|| records::reads(&self.plan.reads))
    }

    pub(crate) fn limits(&self) -> Limits {
        let default = Limits::default();
        let limits = &self.limits;
        let time = |millis: Option<u64>, other| millis.map_or(other, Duration::from_millis);
        Limits {
            memory: limits.memory.unwrap_or(default.memory),
            table_elements: limits.table_elements.unwrap_or(default.table_elements),
            init_time: time(limits.init_time_ms, default.init_time),
            call_time: time(limits.call_time_ms, default.call_time),
            output: limits.output.unwrap_or(default.output),
            growth: limits.growth.unwrap_or(default.growth),
            edits_per_span: limits.edits_per_span.unwrap_or(default.edits_per_span),
            max_links: limits.max_links.unwrap_or(default.max_links),
        }
    }

    pub(crate) fn on_error(&self) -> OnError {
        match self.on_error {
            OnErrorName::Pass => OnError::Pass,
            OnErrorName::Drop => OnError::Drop,
            OnErrorName::Reject => OnError::Reject,
        }
    }
}
