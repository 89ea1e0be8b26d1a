//! Asking for ends. No batch waits for it: so it goes on the connections for all else, and
//! may take longer than what a batch asks for.

use std::sync::Arc;

use redis::{Cmd, Pipeline, Value};
use tokio::task::JoinSet;

use super::format::{LONGEST, SpanKey, key};
use crate::Store;
use crate::inner::Inner;
use crate::node::{Node, Request, SHORT};

/// How many ends one request asks for: a server does nothing else until one command is done.
const AT_ONCE: usize = 512;

/// An answer may take this many times as long as one that a batch waits for.
const LONGER: u32 = 4;

/// What the store says of an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Its value, see [`read`](super::read).
    Value(Vec<u8>),
    /// It is not there.
    Nothing,
    /// Nobody has answered, in time at least.
    Unanswered,
}

impl Store {
    /// Asks for ends, and waits for the answers: one for each, in their order.
    pub async fn ends(&self, of: Vec<SpanKey>) -> Vec<Answer> {
        let inner = Arc::clone(&self.inner);
        let count = of.len();
        let asking = self.inner.runtime.spawn(answers(inner, of));
        let unanswered = || vec![Answer::Unanswered; count];
        asking.await.unwrap_or_else(|_| unanswered())
    }
}

/// What one server is asked for, by number.
struct Question {
    node: Arc<Node>,
    names: Vec<Vec<u8>>,
    numbers: Vec<usize>,
}

async fn answers(inner: Arc<Inner>, of: Vec<SpanKey>) -> Vec<Answer> {
    let mut answers = vec![Answer::Unanswered; of.len()];
    for (of, answers) in of.chunks(AT_ONCE).zip(answers.chunks_mut(AT_ONCE)) {
        let (questions, is_one) = questions(&inner, of);
        let mut asking = JoinSet::new();
        for Question {
            node,
            names,
            numbers,
        } in questions
        {
            let inner = Arc::clone(&inner);
            asking.spawn(async move {
                let request = Request {
                    most_of_each: (LONGEST + SHORT) * if is_one { names.len() } else { 1 },
                    commands: commands(&names, is_one),
                    within: inner.options.timeout * LONGER,
                };
                (numbers, inner.ask(&node, &request).await)
            });
        }
        while let Some(asked) = asking.join_next().await {
            let Ok((numbers, Ok(values))) = asked else {
                continue;
            };
            let values = flat(values, is_one);
            for (number, value) in numbers.into_iter().zip(values) {
                if let Some(answer) = answers.get_mut(number) {
                    *answer = answer_of(value);
                }
            }
        }
    }
    answers
}

/// The questions about some, one for each server that can be asked; and whether one server
/// has all.
fn questions(inner: &Inner, of: &[SpanKey]) -> (Vec<Question>, bool) {
    let map = inner.topology.map();
    let of_node = |node: &Arc<Node>| {
        node.is_open().then(|| Question {
            node: Arc::clone(node),
            names: Vec::new(),
            numbers: Vec::new(),
        })
    };
    let mut questions: Vec<_> = map.nodes.iter().map(of_node).collect();
    for (number, of) in of.iter().enumerate() {
        let name = key(&inner.options.key_prefix, of);
        let owner = map.owner(&name).and_then(|owner| questions.get_mut(owner));
        if let Some(question) = owner.and_then(Option::as_mut) {
            question.names.push(name);
            question.numbers.push(number);
        }
    }
    let asked = questions.into_iter().flatten();
    let asked = asked.filter(|question| !question.names.is_empty());
    (asked.collect(), map.is_one())
}

/// One server is asked for all by one command; those of a cluster take none about keys of
/// several slots.
fn commands(names: &[Vec<u8>], is_one: bool) -> Pipeline {
    let mut commands = Pipeline::new();
    if is_one {
        let mut all = Cmd::new();
        all.arg("MGET").arg(names);
        commands.add_command(all);
        return commands;
    }
    for name in names {
        let mut one = Cmd::new();
        one.arg("GET").arg(name);
        commands.add_command(one);
    }
    commands
}

/// The values, one for each key.
fn flat(mut values: Vec<Value>, is_one: bool) -> Vec<Value> {
    if !is_one {
        return values;
    }
    match values.pop() {
        Some(Value::Array(all)) => all,
        _ => Vec::new(),
    }
}

fn answer_of(value: Value) -> Answer {
    match value {
        Value::BulkString(value) => Answer::Value(value),
        Value::Nil => Answer::Nothing,
        _ => Answer::Unanswered,
    }
}
