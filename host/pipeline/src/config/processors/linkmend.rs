//! The processor `linkmend`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use linkmend::{Checksum, Limits, OnError};
use linkmend_config::{Content, Location, Node};
use linkmend_registry::PublicKey;
use serde_json::{Map, Value};

use crate::config::id::Id;
use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{
    DURATION, FLAG, POSITIVE, SIZE, choice, count, flag, integer, optional_duration,
    positive_duration, size,
};
use crate::config::sending::{STORAGE, storage};

use super::flows::{self, Flows};
use super::index::{self, Index};
use super::rule::{RuleSource, public_key, rule, sha256};
use super::scope::{self, Scope};

/// Mends links with a rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LinkmendProcessor {
    /// The rule.
    pub rule: RuleSource,
    /// The folder of the configuration file that names the rule, where it comes
    /// from one: the paths of rules begin there.
    pub folder: Option<PathBuf>,
    /// The SHA-256 that the file of the rule must have.
    pub sha256: Option<Checksum>,
    /// Who must have signed a rule that comes from a registry.
    pub public_key: Option<PublicKey>,
    /// What the rule is told.
    pub config: RuleConfig,
    /// What the rule may use.
    pub limits: Limits,
    /// What becomes of a batch when the rule fails.
    pub on_error: OnError,
    /// Which spans wait for those that they are to be linked to.
    pub hold: Hold,
    /// What is remembered of messages.
    pub index: Index,
    /// Which senders see each other's messages.
    pub scope: Scope,
    /// What is made of the flows of messages.
    pub flows: Flows,
}

/// What a rule is told. It is checked by the rule, when it is loaded.
#[derive(Clone, Default, PartialEq)]
pub struct RuleConfig(Option<Node>);

impl RuleConfig {
    /// As JSON.
    pub fn to_json(&self) -> Map<String, Value> {
        match self.0.as_ref().map(Node::to_value) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }

    /// Where the key stands that the rule names by a path such as
    /// `recipes[0].name`; `None` when there is no configuration.
    pub fn place(&self, path: &str) -> Option<Location> {
        self.0.as_ref().map(|node| node.find(path))
    }
}

impl fmt::Debug for RuleConfig {
    /// Without values: they may come from the environment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RuleConfig").field(&self.0).finish()
    }
}

/// How spans wait for those that they will be linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// How long; `None`: they do not.
    pub time: Option<Duration>,
    /// How many spans wait at most.
    pub max_spans: usize,
    /// How many bytes they have at most.
    pub max_bytes: u64,
    /// How many spans of one resource may be held in vain, one after the other;
    /// zero: any number.
    pub give_up_after: usize,
    /// Whether a sender waits for the answer until its held spans went on; then
    /// they are in memory alone.
    pub wait_for_result: bool,
    /// The extension that keeps them over a restart; none: the directory for
    /// state does.
    pub storage: Option<Id>,
}

impl Default for Hold {
    fn default() -> Self {
        Self {
            time: Some(Duration::from_secs(6)),
            max_spans: 20_000,
            max_bytes: 32 << 20,
            give_up_after: 256,
            wait_for_result: false,
            storage: None,
        }
    }
}

const ERRORS: [(&str, OnError); 3] = [
    ("pass", OnError::Pass),
    ("drop", OnError::Drop),
    ("reject", OnError::Reject),
];

pub(in crate::config) static MEMBERS: &[Member<LinkmendProcessor>] = &[
    Member::value(
        "rule",
        "builtin",
        "builtin, the path of a component, or oci://HOST/NAME:TAG@sha256:DIGEST",
        "The rule. One in a [registry](rules.md#sharing-a-rule) is pulled at the start, and once. A path that does not begin with `/` begins in the folder of the configuration file; if there is nothing, in the folder that linkmend was started in.",
        |t, n| rule(n).map(|v| t.rule = v),
    ),
    Member::value(
        "sha256",
        "null",
        "64 hex digits",
        "The SHA-256 that the file of the rule must have.",
        |t, n| sha256(n).map(|v| t.sha256 = Some(v)),
    ),
    Member::value(
        "public_key",
        "null",
        "a public key of minisign",
        "Who must have signed a rule that comes from a registry.",
        |t, n| public_key(n).map(|v| t.public_key = Some(v)),
    ),
    Member::value(
        "config",
        "{}",
        "a mapping",
        "The configuration of the rule; for the built-in one see [rule.md](rule.md#configuration).",
        |t, n| config(n).map(|v| t.config = v),
    ),
    Member::section(
        "limits",
        "limits",
        "on",
        "What the rule may use.",
        |t, r, n| member::read(r, n, &[LIMITS], &mut t.limits),
    ),
    Member::value(
        "on_error",
        "pass",
        "pass, drop, reject",
        "What to do with a batch when the rule fails: let it pass as it came, drop it, or tell the sender to try again.",
        |t, n| choice(n, &ERRORS).map(|v| t.on_error = v),
    ),
    Member::section(
        "hold",
        "hold",
        "on",
        "How spans wait for those that they will be linked to.",
        |t, r, n| member::read(r, n, &[HOLD], &mut t.hold),
    ),
    Member::section(
        "index",
        "index",
        "on",
        "What is remembered of messages.",
        |t, r, n| index::read(r, n, &mut t.index),
    ),
    Member::section(
        "scope",
        "scope",
        "off",
        "Which senders see each other's messages: by default all do.",
        |t, r, n| scope::read(&mut t.scope, r, n),
    ),
    Member::section(
        "flows",
        "flows",
        "off",
        "What is made of the flows of messages, from producers to consumers.",
        |t, r, n| flows::read(&mut t.flows, r, n),
    ),
];

pub(in crate::config) static LIMITS: &[Member<Limits>] = &[
    Member::value(
        "memory",
        "64MiB",
        SIZE,
        "Linear memory of an instance.",
        |t, n| bytes(n).map(|v| t.memory = v),
    ),
    Member::value(
        "table_elements",
        "100000",
        "an integer above 0",
        "Table elements of an instance.",
        |t, n| count(n).map(|v| t.table_elements = v),
    ),
    Member::value(
        "init_time",
        "5s",
        POSITIVE,
        "Processor time for making an instance and configuring it.",
        |t, n| positive_duration(n).map(|v| t.init_time = v),
    ),
    Member::value(
        "call_time",
        "1s",
        POSITIVE,
        "Processor time for one call: a batch, or 1,024 spans of it if the rule is shown records. What else the machine does in the meantime does not count; a call that is not done after thirty times as long by the clock is ended as well.",
        |t, n| positive_duration(n).map(|v| t.call_time = v),
    ),
    Member::value(
        "output",
        "64MiB",
        SIZE,
        "How much one call may pass to the host.",
        |t, n| bytes(n).map(|v| t.output = v),
    ),
    Member::value(
        "growth",
        "64MiB",
        SIZE,
        "By how much the edits may let a batch grow.",
        |t, n| bytes(n).map(|v| t.growth = v),
    ),
    Member::value(
        "edits_per_span",
        "65536",
        "an integer above 0",
        "Edits for one span.",
        |t, n| count(n).map(|v| t.edits_per_span = v),
    ),
    Member::value(
        "max_links",
        "128",
        "an integer",
        "Links that a span may have after a rule has edited it; the built-in rule cuts the rest.",
        |t, n| whole(n).map(|v| t.max_links = v),
    ),
];

pub(in crate::config) static HOLD: &[Member<Hold>] = &[
    Member::value(
        "time",
        "6s",
        DURATION,
        "How long a span waits; 0: no span waits. SDKs export every 5 s, so a consumer may arrive that long before its producer.",
        |t, n| optional_duration(n).map(|v| t.time = v),
    ),
    Member::value(
        "max_spans",
        "20000",
        "an integer above 0",
        "How many spans may wait; if there are more, the oldest move on as they are.",
        |t, n| count(n).map(|v| t.max_spans = v),
    ),
    Member::value(
        "max_bytes",
        "32MiB",
        SIZE,
        "How large they may be together.",
        |t, n| size(n).map(|v| t.max_bytes = v),
    ),
    Member::value(
        "give_up_after",
        "256",
        "an integer",
        "How many spans of one resource in a row may wait in vain: its producers are not instrumented, or do not pass through here. After that, one span every 30 s is held, until a producer arrives in time again. 0: any number.",
        |t, n| whole(n).map(|v| t.give_up_after = v),
    ),
    Member::value(
        "wait_for_result",
        "false",
        FLAG,
        "Whether the sender of a batch is answered only after its held spans have been sent on as well. Nothing is kept on disk then. This does not suit SDKs, which send one batch after the other: their queues overflow while they wait.",
        |t, n| flag(n).map(|v| t.wait_for_result = v),
    ),
    Member::value(
        "storage",
        "null",
        STORAGE,
        "Keeps held spans on disk, so that they survive a restart; the sender of a batch is answered once they are there, and does not wait for them. By default they are in the [state directory](reliability.md#the-state-directory).",
        |t, n| storage(n).map(|v| t.storage = Some(v)),
    ),
];

fn config(node: &Node) -> Result<RuleConfig, Refusal> {
    match &node.content {
        Content::Map(members) if !members.is_empty() => Ok(RuleConfig(Some(node.clone()))),
        Content::Map(_) | Content::Null => Err(Refusal::Default),
        _ => Err(Refusal::Value),
    }
}

fn bytes(node: &Node) -> Result<usize, Refusal> {
    usize::try_from(size(node)?).map_err(|_| Refusal::Value)
}

fn whole(node: &Node) -> Result<usize, Refusal> {
    let number = integer(node, 0, u64::from(u32::MAX))?;
    usize::try_from(number).map_err(|_| Refusal::Value)
}

impl LinkmendProcessor {
    /// The rule is in a registry.
    pub fn is_remote(&self) -> bool {
        matches!(self.rule, RuleSource::Registry(_))
    }

    /// The file of the rule, if it is in one.
    pub fn rule_file(&self) -> Option<PathBuf> {
        let RuleSource::File(path) = &self.rule else {
            return None;
        };
        // An absolute path stays as it is.
        let beside = self.folder.as_ref().map(|folder| folder.join(path));
        let beside = beside.filter(|beside| beside.exists() || !path.exists());
        Some(beside.unwrap_or_else(|| path.clone()))
    }
}

pub(super) fn read(reader: &mut Reader, node: &Node) -> LinkmendProcessor {
    let mut processor = LinkmendProcessor::default();
    member::read(reader, node, &[MEMBERS], &mut processor);
    if processor.sha256.is_some() && processor.rule == RuleSource::Builtin {
        let text = "the built-in rule is part of the program and has no file to check; remove it";
        reader.fault_of(node, "sha256", text);
    }
    if processor.public_key.is_some() && !processor.is_remote() {
        let text = "signatures come with rules of registries (`rule: oci://…`); remove it, or pin \
                    a file by `sha256`";
        reader.fault_of(node, "public_key", text);
    }
    if processor.hold.wait_for_result && processor.hold.storage.is_some() {
        let hold = node.get("hold").unwrap_or(node);
        let text = "senders need not wait for what is on disk; remove this, or `storage`";
        reader.within("hold", |reader| {
            reader.fault_of(hold, "wait_for_result", text);
        });
    }
    processor
}
