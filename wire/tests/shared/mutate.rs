//! Damage to bytes, of the kinds that break or bend protobuf.

use super::choices::Choices;

/// Changes `bytes` in a few places.
pub fn mutate(bytes: &mut Vec<u8>, choices: &mut Choices<'_>) {
    for _ in 0..=choices.below(4) {
        once(bytes, choices);
    }
}

fn once(bytes: &mut Vec<u8>, choices: &mut Choices<'_>) {
    /// A byte that is often a tag, a length or the end of a varint.
    const TELLING: [u8; 16] = [
        0x00, 0x01, 0x02, 0x07, 0x0a, 0x12, 0x1a, 0x0b, 0x0c, 0x30, 0x4a, 0x6a, 0x70, 0x7f, 0x80,
        0xff,
    ];
    let at = choices.below(bytes.len().max(1));
    match choices.below(8) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, choices.pick(&TELLING)),
        2 => drop((at < bytes.len()).then(|| bytes.remove(at))),
        3 => {
            // A piece again, somewhere: repeated fields, shifted frames.
            let end = bytes.len().min(at + choices.below(40));
            let piece = bytes[at..end].to_vec();
            let to = choices.below(bytes.len() + 1);
            bytes.splice(to..to, piece);
        }
        4 => {
            // A varint that grows: padded, or too long.
            let padding = vec![0x80; choices.below(11)];
            bytes.splice(at..at, padding);
        }
        5 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = byte.wrapping_add(choices.pick(&[1, 2, 8, 0xff, 0x80]));
            }
        }
        6 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = choices.pick(&TELLING);
            }
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = choices.byte();
            }
        }
    }
}
