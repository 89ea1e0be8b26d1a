//! A host: linkmend's own index, hold and rule, in a world without sockets.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use linkmend::index::{MemoryIndex, SharedIndex};
use linkmend::{HoldOptions, Mended, ProcessOptions, Processor};
use linkmend_hop::sink::Show;
use linkmend_tests::arms::Arm;

use super::world::{Asked, View, World};

/// How often it is looked for what held spans wait for.
pub const LOOKING: Duration = Duration::from_millis(250);

pub struct Host {
    processor: Processor,
    pub asked: Arc<Asked>,
    world: Arc<World>,
    /// How many producers each awaited key had the last time.
    known: HashMap<(u64, u64), usize>,
    /// The beginning of time.
    epoch: Instant,
    show: Show,
    pub figures: Figures,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    pub most_held: usize,
    pub most_bytes: usize,
    pub overflow: u64,
    /// Keys that were looked at for held spans.
    pub watched: u64,
    pub looks: u64,
}

impl Host {
    pub fn new(
        world: &Arc<World>,
        is_shared: bool,
        hold: Duration,
        epoch: Instant,
        show: Show,
    ) -> anyhow::Result<Self> {
        let asked = Arc::new(Asked::default());
        let builder = Processor::builder()
            .rule(Arm::Native.rule("{}"))
            .hold(HoldOptions {
                time: hold,
                ..HoldOptions::default()
            });
        let here = Arc::new(MemoryIndex::default());
        let builder = if is_shared {
            let view = View {
                world: Arc::clone(world),
                asked: Arc::clone(&asked),
            };
            builder.index(Arc::new(SharedIndex::new(here, Arc::new(view))))
        } else {
            builder.index(here)
        };
        Ok(Self {
            processor: builder.build().context("the rule cannot be loaded")?,
            asked,
            world: Arc::clone(world),
            known: HashMap::new(),
            epoch,
            show,
            figures: Figures::default(),
        })
    }

    pub fn take(&mut self, now: Duration, batch: Bytes) -> anyhow::Result<()> {
        let passage = ProcessOptions {
            now: self.epoch + now,
            ..ProcessOptions::default()
        };
        let mended = self.processor.process_with(batch, &passage)?;
        self.pass(mended);
        self.release(now);
        Ok(())
    }

    /// What `linkmend run` does four times a second.
    pub fn look(&mut self, now: Duration) {
        let awaited = self.processor.awaited();
        self.figures.looks += 1;
        self.figures.watched += awaited.len() as u64;
        let before = std::mem::take(&mut self.known);
        let mut news = Vec::new();
        for awaited in awaited {
            let name = (awaited.1.high, awaited.1.low);
            let count = self.world.count(awaited.1);
            if count > 0 && before.get(&name) != Some(&count) {
                news.push(awaited);
            }
            self.known.insert(name, count);
        }
        self.processor.wake(&news);
        self.release(now);
        let stats = self.processor.hold_stats();
        self.figures.most_held = self.figures.most_held.max(stats.held);
        self.figures.most_bytes = self.figures.most_bytes.max(stats.bytes);
        self.figures.overflow = stats.released_overflow;
    }

    fn release(&self, now: Duration) {
        for mended in self.processor.release(self.epoch + now) {
            self.pass(mended);
        }
    }

    pub fn end(&self) {
        for mended in self.processor.drain() {
            self.pass(mended);
        }
    }

    fn pass(&self, mended: Mended) {
        if let Some(traces) = &mended.traces {
            (self.show)(traces);
        }
        mended
            .overflow
            .into_iter()
            .for_each(|mended| self.pass(mended));
    }
}
