//! The ways that are measured side by side.

use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use linkmend::index::{
    IndexError, IndexOptions, MemoryIndex, MessageIndex, MessageKey, Producer, Recalled,
};
use linkmend::{Processor, Rule};
use linkmend_repair::Repair;
use linkmend_repair::config::Config;
use linkmend_tests::arms::{Adapter, native_repair};
use parking_lot::RwLock;

use crate::reference;

/// One way of mending batches.
pub enum Arm {
    /// linkmend: the built-in rule in the sandbox.
    Sandbox(Engine),
    /// The same rule without the sandbox, in the same engine.
    Native(Engine),
    /// Structs.
    Prost(Box<Structs>),
}

/// The engine with one rule.
pub struct Engine {
    processor: Processor,
    index: Arc<FreshIndex>,
}

/// prost's structs.
pub struct Structs {
    rule: Repair,
    index: Arc<FreshIndex>,
}

impl Arm {
    /// All three, with the rule configured like this.
    pub fn all(config: &str) -> anyhow::Result<[Self; 3]> {
        Ok([
            Self::Sandbox(Engine::new(Rule::builtin().with_config(config))?),
            Self::Native(Engine::new(native_repair(config))?),
            Self::Prost(Box::new(Structs {
                rule: Repair::new(Config::read(config).map_err(anyhow::Error::msg)?),
                index: Arc::default(),
            })),
        ])
    }

    /// Forgets all messages: each round is to remember them anew.
    pub fn forget(&self) {
        match self {
            Self::Sandbox(engine) | Self::Native(engine) => engine.index.forget(),
            Self::Prost(structs) => structs.index.forget(),
        }
    }

    /// Mends a batch.
    pub fn mend(&mut self, batch: &Bytes) -> anyhow::Result<Bytes> {
        match self {
            Self::Sandbox(engine) | Self::Native(engine) => {
                let mended = engine.processor.process(batch.clone())?;
                mended.traces.context("the batch was dropped")
            }
            Self::Prost(structs) => {
                let mut index = Adapter(&*structs.index);
                reference::mend(&mut structs.rule, batch, &mut index).map(Bytes::from)
            }
        }
    }
}

impl Engine {
    fn new(rule: Rule) -> anyhow::Result<Self> {
        let index = Arc::<FreshIndex>::default();
        let processor = Processor::builder()
            .rule(rule)
            .index(Arc::<FreshIndex>::clone(&index))
            .build()?;
        Ok(Self { processor, index })
    }
}

/// An index that can be emptied.
#[derive(Default)]
pub struct FreshIndex {
    index: RwLock<MemoryIndex>,
}

impl FreshIndex {
    fn forget(&self) {
        *self.index.write() = MemoryIndex::new(IndexOptions::default());
    }
}

impl MessageIndex for FreshIndex {
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        self.index.read().remember(producers, texts)
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        self.index.read().recall(keys)
    }
}
