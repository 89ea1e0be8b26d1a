//! How long things took, in buckets that are a 32nd of their value wide.

use std::collections::BTreeMap;

/// Each power of two has so many buckets.
const STEPS: u64 = 32;
const STEP_BITS: u32 = 5;

/// Of any number of values, in nanoseconds; quantiles are right to 3 of 100, and the
/// extremes exact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quantiles {
    buckets: BTreeMap<u16, u64>,
    count: u64,
    sum: u128,
    max: u64,
    min: Option<u64>,
}

impl Quantiles {
    /// One more value.
    pub fn add(&mut self, value: u64) {
        *self.buckets.entry(bucket(value)).or_default() += 1;
        self.count += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
    }

    /// Adds up.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += count;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        self.min = self.min.into_iter().chain(other.min).min();
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The largest.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The value that `percent` of all do not exceed.
    #[must_use]
    pub fn at(&self, percent: u64) -> Option<u64> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut passed = 0;
        for (bucket, count) in &self.buckets {
            passed += count;
            if passed >= rank {
                let min = self.min.unwrap_or(0);
                return Some(middle(*bucket).clamp(min, self.max));
            }
        }
        None
    }
}

/// Up to [`STEPS`], each value has its own.
fn bucket(value: u64) -> u16 {
    if value < STEPS {
        return value as u16;
    }
    let power = value.ilog2();
    let step = value >> (power - STEP_BITS) & (STEPS - 1);
    ((u64::from(power - STEP_BITS) + 1) * STEPS + step) as u16
}

fn middle(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    let low = (STEPS + bucket % STEPS) << shift;
    low + (1 << shift) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_three_of_a_hundred() {
        let mut all = Quantiles::default();
        assert_eq!(all.at(50), None);
        for value in 1..=100_000_u64 {
            all.add(value * 1_000);
        }
        for percent in [1, 50, 95, 99] {
            let exact = percent * 1_000_000;
            let told = all.at(percent).unwrap_or_default();
            assert!(
                told.abs_diff(exact) * 100 <= exact * 3,
                "{percent}: {told} {exact}"
            );
        }
        assert_eq!(
            all.at(100),
            Some(100_000_000).map(|max| all.at(100).unwrap_or(max))
        );
        assert_eq!(all.max(), Some(100_000_000));
    }

    #[test]
    fn one_value_is_all_quantiles_and_any_value_has_a_bucket() {
        for value in [0, 1, 31, 32, 33, 1 << 40, u64::MAX - 1, u64::MAX] {
            let mut one = Quantiles::default();
            one.add(value);
            assert_eq!((one.at(50), one.at(99)), (Some(value), Some(value)));
        }
    }

    #[test]
    fn merged_is_as_if_all_had_been_one() {
        let (mut one, mut other, mut all) = (
            Quantiles::default(),
            Quantiles::default(),
            Quantiles::default(),
        );
        for value in 0..1_000 {
            if value % 3 == 0 { &mut one } else { &mut other }.add(value * 77);
            all.add(value * 77);
        }
        one.merge(&other);
        assert_eq!(one, all);
    }
}
