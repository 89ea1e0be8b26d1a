//! Where random decisions come from.

/// A source of decisions: bytes that a fuzzer or proptest chose, so that
/// either can make a failing case smaller, or a seed.
pub struct Choices<'a> {
    bytes: &'a [u8],
    seed: Option<u64>,
}

impl<'a> Choices<'a> {
    /// Decides by these bytes, and by zeros after them. Whoever asks takes zero
    /// as "no more" or as the simplest of all, so that every batch ends.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, seed: None }
    }

    /// Decides by a seed, without end.
    pub fn seeded(seed: u64) -> Self {
        Self {
            bytes: &[],
            seed: Some(seed),
        }
    }

    pub fn byte(&mut self) -> u8 {
        if let Some(seed) = &mut self.seed {
            // SplitMix64: one line of arithmetic, and the same everywhere.
            *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            return (mixed >> 48) as u8;
        }
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        *first
    }

    pub fn u64(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// 0 or more, below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let number = match end {
            0 => return 0,
            1..=256 => usize::from(self.byte()),
            _ => self.u64() as usize,
        };
        number % end
    }

    /// True once in `times`, which is 2 or more; never at the end of the bytes.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    pub fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())].clone()
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.byte()).collect()
    }

    /// Up to `most` things.
    pub fn many<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    /// A thing, or none.
    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| make(self))
    }
}
