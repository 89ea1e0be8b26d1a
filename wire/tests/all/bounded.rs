//! The fuzz targets, for a few seconds and with the same input every time.

use super::bytes::scan;
use super::shared::choices::Choices;
use super::shared::mutate::mutate;
use super::shared::targets;

fn input(seed: u64) -> Vec<u8> {
    let mut choices = Choices::seeded(seed);
    let length = choices.below(3000);
    let mut data = choices.bytes(length);
    if let Some(first) = data.first_mut() {
        // Random bytes alone are hardly ever a batch.
        *first |= 1;
    }
    data
}

/// Runs `target` on `runs` inputs; on a panic, says which. More by hand:
/// `LINKMEND_FUZZ_RUNS=1000000`.
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
fn inputs_are_worth_a_run() {
    let (mut damaged, mut spans, mut links) = (0, 0, 0);
    for seed in 0..1000 {
        let data = input(seed);
        let (mut choices, mut bytes) = targets::split(&data);
        let scan = scan(&bytes).unwrap();
        spans += scan.spans();
        links += scan.links();
        mutate(&mut bytes, &mut choices);
        damaged += usize::from(super::bytes::scan(&bytes).is_err());
    }
    assert!(spans > 3000, "{spans} spans");
    assert!(links > 3000, "{links} links");
    // Damage is found often, and often bends what it does not break.
    assert!((200..800).contains(&damaged), "{damaged} refused");
}

#[test]
fn walk() {
    run(6000, targets::walk);
}

#[test]
fn splice() {
    run(4000, targets::splice);
}
