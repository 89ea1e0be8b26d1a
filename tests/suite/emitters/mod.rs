//! What instrumentations that were not recorded emit by their sources, damaged
//! and mended.

pub mod index;
mod run;

use std::sync::OnceLock;

use linkmend_emitters::{DAMAGES, Joinable, Profile, Random, Score, World, all};
use linkmend_tests::arms::{Arm, Order};

use run::{Bench, Reading};

/// Enough that every way of every profile is taken.
const SEEDS: u64 = 8;
/// The sandbox does the same, and takes longer.
const SEEDS_IN_SANDBOX: u64 = 2;

/// The score of a profile over all damages and some seeds.
fn score(bench: &Bench, profile: &Profile, seeds: u64, reading: Reading) -> Score {
    let mut sum = Score::default();
    for (number, damage) in (0..).zip(DAMAGES) {
        for seed in 0..seeds {
            let order = match (seed + number) % 2 {
                0 => Order::Ascending,
                _ => Order::Descending,
            };
            let mut world = World::new(profile, seed);
            let mut random = Random::named(seed, damage.name);
            damage.apply(&mut world, &mut random);
            let batches = match reading {
                Reading::Twice => world.batches(damage.arrival, &mut random),
                Reading::Once => world.batches_in_stream(damage.arrival, &mut random),
            };
            let spans = bench.mend(&batches, order, reading);
            let score = Score::of(&world, &spans);
            let is_as_promised = match profile.joinable {
                Joinable::By(_) => score.is_perfect(),
                Joinable::Not { .. } => score.is_sound(),
            };
            assert!(
                is_as_promised,
                "{}, {}, seed {seed}, {order:?}: {score:?}\n{}",
                profile.name,
                damage.name,
                run::wrong(&world, &spans)
            );
            sum += score;
        }
    }
    sum
}

/// The scores of all profiles.
fn scores(arm: Arm, seeds: u64, reading: Reading) -> Vec<(&'static Profile, Score)> {
    let bench = Bench::new(arm);
    let of_profile = |profile| (profile, score(&bench, profile, seeds, reading));
    all().map(of_profile).collect()
}

/// What the page says.
pub fn measured() -> &'static [(&'static Profile, Score)] {
    static MEASURED: OnceLock<Vec<(&Profile, Score)>> = OnceLock::new();
    MEASURED.get_or_init(|| scores(Arm::Native, SEEDS, Reading::Twice))
}

#[allow(clippy::print_stdout, reason = "to be read with --nocapture")]
fn print(profile: &Profile, score: &Score) {
    let shown = |figure: Option<f64>| figure.map_or("-".into(), |figure| format!("{figure:.1} %"));
    let (recall, precision) = (shown(score.recall()), shown(score.precision()));
    let name = profile.name;
    println!("{name:32} recall {recall:>8}  precision {precision:>8}  {score:?}");
}

#[test]
fn what_can_be_joined_is_joined_and_nothing_is_made_up() {
    for (profile, score) in measured() {
        print(profile, score);
        assert!(score.expected > 0, "{}: nothing was missing", profile.name);
    }
}

#[test]
fn the_sandbox_joins_the_same() {
    let native = scores(Arm::Native, SEEDS_IN_SANDBOX, Reading::Twice);
    let sandbox = scores(Arm::Sandbox, SEEDS_IN_SANDBOX, Reading::Twice);
    for ((profile, one), (_, other)) in native.iter().zip(&sandbox) {
        assert_eq!(one, other, "{}", profile.name);
    }
}

#[test]
fn a_stream_that_begins_with_producers_needs_one_reading() {
    for (arm, seeds) in [(Arm::Native, SEEDS_IN_SANDBOX), (Arm::Sandbox, 1)] {
        scores(arm, seeds, Reading::Once);
    }
}
