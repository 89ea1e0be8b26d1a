//! What somebody may have meant.

/// The one of `known` that takes the fewest changes of letters to become; `None`
/// when that is more than a third of them: nobody mistypes so much.
#[must_use]
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let nearest = known.iter().map(|known| (distance(known, word), *known));
    let (distance, nearest) = nearest.min_by_key(|(distance, _)| *distance)?;
    let length = nearest.chars().count().max(word.chars().count());
    (3 * distance <= length).then_some(nearest)
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let substituted = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = substituted.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
