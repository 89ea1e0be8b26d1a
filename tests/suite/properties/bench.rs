//! The rule in both arms, and what it made of batches.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use linkmend::{Counts, Mended, Processor};
use linkmend_tests::arms::{Arm, Order};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, TracesData};
use prost::Message as _;

use super::config::{CONFIGS, Config};
use crate::emitters::index::Fresh;

/// The rule, configured.
pub struct Bench {
    /// How it is.
    pub config: Config,
    loaded: Arc<Loaded>,
}

struct Loaded {
    processor: Processor,
    index: Arc<Fresh>,
    /// The index is one, and tests run at the same time.
    turn: Mutex<()>,
}

impl Bench {
    /// The rule with a configuration by its number: made once.
    pub fn of(arm: Arm, config: usize) -> Self {
        type Known = BTreeMap<(bool, usize), Arc<Loaded>>;
        static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
        let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap();
        let config_of = CONFIGS[config];
        let loaded = known
            .entry((arm == Arm::Native, config))
            .or_insert_with(|| {
                let index = Arc::new(Fresh::new());
                let builder = Processor::builder().rule(arm.rule(config_of.text));
                Arc::new(Loaded {
                    processor: builder.index(index.clone()).build().unwrap(),
                    index,
                    turn: Mutex::new(()),
                })
            });
        Self {
            config: config_of,
            loaded: Arc::clone(loaded),
        }
    }

    /// Mends batches as files are: with a new index, in two readings.
    pub fn mend(&self, batches: &[Bytes]) -> Vec<(Bytes, Counts)> {
        let Loaded {
            processor,
            index,
            turn,
        } = &*self.loaded;
        // A failed case leaves nothing behind that the next could mind.
        let _turn = turn
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        index.clear();
        for batch in batches {
            let mended = processor.remember(batch.clone()).unwrap();
            assert_eq!(
                mended.traces.as_ref(),
                Some(batch),
                "the first reading changes nothing"
            );
        }
        let mended = batches
            .iter()
            .map(|batch| processor.mend(batch.clone()).unwrap());
        mended.map(answer).collect()
    }

    /// The same twice over: the second time what came out the first time, with
    /// what is known by then.
    pub fn mend_twice(&self, batches: &[Bytes]) -> [Vec<Bytes>; 2] {
        let Loaded {
            processor,
            index,
            turn,
        } = &*self.loaded;
        let _turn = turn
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        index.clear();
        for batch in batches {
            processor.remember(batch.clone()).unwrap();
        }
        let mend = |batch: &Bytes| answer(processor.mend(batch.clone()).unwrap()).0;
        let once: Vec<_> = batches.iter().map(mend).collect();
        let process = |batch: &Bytes| answer(processor.process(batch.clone()).unwrap()).0;
        let twice = once.iter().map(process).collect();
        [once, twice]
    }
}

fn answer(mended: Mended) -> (Bytes, Counts) {
    assert_eq!(mended.faults, []);
    (mended.traces.unwrap(), mended.counts)
}

/// Batches as they are sent.
pub fn encoded(batches: &[TracesData], order: Order) -> Vec<Bytes> {
    let encoded = batches
        .iter()
        .map(|batch| Bytes::from(batch.encode_to_vec()));
    encoded.map(|batch| order.of(&batch)).collect()
}

/// A batch for each span, in their order.
pub fn one_by_one(batches: &[TracesData]) -> Vec<TracesData> {
    let mut all = Vec::new();
    for resource in batches.iter().flat_map(|batch| &batch.resource_spans) {
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                let scope_spans = vec![ScopeSpans {
                    spans: vec![span.clone()],
                    ..scope.clone()
                }];
                let resource_spans = vec![ResourceSpans {
                    scope_spans,
                    ..resource.clone()
                }];
                all.push(TracesData { resource_spans });
            }
        }
    }
    all
}
