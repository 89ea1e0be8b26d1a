//! Which of the keys that held spans wait for another program has remembered.

use std::collections::HashMap;
use std::sync::Arc;

use linkmend::Scope;
use linkmend::index::MessageKey;
use redis::Value;
use tokio::task::JoinSet;

use crate::format;
use crate::inner::Inner;
use crate::node::{Request, SHORT};
use crate::question::{Question, command, questions};

/// How many keys one request asks for.
const AT_ONCE: usize = 2_000;

/// The key of a message, and in which scope it is.
pub type ScopedKey = (Option<Scope>, MessageKey);

/// Looks, time and again, for producers of the keys that held spans wait for. It
/// knows how long their values were the last time: only what is new is of use to a span that
/// was not content with what there was.
pub struct Watcher {
    pub(crate) inner: Arc<Inner>,
    pub(crate) known: HashMap<(Option<Scope>, u64, u64), i64>,
}

impl Watcher {
    /// Those of the keys of which there are other producers than the last time; all of
    /// those that are waited for now are to be given.
    pub async fn poll(&mut self, awaited: Vec<ScopedKey>) -> Vec<ScopedKey> {
        let inner = Arc::clone(&self.inner);
        let looking = self.inner.runtime.spawn(lengths(inner, awaited));
        let counts = looking.await.unwrap_or_default();
        let before = std::mem::take(&mut self.known);
        let mut news = Vec::new();
        for (awaited, count) in counts {
            let (scope, key) = awaited;
            let name = (scope, key.high, key.low);
            let last = before.get(&name).copied();
            // Not answered: as it was.
            let Some(count) = count.or(last) else {
                continue;
            };
            if count > 0 && last != Some(count) {
                news.push(awaited);
            }
            self.known.insert(name, count);
        }
        news
    }
}

/// How long the value of each of the keys is; `None` where nobody answers.
async fn lengths(inner: Arc<Inner>, awaited: Vec<ScopedKey>) -> Vec<(ScopedKey, Option<i64>)> {
    let mut counts: Vec<_> = awaited.into_iter().map(|awaited| (awaited, None)).collect();
    for counts in counts.chunks_mut(AT_ONCE) {
        let names = counts
            .iter()
            .map(|((scope, key), _)| format::key(&inner.options.key_prefix, *scope, *key));
        let map = inner.topology.map();
        let (questions, _) = questions(&map, names, |key| Some(command("STRLEN", key, 1, 0)));
        let mut asking = JoinSet::new();
        for Question {
            node,
            request,
            numbers,
        } in questions
        {
            let inner = Arc::clone(&inner);
            asking.spawn(async move {
                let request = Request {
                    commands: request,
                    // Nobody waits for it: it may take longer than what a batch asks for.
                    within: inner.options.timeout * 4,
                    most_of_each: SHORT,
                };
                (numbers, inner.ask(&node, &request).await)
            });
        }
        while let Some(asked) = asking.join_next().await {
            let Ok((numbers, Ok(values))) = asked else {
                continue;
            };
            for (number, value) in numbers.iter().zip(values) {
                if let (Value::Int(count), Some((_, place))) =
                    (value, counts.get_mut(*number as usize))
                {
                    *place = Some(count);
                }
            }
        }
    }
    counts
}
