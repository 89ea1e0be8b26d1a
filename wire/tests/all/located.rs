//! What located fields take.

use linkmend_wire::located::{Item, Locator, Reads};
use linkmend_wire::{Scan, Selector};

use super::bytes::{batch_of, field, scan};

/// Scenario: a span of a million empty events, two bytes each, and a rule that
/// reads attributes of events.
/// Guarantees: an event with nothing to show takes nothing.
#[test]
fn events_without_an_attribute_that_is_read_take_nothing() {
    let events = field(11, b"").repeat(1_000_000);
    let bytes = batch_of(&events);
    let scan = scan(&bytes).unwrap();
    let mut locator = Locator::default();
    locator.locate(
        &bytes,
        &scan,
        0..1,
        &Reads::new(&["event:messaging.message.id"]),
    );
    assert!(locator.located().fields.len() < 1_000);
    let spans = locator.located().items().filter_map(|item| match item {
        Item::Span(span) => Some(span.events().count()),
        _ => None,
    });
    assert_eq!(spans.collect::<Vec<_>>(), [0]);
}

fn is_located_on_the_way(bytes: &[u8], most: usize, locator: &mut Locator) -> bool {
    let reads = Reads::new(&["*"]);
    let located = locator.scan(&mut Scan::new(), bytes, &Selector::all(), &reads, most);
    located.unwrap()
}

/// Scenario: a span of a million empty links, two bytes each, after one that has a
/// few; and 400,000 empty spans.
/// Guarantees: a walk that locates on the way stops locating, and keeps no more than
/// it may and what one span takes.
#[test]
fn locating_on_the_way_ends_where_it_would_be_too_much() {
    let links = |count| field(2, &field(13, b"").repeat(count));
    let batch = |spans: &[u8]| field(1, &field(2, spans));
    for (spans, most, is_located) in [
        (links(4096), usize::MAX, true),
        (links(4097), usize::MAX, false),
        ([links(10), links(1_000_000)].concat(), 8 << 20, false),
        (links(0).repeat(400_000), 8 << 20, false),
        (links(0).repeat(50_000), 8 << 20, true),
    ] {
        let mut locator = Locator::default();
        let bytes = batch(&spans);
        assert_eq!(
            is_located_on_the_way(&bytes, most, &mut locator),
            is_located
        );
        let located = locator.located();
        assert!(located.fields.len() < (8 << 20) + 1_000);
        // Twice as much, since lists grow to twice what they were.
        assert!(locator.takes() < 20 << 20, "{}", locator.takes());
    }
}
