//! What somebody may have meant.

/// The one of `known` that takes the fewest changes of letters to become; `None`
/// when that is more than a third of them: nobody mistypes so much.
#[must_use]
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // Two letters that changed places are one change.
    let distance = |known: &str| strsim::osa_distance(known, word);
    let nearest = known.iter().map(|known| (distance(known), *known));
    let (distance, nearest) = nearest.min_by_key(|(distance, _)| *distance)?;
    let length = nearest.chars().count().max(word.chars().count());
    (3 * distance <= length).then_some(nearest)
}
