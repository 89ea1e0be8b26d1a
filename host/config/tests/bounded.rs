//! The fuzz target, in a bounded run (`fuzz/README.md`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test that panics has failed"
)]

#[path = "../../../wire/tests/shared/choices.rs"]
#[allow(dead_code, reason = "other targets use the rest")]
mod choices;
#[path = "shared/mod.rs"]
mod shared;

use choices::Choices;

/// How many inputs; more by hand: `LINKMEND_FUZZ_RUNS=1000000`.
fn runs() -> u64 {
    let given = std::env::var("LINKMEND_FUZZ_RUNS").ok();
    given.and_then(|given| given.parse().ok()).unwrap_or(20_000)
}

#[test]
fn bounded() {
    let mut failed = Vec::new();
    for seed in 0..runs() {
        let mut choices = Choices::seeded(seed);
        let length = choices.below(300);
        let mut data = choices.bytes(length);
        if let Some(first) = data.first_mut() {
            // Random bytes alone are hardly ever a configuration.
            *first |= 1;
        }
        let run = std::panic::catch_unwind(|| shared::config(&data));
        if run.is_err() {
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "seeds {failed:?}");
}
