//! The room of a vector, used again.

/// An empty vector in the room of another one, whose elements are of the same layout: those of
/// another batch, say. (Collecting happens in place then; where it did not, this would be an
/// empty vector all the same.)
pub fn again<A, B>(mut vector: Vec<A>) -> Vec<B> {
    vector.clear();
    vector.into_iter().filter_map(|_| None).collect()
}

#[cfg(test)]
mod tests {
    use super::again;

    #[test]
    fn the_room_is_kept() {
        let before: Vec<(u32, &str)> = vec![(1, "a"); 10];
        let (place, room) = (before.as_ptr() as usize, before.capacity());
        let after: Vec<(u32, &'static str)> = again(before);
        assert_eq!((after.as_ptr() as usize, after.capacity()), (place, room));
        assert!(after.is_empty());
    }
}
