//! Which partition a record goes to.

use std::sync::atomic::{AtomicUsize, Ordering};

use krafka::PartitionId;
use krafka::producer::Partitioner;

/// How records with a key find their partition; those without one go to each in turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Partitioning {
    /// FNV-1a, as Sarama and the Collector have it.
    #[default]
    SaramaCompat,
    /// Murmur2, as the client of Kafka itself has it.
    Murmur2,
    /// By no key: to each in turn.
    RoundRobin,
}

/// The same with its state.
pub(crate) struct Chooser {
    partitioning: Partitioning,
    turn: AtomicUsize,
}

impl Chooser {
    pub(crate) fn new(partitioning: Partitioning) -> Self {
        // Many processes begin at the same time.
        let turn = AtomicUsize::new(fastrand::usize(..1 << 20));
        Self { partitioning, turn }
    }
}

impl Partitioner for Chooser {
    fn partition(&self, _topic: &str, key: Option<&[u8]>, count: usize) -> PartitionId {
        let Ok(count) = i32::try_from(count.max(1)) else {
            return 0;
        };
        match (self.partitioning, key) {
            (Partitioning::SaramaCompat, Some(key)) => {
                // What it does with the sign is part of the contract.
                (fnv1a(key).cast_signed() % count).abs()
            }
            (Partitioning::Murmur2, Some(key)) => {
                (murmur2(key) & 0x7fff_ffff).cast_signed() % count
            }
            (Partitioning::RoundRobin, _) | (_, None) => {
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                i32::try_from(turn % count.unsigned_abs() as usize).unwrap_or_default()
            }
        }
    }
}

fn fnv1a(key: &[u8]) -> u32 {
    key.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

fn murmur2(key: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    let mut hash = SEED ^ key.len() as u32;
    let mut blocks = key.chunks_exact(4);
    for block in &mut blocks {
        let block = block.try_into().map_or(0, u32::from_le_bytes);
        let mut mixed = block.wrapping_mul(M);
        mixed ^= mixed >> 24;
        hash = hash.wrapping_mul(M) ^ mixed.wrapping_mul(M);
    }
    let rest = blocks.remainder();
    if !rest.is_empty() {
        for (place, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ hash >> 15
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Kafka's own tests have it (`UtilsTest.testMurmur2`).
    #[test]
    fn murmur2_is_that_of_kafka() {
        for (key, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            (
                "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
    }

    /// Test vectors of FNV itself.
    #[test]
    fn fnv1a_is_fnv1a() {
        for (key, hash) in [
            ("", 0x811c_9dc5),
            ("a", 0xe40c_292c),
            ("foobar", 0xbf9c_f968),
        ] {
            assert_eq!(fnv1a(key.as_bytes()), hash, "{key}");
        }
    }

    #[test]
    fn every_partition_is_one() {
        for partitioning in [
            Partitioning::SaramaCompat,
            Partitioning::Murmur2,
            Partitioning::RoundRobin,
        ] {
            let chooser = Chooser::new(partitioning);
            let mut seen = [0; 12];
            for number in 0..1200_u32 {
                let key = number.to_be_bytes();
                let place = chooser.partition("t", Some(&key), seen.len());
                let place = usize::try_from(place).unwrap_or(usize::MAX);
                if let Some(count) = seen.get_mut(place) {
                    *count += 1;
                }
            }
            assert_eq!(seen.iter().sum::<u32>(), 1200, "{partitioning:?}");
            assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
            assert_eq!(chooser.partition("t", None, 0), 0);
        }
    }
}
