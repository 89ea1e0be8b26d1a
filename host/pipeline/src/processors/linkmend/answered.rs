//! What becomes of producers that had not passed here when their consumers did.

use std::sync::Arc;
use std::time::Instant;

use linkmend_redis::ends::{Answer, SpanKey};

use super::asking::{Asking, TIMES};
use super::delivery::until;
use super::elsewhere::{context, scope, told};
use super::flows::Flows;
use super::stage::Stage;

/// As it is counted, once for each.
const FOUND: &str = "found";
const HERE: &str = "here";
const NOWHERE: &str = "nowhere";
const UNANSWERED: &str = "unanswered";
const DROPPED: &str = "dropped";

impl Stage {
    /// Producers that consumers in a batch name are to be asked for.
    pub(super) fn missed(&self, flows: &Flows, keys: &[SpanKey]) {
        if let Some(asking) = self.asking.as_ref().filter(|_| !keys.is_empty()) {
            flows.looked_up(DROPPED, asking.add(keys, 0));
        }
    }

    /// Asks for those that are due, until the end.
    pub(super) async fn ask(self: Arc<Self>) {
        let (Some(asking), Some(flows)) = (&self.asking, &self.flows) else {
            return;
        };
        loop {
            tokio::select! {
                () = self.tasks.stop.cancelled() => return,
                () = asking.added.notified() => continue,
                () = until(asking.next()) => {}
            }
            let due = asking.due(Instant::now());
            tokio::select! {
                () = self.tasks.stop.cancelled() => return,
                () = self.ask_for(asking, flows, due) => {}
            }
        }
    }

    async fn ask_for(&self, asking: &Asking, flows: &Arc<Flows>, due: Vec<(usize, SpanKey)>) {
        let count = due.len();
        let due = flows.still_missed(due);
        flows.looked_up(HERE, count - due.len());
        let keys = due.iter().map(|(_, key)| *key).collect();
        let answers = flows.ask(keys).await;
        let mut found = Vec::new();
        let mut again: [Vec<SpanKey>; TIMES] = Default::default();
        for ((time, key), answer) in due.into_iter().zip(answers) {
            let result = match answer {
                Answer::Value(value) if told(&key, &value).is_some() => {
                    flows.looked_up(FOUND, 1);
                    found.push((key, value));
                    continue;
                }
                Answer::Unanswered => UNANSWERED,
                Answer::Value(_) | Answer::Nothing => NOWHERE,
            };
            match again.get_mut(time + 1) {
                Some(again) => again.push(key),
                None => flows.looked_up(result, 1),
            }
        }
        for (time, keys) in again
            .iter()
            .enumerate()
            .filter(|(_, keys)| !keys.is_empty())
        {
            flows.looked_up(DROPPED, asking.add(keys, time));
        }
        if !found.is_empty() {
            self.learn(flows, found).await;
        }
    }

    async fn learn(&self, flows: &Arc<Flows>, found: Vec<(SpanKey, Vec<u8>)>) {
        let finder = Arc::clone(flows);
        let learning = self.workers.run(move || {
            let ends = found.iter().filter_map(|(key, value)| told(key, value));
            finder.learn(ends)
        });
        let projected = learning.await.unwrap_or_default();
        self.project(flows, projected, None).await;
    }
}

impl Flows {
    /// Without those that have passed here, or that nobody waits for any more.
    fn still_missed(&self, mut due: Vec<(usize, SpanKey)>) -> Vec<(usize, SpanKey)> {
        self.awaited(|awaits| due.retain(|(_, key)| awaits(&context(key), scope(key))));
        due
    }
}
