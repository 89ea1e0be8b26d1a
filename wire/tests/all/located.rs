//! What located fields take.

use linkmend_wire::located::{Item, Locator, Reads};

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
