//! Random batches and edits, against the same done to prost's structs.

use proptest::collection::vec;
use proptest::prelude::*;

use super::shared::choices::Choices;
use super::shared::encode::encode;
use super::shared::mutate::mutate;
use super::shared::select::Wanted;
use super::shared::{batch, checks, located, values};

/// What a batch is made of: bytes that decide, which get fewer and smaller when
/// a case fails.
fn decisions() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..3000)
}

/// A batch as bytes, and what else is to be decided.
fn encoded() -> impl Strategy<Value = (Vec<u8>, u64)> {
    (decisions(), any::<u64>()).prop_map(|(decisions, seed)| {
        let batch = batch::traces(&mut Choices::from_bytes(&decisions));
        (encode(&batch, &mut Choices::seeded(seed)), seed ^ 1)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_way_to_write_a_batch_is_read(decisions in decisions(), seed: u64) {
        let batch = batch::traces(&mut Choices::from_bytes(&decisions));
        let bytes = encode(&batch, &mut Choices::seeded(seed));
        let (_, decoded) = checks::walk(&bytes, &Wanted::everything()).unwrap();
        // The encoder itself is right, and so are the counts, which the walk
        // compares.
        checks::assert_same(&decoded.unwrap(), &batch);
        values::check(&bytes);
    }

    #[test]
    fn damaged_batches_are_judged_as_prost_does((mut bytes, seed) in encoded()) {
        let mut choices = Choices::seeded(seed);
        mutate(&mut bytes, &mut choices);
        checks::selection(&bytes, &Wanted::random(&mut choices));
        values::check(&bytes);
    }

    #[test]
    fn any_bytes_are_judged_as_prost_does(bytes in vec(any::<u8>(), 0..64)) {
        checks::selection(&bytes, &Wanted::everything());
    }

    #[test]
    fn a_subset_is_the_filtered_batch((bytes, seed) in encoded()) {
        checks::selection(&bytes, &Wanted::random(&mut Choices::seeded(seed)));
    }

    #[test]
    fn located_fields_are_those_of_the_batch((bytes, seed) in encoded()) {
        let mut choices = Choices::seeded(seed);
        let wanted = Wanted::random(&mut choices);
        located::check(&bytes, &wanted, &mut choices);
        located::check(&bytes, &Wanted::everything(), &mut choices);
    }

    #[test]
    fn edited_bytes_are_the_edited_batch((bytes, seed) in encoded()) {
        let mut choices = Choices::seeded(seed);
        let wanted = Wanted::random(&mut choices);
        checks::edits(&bytes, &wanted, &mut choices);
        checks::edits(&bytes, &Wanted::everything(), &mut choices);
    }
}
