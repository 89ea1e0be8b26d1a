//! Questions to the servers, each of which has some of the keys.

use std::sync::Arc;
use std::time::Instant;

use redis::{Cmd, Pipeline, Value};

use crate::inner::Inner;
use crate::node::{Failed, Node, Request};
use crate::stats::add;
use crate::topology::Map;

/// What one server is asked, and for which of the keys, by number.
pub(crate) struct Question {
    pub(crate) node: Arc<Node>,
    pub(crate) request: Pipeline,
    pub(crate) numbers: Vec<u32>,
}

/// The beginning of a command about a key, with room for the rest: a batch has hundreds
/// of them.
pub(crate) fn command(name: &str, key: &[u8], arguments: usize, bytes: usize) -> Cmd {
    let mut command = Cmd::with_capacity(arguments + 1, name.len() + key.len() + bytes);
    command.arg(name).arg(key);
    command
}

/// The questions about some keys, one for each server; and how many keys nobody can
/// be asked for.
pub(crate) fn questions<'k>(
    map: &Map,
    keys: impl Iterator<Item = Vec<u8>>,
    ask: impl Fn(&[u8]) -> Option<Cmd> + 'k,
) -> (Vec<Question>, usize) {
    let share = keys.size_hint().0 / map.nodes.len().max(1);
    let mut questions: Vec<Option<Question>> = map
        .nodes
        .iter()
        .map(|node| {
            node.is_open().then(|| Question {
                node: Arc::clone(node),
                request: Pipeline::with_capacity(share),
                numbers: Vec::with_capacity(share),
            })
        })
        .collect();
    let mut unasked = 0;
    for (number, key) in (0..).zip(keys) {
        let owner = map.owner(&key).and_then(|owner| questions.get_mut(owner));
        match owner.and_then(Option::as_mut) {
            Some(question) => {
                if let Some(command) = ask(&key) {
                    question.request.add_command(command);
                }
                question.numbers.push(number);
            }
            None => unasked += 1,
        }
    }
    let asked = questions.into_iter().flatten();
    (
        asked
            .filter(|question| !question.numbers.is_empty())
            .collect(),
        unasked,
    )
}

/// Whether there were errors in an answer that say who has what.
#[derive(Default)]
pub(crate) struct Refusals {
    is_elsewhere: bool,
    is_cluster: bool,
}

impl Refusals {
    /// One more, of this code.
    pub(crate) fn add(&mut self, code: &str) {
        self.is_elsewhere |= says_elsewhere(code);
        self.is_cluster |= says_cluster(code);
    }
}

impl Inner {
    /// Asks one server, and counts it.
    pub(crate) async fn ask(&self, node: &Node, request: &Request) -> Result<Vec<Value>, Failed> {
        let begun = Instant::now();
        let answer = node.ask(request).await;
        match &answer {
            Ok(values) => {
                let mut refusals = Refusals::default();
                for value in values {
                    if let Value::ServerError(error) = value {
                        refusals.add(error.code());
                    }
                }
                self.was_answered(node, begun, &refusals);
            }
            Err(_) => add(&self.counters.failures, 1),
        }
        answer
    }

    /// Counts an answer to a question of that time.
    pub(crate) fn was_answered(&self, node: &Node, begun: Instant, refusals: &Refusals) {
        add(&self.counters.round_trips, 1);
        if let Some(tell) = &self.options.on_round_trip {
            tell(begun.elapsed());
        }
        if refusals.is_elsewhere {
            self.topology.is_stale();
        }
        if refusals.is_cluster && !self.options.cluster {
            self.is_of_a_cluster(node);
        }
    }

    /// A mistake that nothing but the configuration can set right.
    fn is_of_a_cluster(&self, node: &Node) {
        add(&self.counters.of_a_cluster, 1);
        if self.is_cluster_told.lock().is_due() {
            tracing::error!(
                server = %node.address,
                "the shared index is a cluster, and only what this one of its servers has is found: \
                 add `cluster: true`"
            );
        }
    }
}

/// The server is one of a cluster, and another one has this key.
const MOVED: &str = "MOVED";

/// Keys were named that are in several parts of a cluster.
const CROSSSLOT: &str = "CROSSSLOT";

/// Whether an error says that the server does not have a key, or not any more.
pub(crate) fn says_elsewhere(code: &str) -> bool {
    says_cluster(code) || matches!(code, "ASK" | "READONLY" | "CLUSTERDOWN" | "MASTERDOWN")
}

/// Whether an error says that the server is one of a cluster.
pub(crate) fn says_cluster(code: &str) -> bool {
    matches!(code, MOVED | CROSSSLOT)
}
