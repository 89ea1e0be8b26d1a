//! What the components of a configuration may keep in memory.

use super::processors::Processor;
use super::receivers::Receiver;
use super::root::Config;

impl Config {
    /// What their limits add up to, in bytes: requests, held spans, and what is remembered
    /// of messages. A queue whose size is a number of batches has no such limit.
    pub fn most_memory(&self) -> u64 {
        let receivers = self.receivers.values().map(|receiver| match receiver {
            Receiver::Otlp(otlp) => otlp.request_limit(),
            Receiver::Kafka(kafka) => kafka.in_flight(),
            Receiver::OtlpJsonFile(_) => 0,
        });
        let processors = self
            .processors
            .iter()
            .map(|(id, processor)| match processor {
                Processor::Linkmend(linkmend) => {
                    // Its pipelines share what is remembered, and each holds spans of its own.
                    let pipelines = self.service.pipelines.values();
                    let used = pipelines.filter(|pipeline| pipeline.processors.contains(id));
                    let held = linkmend.hold.max_bytes.saturating_mul(used.count() as u64);
                    held.saturating_add(linkmend.index.memory.most_bytes() as u64)
                }
                Processor::MemoryLimiter(_) | Processor::Batch(_) => 0,
            });
        receivers.chain(processors).fold(0, u64::saturating_add)
    }
}
