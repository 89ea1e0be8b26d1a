//! What goes in and out: blocks of the module's memory, each of which has one owner at a time.

use std::cell::{Cell, RefCell};

thread_local! {
    /// Blocks that the host fills, until it hands them over.
    static LENT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    /// What the host reads, until its next call.
    static GIVEN: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A block for the host to fill: where it is.
pub(crate) fn lend(length: u32) -> u32 {
    let block = vec![0; length as usize];
    let address = address_of(&block);
    LENT.with_borrow_mut(|lent| lent.push(block));
    address
}

/// Takes a block that was lent. One that was not is empty.
pub(crate) fn take(address: u32, length: u32) -> Vec<u8> {
    if length == 0 {
        return Vec::new();
    }
    LENT.with_borrow_mut(|lent| {
        let mut blocks = lent.iter();
        let place = blocks.rposition(|block| address_of(block) == address);
        let mut block = place
            .map(|place| lent.swap_remove(place))
            .unwrap_or_default();
        block.truncate(length as usize);
        block
    })
}

/// Takes the block of an answer of the host: `address << 32 | length`.
pub(crate) fn take_answer(answer: u64) -> Vec<u8> {
    take((answer >> 32) as u32, answer as u32)
}

/// Gives a block to the host: `address << 32 | length`, 0 for an empty one.
pub(crate) fn give(block: Vec<u8>) -> u64 {
    if block.is_empty() {
        return 0;
    }
    let answer = u64::from(address_of(&block)) << 32 | block.len() as u64;
    GIVEN.set(block);
    answer
}

/// The host has read what it was given.
pub(crate) fn is_read() {
    GIVEN.take();
}

pub(crate) fn address_of(bytes: &[u8]) -> u32 {
    bytes.as_ptr() as usize as u32
}
