//! The fuzz targets, for a few seconds and with the same input every time.

use crate::shared::choices::Choices;
use crate::targets::{file, json};

/// Random bytes alone are hardly ever a batch: the first one says that they are
/// decisions.
fn input(seed: u64) -> Vec<u8> {
    let mut choices = Choices::seeded(seed);
    let length = choices.below(1500);
    let mut data = choices.bytes(length);
    if let Some(first) = data.first_mut() {
        *first |= 1;
    }
    data
}

/// Runs `target` on `runs` inputs; on a panic, says which. More by hand:
/// `LINKMEND_FUZZ_RUNS=100000`.
fn run(runs: u64, target: fn(&[u8])) {
    let given = std::env::var("LINKMEND_FUZZ_RUNS").ok();
    let given = given.and_then(|given| given.parse().ok());
    for seed in 0..given.unwrap_or(runs) {
        let data = input(seed);
        let run = std::panic::catch_unwind(|| target(&data));
        assert!(run.is_ok(), "seed {seed}");
    }
}

#[test]
fn json() {
    run(1000, json::json);
}

#[test]
fn file() {
    run(600, file::file);
}
