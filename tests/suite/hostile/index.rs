//! Guests that abuse the message index.

use std::sync::Arc;
use std::time::{Duration, Instant};

use linkmend::Processor;
use linkmend::index::MemoryIndex;

use super::{PATIENT, bait, guest, rules};

#[test]
fn a_small_question_with_a_large_answer_is_refused() {
    // The first of the keys alone would fit.
    for rule in rules(guest!("large-recall")) {
        let processor = super::processor(rule.with_limits(PATIENT));
        let mended = processor.process(bait()).unwrap();
        assert_eq!(mended.faults, []);
    }
}

#[test]
fn keys_that_are_nearly_equal_cost_no_more_than_others() {
    for rule in rules(guest!("equal-hashes")) {
        let index = Arc::new(MemoryIndex::default());
        let processor = Processor::builder()
            .rule(rule.with_limits(PATIENT))
            .index(index.clone())
            .build()
            .unwrap();
        let start = Instant::now();
        let mended = processor.process(bait()).unwrap();
        assert_eq!(mended.faults, []);
        assert_eq!(index.stats().entries, 100_000);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}
