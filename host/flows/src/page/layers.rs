//! Which service stands where: each to the right of those that send to it, as far
//! as there are no circles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Columns of services.
pub(super) struct Layers {
    columns: Vec<Vec<Arc<str>>>,
    places: BTreeMap<Arc<str>, (usize, usize)>,
}

impl Layers {
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Of the longest column.
    pub(super) fn rows(&self) -> usize {
        self.columns.iter().map(Vec::len).max().unwrap_or(0)
    }

    pub(super) fn rows_of(&self, column: usize) -> usize {
        self.columns.get(column).map_or(0, Vec::len)
    }

    pub(super) fn place(&self, service: &Arc<str>) -> Option<(usize, usize)> {
        self.places.get(service).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &(usize, usize))> {
        self.places.iter()
    }
}

/// Places `services`, between which there are these edges.
pub(super) fn of<'a>(
    services: &BTreeSet<Arc<str>>,
    edges: impl Iterator<Item = &'a (Arc<str>, Arc<str>)>,
) -> Layers {
    let mut next: BTreeMap<Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
    let mut received: BTreeSet<Arc<str>> = BTreeSet::new();
    for (from, to) in edges.filter(|(from, to)| from != to) {
        next.entry(Arc::clone(from))
            .or_default()
            .push(Arc::clone(to));
        received.insert(Arc::clone(to));
    }
    let order = order(services, &received, &next);
    let columns = columns(&order, &next);
    placed(columns, &next)
}

/// Each before those that it sends to, where there are no circles.
fn order(
    services: &BTreeSet<Arc<str>>,
    received: &BTreeSet<Arc<str>>,
    next: &BTreeMap<Arc<str>, Vec<Arc<str>>>,
) -> Vec<Arc<str>> {
    // Who only sends begins; then whoever is left, for circles that nobody sends to.
    let (first, rest): (Vec<_>, Vec<_>) = services
        .iter()
        .partition(|service| !received.contains(*service));
    let mut seen = BTreeSet::new();
    let mut done = Vec::new();
    for start in first.into_iter().chain(rest) {
        let mut stack = vec![(Arc::clone(start), false)];
        while let Some((service, is_left)) = stack.pop() {
            if is_left {
                done.push(service);
            } else if seen.insert(Arc::clone(&service)) {
                let all = next.get(&service).into_iter().flatten();
                let children: Vec<_> = all.filter(|to| !seen.contains(*to)).cloned().collect();
                stack.push((service, true));
                stack.extend(children.into_iter().map(|child| (child, false)));
            }
        }
    }
    done.reverse();
    done
}

fn columns(order: &[Arc<str>], next: &BTreeMap<Arc<str>, Vec<Arc<str>>>) -> Vec<Vec<Arc<str>>> {
    let number: BTreeMap<&Arc<str>, usize> = order.iter().zip(0..).collect();
    let mut column: BTreeMap<&Arc<str>, usize> = order.iter().map(|one| (one, 0)).collect();
    for service in order {
        let own = column.get(service).copied().unwrap_or(0);
        for to in next.get(service).into_iter().flatten() {
            // Not back, in a circle.
            if number.get(to) > number.get(service)
                && let Some(column) = column.get_mut(to)
            {
                *column = (*column).max(own + 1);
            }
        }
    }
    let most = column.values().copied().max().unwrap_or(0);
    let mut columns = vec![Vec::new(); most + 1];
    for service in order {
        let own = column.get(service).copied().unwrap_or(0);
        if let Some(column) = columns.get_mut(own) {
            column.push(Arc::clone(service));
        }
    }
    columns
}

/// In each column, services stand beside those that send to them.
fn placed(mut columns: Vec<Vec<Arc<str>>>, next: &BTreeMap<Arc<str>, Vec<Arc<str>>>) -> Layers {
    let mut places: BTreeMap<Arc<str>, (usize, usize)> = BTreeMap::new();
    for (number, column) in columns.iter_mut().enumerate() {
        column.sort_by_cached_key(|service| {
            let senders = next.iter().filter(|(_, to)| to.contains(service));
            let rows: Vec<usize> = senders
                .filter_map(|(from, _)| places.get(from).map(|(_, row)| *row))
                .collect();
            let sum: usize = rows.iter().sum();
            (sum * 1_000 / rows.len().max(1), Arc::clone(service))
        });
        for (row, service) in column.iter().enumerate() {
            places.insert(Arc::clone(service), (number, row));
        }
    }
    Layers { columns, places }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(edges: &[(&str, &str)]) -> BTreeMap<String, (usize, usize)> {
        let edges: Vec<(Arc<str>, Arc<str>)> = edges
            .iter()
            .map(|(from, to)| (Arc::from(*from), Arc::from(*to)))
            .collect();
        let services = edges.iter().flat_map(|(from, to)| [from, to]);
        let services = services.cloned().collect();
        let layers = of(&services, edges.iter());
        let all = layers.iter();
        all.map(|(service, place)| (service.to_string(), *place))
            .collect()
    }

    #[test]
    fn a_service_stands_to_the_right_of_those_that_send_to_it() {
        let places = places(&[("api", "worker"), ("worker", "mailer"), ("api", "mailer")]);
        let column = |name: &str| places.get(name).map(|(column, _)| *column);
        assert_eq!(column("api"), Some(0));
        assert_eq!(column("worker"), Some(1));
        assert_eq!(column("mailer"), Some(2));
    }

    #[test]
    fn circles_and_services_that_send_to_themselves_have_places() {
        let places = places(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "d")]);
        assert_eq!(places.len(), 4);
        let different: BTreeSet<_> = places.values().collect();
        assert_eq!(different.len(), 4, "{places:?}");
    }
}
