//! `processors`: what is done with batches.

mod batch;
mod flows;
mod index;
mod linkmend;
mod memory_limiter;
mod rule;
mod scope;

pub use self::linkmend::{Hold, LinkmendProcessor, RuleConfig};
pub use batch::BatchProcessor;
pub use flows::Flows;
pub use index::{Index, Redis};
pub use memory_limiter::MemoryLimiter;
pub use rule::RuleSource;
pub use scope::Scope;

pub(super) use self::linkmend::{HOLD, LIMITS, MEMBERS as LINKMEND};
pub(super) use batch::MEMBERS as BATCH;
pub(super) use flows::MEMBERS as FLOWS;
pub(super) use index::{MEMBERS as INDEX, REDIS};
pub(super) use memory_limiter::MEMBERS as MEMORY_LIMITER;
pub(super) use scope::MEMBERS as SCOPE;

use super::components::{Kind, Type};

/// A processor.
#[derive(Debug, Clone, PartialEq)]
pub enum Processor {
    /// Mends links with a rule.
    Linkmend(Box<LinkmendProcessor>),
    /// Refuses batches when memory runs short.
    MemoryLimiter(MemoryLimiter),
    /// Joins and cuts batches; of a configuration that was read, the exporters
    /// do it.
    Batch(BatchProcessor),
}

pub(super) static KIND: Kind<Processor> = Kind {
    section: "processors",
    singular: "processor",
    types: &[
        Type {
            names: &["linkmend"],
            read: |reader, node| Processor::Linkmend(Box::new(linkmend::read(reader, node))),
        },
        Type {
            names: &["memory_limiter"],
            read: |reader, node| Processor::MemoryLimiter(memory_limiter::read(reader, node)),
        },
        Type {
            names: &["batch"],
            read: |reader, node| Processor::Batch(batch::read(reader, node)),
        },
    ],
};
