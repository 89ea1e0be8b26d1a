//! What real instrumentations emit, in any order.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use linkmend::{HoldOptions, Processor};
use linkmend_emitters::arrival::Arrival;
use linkmend_emitters::{DAMAGES, Joinable, Random, Score, World, all};
use linkmend_tests::arms::Arm;
use prost::Message as _;

use super::{assert_empty, flat, spans_out};
use crate::emitters::index::Fresh;

const SEEDS: u64 = 2;

/// The score of all profiles that can be joined, over all damages.
fn score(hold: Option<&HoldOptions>) -> Score {
    let mut sum = Score::default();
    let profiles = all().filter(|profile| matches!(profile.joinable, Joinable::By(_)));
    for profile in profiles {
        for damage in DAMAGES {
            for seed in 0..SEEDS {
                let mut world = World::new(profile, seed);
                let mut random = Random::named(seed, damage.name);
                damage.apply(&mut world, &mut random);
                let batches = world.batches(Arrival::SHUFFLED, &mut random);
                let batches = batches.iter().map(|batch| batch.encode_to_vec().into());
                let batches: Vec<Bytes> = batches.collect();
                sum += score_of(&world, &batches, hold);
            }
        }
    }
    sum
}

fn score_of(world: &World, batches: &[Bytes], hold: Option<&HoldOptions>) -> Score {
    let mut builder = Processor::builder()
        .rule(Arm::Native.rule("{}"))
        .index(Arc::new(Fresh::new()));
    if let Some(hold) = hold {
        builder = builder.hold(hold.clone());
    }
    let processor = builder.build().unwrap();
    let now = Instant::now();
    let mut out = Vec::new();
    for batch in batches {
        out.push(processor.process_at(batch.clone(), now).unwrap());
        out.extend(processor.release(now));
    }
    out.extend(processor.drain());
    assert_empty(&processor);
    Score::of(world, &spans_out(&flat(out)))
}

/// Not all of it: a consumer whose message is known to have been sent does not
/// wait for a later producer that sent it once more.
#[test]
fn holding_spans_joins_what_comes_in_any_order() {
    let without = score(None).recall().unwrap();
    let with = score(Some(&HoldOptions::default()));
    let (recall, precision) = (with.recall().unwrap(), with.precision().unwrap());
    assert!((50.0..70.0).contains(&without), "{without} %");
    assert!(recall > 97.0 && precision > 98.0, "{with:?}");
    assert_eq!(with.lost, 0, "{with:?}");
}
