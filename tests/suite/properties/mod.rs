//! Whatever the spans, the batches and the configuration: what the built-in
//! rule keeps to, with the host around it.
//!
//! | module | what it has |
//! |---|---|
//! | `spans`, `links`, `values` | spans that nobody would write, but someone may send |
//! | `config` | configurations |
//! | `bench` | the rule in both arms, and what it made of batches |
//! | `each` | what holds for every span by itself |
//! | `laws` | what holds for all of them together |
//! | `role` | the role of a span, told a second time |

mod bench;
mod config;
mod each;
mod laws;
mod links;
mod role;
mod spans;
mod values;

use linkmend::Counts;
use linkmend_emitters::{DAMAGES, Random, World, all};
use linkmend_tests::arms::{Arm, Order};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngSeed, TestRunner};

use bench::Bench;
use config::CONFIGS;

/// The same cases every time, unless `PROPTEST_RNG_SEED` asks for others.
fn cases(cases: u32, seed: u64) -> ProptestConfig {
    let config = ProptestConfig::default();
    let rng_seed = match config.rng_seed {
        RngSeed::Random => RngSeed::Fixed(seed),
        asked @ RngSeed::Fixed(_) => asked,
    };
    ProptestConfig {
        cases,
        rng_seed,
        failure_persistence: None,
        ..config
    }
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Ascending), Just(Order::Descending)]
}

/// The number of a configuration.
fn config() -> impl Strategy<Value = usize> {
    0..CONFIGS.len()
}

/// Damaged traces of real emitters.
fn emitted() -> impl Strategy<Value = Vec<TracesData>> {
    let profiles = all().count();
    let damages = DAMAGES.len();
    (0..profiles, 0..damages, any::<u64>()).prop_map(|(profile, damage, seed)| {
        let (profile, damage) = (all().nth(profile).unwrap(), &DAMAGES[damage]);
        let mut world = World::new(profile, seed);
        let mut random = Random::named(seed, damage.name);
        damage.apply(&mut world, &mut random);
        world.batches(damage.arrival, &mut random)
    })
}

fn any_batches() -> impl Strategy<Value = Vec<TracesData>> {
    prop_oneof![8 => spans::batches(), 1 => emitted()]
}

/// The cases are no good when nothing happens in them.
#[test]
fn the_cases_reach_every_kind_of_edit() {
    let mut runner = TestRunner::new(cases(0, 3));
    let mut sum = Counts::default();
    for number in 0..2_000 {
        let batches = spans::batches().new_tree(&mut runner).unwrap().current();
        let bench = Bench::of(Arm::Native, number % CONFIGS.len());
        for (_, counts) in bench.mend(&bench::encoded(&batches, Order::Ascending)) {
            sum += &counts;
        }
    }
    for (kind, count) in [
        ("added", sum.links_added),
        ("repaired", sum.links_repaired),
        ("invalid", sum.links_dropped_invalid),
        ("duplicate", sum.links_dropped_duplicate),
        ("cut", sum.links_cut),
        ("typed", sum.links_typed),
        ("unresolved", sum.unresolved),
        ("ambiguous", sum.ambiguous),
    ] {
        assert!(count >= 50, "{kind}: {count} of {sum:?}");
    }
}

proptest! {
    #![proptest_config(cases(1_500, 1))]

    #[test]
    fn every_span_is_mended_as_promised(
        batches in any_batches(), config in config(), order in order(),
    ) {
        let bench = Bench::of(Arm::Native, config);
        each::check(&bench, &batches, order);
    }

    #[test]
    fn a_second_run_changes_nothing(
        batches in any_batches(), config in config(), order in order(),
    ) {
        let bench = Bench::of(Arm::Native, config);
        laws::check_second_run(&bench, &batches, order);
    }

    #[test]
    fn the_order_and_the_number_of_batches_do_not_matter(
        batches in any_batches(), config in config(), order in order(), seed: u64,
    ) {
        let bench = Bench::of(Arm::Native, config);
        laws::check_permutation(&bench, &batches, order, &mut Random::new(seed));
        laws::check_duplicates(&bench, &batches, order, &mut Random::new(seed));
    }
}

proptest! {
    #![proptest_config(cases(250, 2))]

    #[test]
    fn the_sandbox_answers_with_the_same_bytes(
        batches in any_batches(), config in config(), order in order(),
    ) {
        laws::check_arms(config, &batches, order);
    }

    #[test]
    fn in_the_sandbox_every_span_is_mended_as_promised(
        batches in any_batches(), config in config(), order in order(),
    ) {
        let bench = Bench::of(Arm::Sandbox, config);
        each::check(&bench, &batches, order);
    }

    #[test]
    fn in_the_sandbox_neither_a_second_run_nor_order_matters(
        batches in any_batches(), config in config(), order in order(), seed: u64,
    ) {
        let bench = Bench::of(Arm::Sandbox, config);
        laws::check_second_run(&bench, &batches, order);
        laws::check_permutation(&bench, &batches, order, &mut Random::new(seed));
        laws::check_duplicates(&bench, &batches, order, &mut Random::new(seed));
    }
}
