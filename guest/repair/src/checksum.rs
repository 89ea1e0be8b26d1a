//! A number in the place of a text.

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Cheaper than a key: nothing hangs on two texts having the same one.
pub fn checksum(text: &[u8]) -> u64 {
    mix(sum(text.len() as u64, text), 0) >> 32
}

/// The same with all of its bits, from a number on.
pub fn digest(seed: u64, text: &[u8]) -> u64 {
    let sum = mix(sum(seed ^ (text.len() as u64) << 32, text), ODD);
    mix(sum, sum >> 31)
}

fn sum(seed: u64, text: &[u8]) -> u64 {
    let (words, rest) = text.as_chunks::<8>();
    let sum = words
        .iter()
        .fold(seed, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    let rest = rest
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(sum, rest)
}

fn mix(sum: u64, word: u64) -> u64 {
    (sum ^ word).wrapping_mul(ODD).rotate_left(29)
}
