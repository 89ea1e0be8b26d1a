//! Asking the store for the producers of a batch.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Instant;

use linkmend::Scope;
use linkmend::index::{Entry, MessageKey};
use redis::Value;

use crate::format::{self, LONGEST_MEMBER, MOST_OF_A_KEY};
use crate::inner::Inner;
use crate::node::{Request, SHORT};
use crate::question::{NUMBER, Question, command, questions};
use crate::stats::add;

impl Inner {
    /// All that the store knows of some keys, as far as it answers in time. To be
    /// called outside of the runtime of the store.
    pub(crate) fn recall(
        self: &Arc<Self>,
        scope: Option<Scope>,
        keys: &[MessageKey],
    ) -> Vec<Entry> {
        let begun = Instant::now();
        let mut keys = keys.to_vec();
        keys.sort_unstable_by_key(|key| (key.high, key.low));
        keys.dedup();
        let names = keys
            .iter()
            .map(|key| format::key(&self.options.key_prefix, scope, *key));
        let last = MOST_OF_A_KEY - 1;
        let (questions, unasked) = questions(&self.topology.map(), names, |key| {
            let mut range = command("ZRANGE", key, 3, 2 * NUMBER);
            range.arg(0).arg(last);
            Some(range)
        });
        let mut left = keys.len() - unasked;
        let (answers, answered) = mpsc::channel();
        let servers = questions.len();
        for question in questions {
            let (inner, answers) = (Arc::clone(self), answers.clone());
            self.runtime.spawn(async move {
                let Question {
                    node,
                    request,
                    numbers,
                } = question;
                let request = Request {
                    commands: request,
                    within: inner.options.timeout,
                    most_of_each: MOST_OF_A_KEY * LONGEST_MEMBER + SHORT,
                    is_urgent: true,
                };
                let answer = inner.ask(&node, &request).await;
                let _ = answers.send((numbers, answer));
            });
        }
        drop(answers);
        let mut found = Vec::new();
        for _ in 0..servers {
            let wait = self.options.timeout.saturating_sub(begun.elapsed());
            let Ok((numbers, answer)) = answered.recv_timeout(wait) else {
                break;
            };
            for (number, value) in numbers.iter().zip(answer.unwrap_or_default()) {
                let Some((members, key)) = value.as_sequence().zip(keys.get(*number as usize))
                else {
                    continue;
                };
                left -= 1;
                // No more than it was asked for.
                let members = members.iter().take(MOST_OF_A_KEY);
                found.extend(members.filter_map(|member| match member {
                    Value::BulkString(member) => format::read(*key, member),
                    _ => None,
                }));
            }
        }
        add(&self.counters.unanswered, unasked + left);
        found
    }
}
