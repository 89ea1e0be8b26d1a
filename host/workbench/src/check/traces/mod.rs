//! The traces that a rule is checked on. They are made for the rule: spans have
//! attributes of the keys that it asks for.

mod fields;
mod hostile;
mod make;
mod messaging;

use bytes::Bytes;
use linkmend::interface::Plan;
use linkmend_workload::order::descending;

/// A conformance trace.
#[derive(Debug, Clone)]
pub struct Trace {
    /// In reports and with `--json`, such as `fields-at-limits`.
    pub name: &'static str,
    /// What is in it.
    pub what: &'static str,
    /// Its batches, fields in ascending order.
    pub batches: Vec<Bytes>,
}

impl Trace {
    fn new(name: &'static str, what: &'static str, batches: Vec<Vec<u8>>) -> Self {
        Self {
            name,
            what,
            batches: batches.into_iter().map(Bytes::from).collect(),
        }
    }

    /// The same with the fields of every message in descending order, as the
    /// Collector writes them.
    #[must_use]
    pub fn descending(&self) -> Self {
        let batches = self.batches.iter().map(|batch| descending(batch).into());
        Self {
            batches: batches.collect(),
            ..self.clone()
        }
    }
}

/// All, for a rule with this plan.
#[must_use]
pub fn all(plan: &Plan) -> Vec<Trace> {
    let keys = Keys::of(plan);
    vec![
        fields::empty(),
        fields::kinds(&keys),
        fields::at_limits(&keys),
        fields::many_links(&keys),
        fields::long(&keys),
        fields::values(&keys),
        fields::times(&keys),
        hostile::texts(&keys),
        hostile::ids(&keys),
        hostile::unknown(&keys),
        hostile::repeated(&keys),
        messaging::pairs(&keys),
        messaging::late(&keys),
        messaging::large(&keys),
    ]
}

/// The attributes that a rule asks for.
#[derive(Debug, Clone)]
struct Keys(Vec<String>);

impl Keys {
    /// So many are put on one span at most.
    const MOST: usize = 100;

    fn of(plan: &Plan) -> Self {
        let selector = &plan.selector;
        let whole = selector.attribute_keys.iter().cloned();
        let begun = selector.attribute_prefixes.iter();
        let begun = begun.map(|prefix| format!("{prefix}check"));
        let read = plan.reads.iter().map(|key| match key.strip_suffix('*') {
            Some(prefix) => format!("{prefix}check"),
            None => key.clone(),
        });
        let mut keys: Vec<String> = Vec::new();
        for key in whole.chain(begun).chain(read) {
            if keys.len() < Self::MOST && !keys.contains(&key) {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            keys.push("check.id".into());
        }
        Self(keys)
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Attributes of these keys, as an instrumentation would write those of
    /// message number `pair`.
    fn of_message(&self, pair: u64, is_consumer: bool) -> Vec<make::Message> {
        let value = |key: &str| match key {
            "messaging.system" => "rabbitmq".into(),
            "messaging.operation" | "messaging.operation.type" | "messaging.operation.name" => {
                if is_consumer { "process" } else { "publish" }.to_owned()
            }
            _ => format!("id-{pair}"),
        };
        let attributes = self.iter().map(|key| make::text(key, value(key)));
        attributes.collect()
    }
}
