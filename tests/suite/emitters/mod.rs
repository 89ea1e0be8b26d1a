//! What real instrumentations emit, damaged and mended.

mod index;
mod run;

use linkmend_emitters::{DAMAGES, Joinable, Profile, Random, Score, World, all};
use linkmend_tests::arms::{Arm, Order};

use run::{Bench, Reading};

/// Enough that every way of every profile is taken.
const SEEDS: u64 = 8;
/// The sandbox does the same, and takes longer.
const SEEDS_IN_SANDBOX: u64 = 2;

/// The score of a profile over all damages and some seeds, and what was wrong.
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
                Reading::Twice => world.batches(damage, &mut random),
                Reading::Once => world.batches_in_stream(damage, &mut random),
            };
            let spans = bench.mend(&batches, order, reading);
            let score = Score::of(&world, &spans);
            let is_as_promised = match profile.joinable {
                Joinable::By(_) => score.is_perfect(),
                Joinable::Not { .. } => score.is_sound(),
            };
            let case = || format!("{}, {}, seed {seed}, {order:?}", profile.name, damage.name);
            assert!(
                is_as_promised,
                "{}: {score:?}\n{}",
                case(),
                run::wrong(&world, &spans)
            );
            sum += score;
        }
    }
    sum
}

fn print(profile: &Profile, score: &Score) {
    let shown = |figure: Option<f64>| figure.map_or("-".into(), |figure| format!("{figure:.1} %"));
    let (recall, precision) = (shown(score.recall()), shown(score.precision()));
    println!(
        "{:40} recall {recall:>8}  precision {precision:>8}  {score:?}",
        profile.name
    );
}

fn check(arm: Arm, seeds: u64, reading: Reading) {
    let bench = Bench::new(arm);
    for profile in all() {
        let score = score(&bench, profile, seeds, reading);
        print(profile, &score);
        assert!(score.expected > 0, "{}: nothing was missing", profile.name);
    }
}

#[test]
fn what_can_be_joined_is_joined_and_nothing_is_made_up() {
    check(Arm::Native, SEEDS, Reading::Twice);
}

#[test]
fn the_sandbox_joins_the_same() {
    check(Arm::Sandbox, SEEDS_IN_SANDBOX, Reading::Twice);
}

#[test]
fn a_stream_that_begins_with_producers_needs_one_reading() {
    check(Arm::Native, SEEDS_IN_SANDBOX, Reading::Once);
    check(Arm::Sandbox, 1, Reading::Once);
}
