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
        let pipelines = self.service.pipelines.values();
        let processors = pipelines.flat_map(|pipeline| &pipeline.processors);
        let processors = processors.map(|id| match self.processors.get(id) {
            Some(Processor::Linkmend(linkmend)) => {
                let index = linkmend.index.memory.most_bytes() as u64;
                index.saturating_add(linkmend.hold.max_bytes)
            }
            _ => 0,
        });
        receivers.chain(processors).fold(0, u64::saturating_add)
    }
}
