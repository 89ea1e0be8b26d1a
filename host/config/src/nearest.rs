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

/// How many letters are changed, left out, too many, or changed places with the
/// next one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    let mut before = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at =
                |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX >> 1);
            let substituted = at(&above, j) + usize::from(x != y);
            let mut least = substituted.min(at(&row, j) + 1).min(at(&above, j + 1) + 1);
            let are_exchanged =
                i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if are_exchanged {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}
