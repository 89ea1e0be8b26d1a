//! What OpenTelemetry's configuration has several of, and linkmend one.

use linkmend_config::Node;

use crate::config::reader::Reader;

/// Follows the one way that is supported where OpenTelemetry's configuration
/// has several.
pub(super) fn only(
    reader: &mut Reader,
    node: &Node,
    way: &[&str],
    read: impl FnOnce(&mut Reader, &Node),
) {
    let Some((step, rest)) = way.split_first() else {
        return read(reader, node);
    };
    if !reader.is_map(node) {
        return;
    }
    for (key, other) in node.members().iter().filter(|(key, _)| key != step) {
        let text = format!(
            "not supported by linkmend, because it has `{step}` only; write that in its place, or \
             remove the list that it is in"
        );
        reader.within(key, |reader| {
            reader.fault(other.spot, text);
            reader.removed_here();
        });
    }
    match node.get(step) {
        Some(below) => reader.within(step, |reader| only(reader, below, rest, read)),
        None if node.members().is_empty() => {
            reader.fault_of(node, step, "is missing");
        }
        None => {}
    }
}
