//! Who linkmend is, in its own metrics and spans.

use std::collections::BTreeMap;

use crate::config::Telemetry;

/// The attributes of linkmend's own resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource(pub BTreeMap<String, String>);

impl Resource {
    /// Its name, its version and an id of this run, and what the configuration
    /// says: made once, so that metrics and spans have the same id.
    pub fn new(config: &Telemetry) -> Self {
        let mut attributes = BTreeMap::from([
            ("service.name".into(), "linkmend".into()),
            ("service.version".into(), env!("CARGO_PKG_VERSION").into()),
            ("service.instance.id".into(), random_id()),
        ]);
        for (name, value) in &config.resource {
            match value {
                Some(value) => attributes.insert(name.clone(), value.clone()),
                None => attributes.remove(name),
            };
        }
        Self(attributes)
    }
}

/// A random UUID (version 4).
fn random_id() -> String {
    let bits = fastrand::u128(..) & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let parts = parts.map(|range| hex.get(range).unwrap_or_default());
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid() {
        for _ in 0..100 {
            let id = random_id();
            assert_eq!(id.len(), 36);
            assert_eq!(id.chars().nth(14), Some('4'), "{id}");
            assert!(
                "89ab".contains(id.chars().nth(19).unwrap_or_default()),
                "{id}"
            );
        }
        assert_ne!(random_id(), random_id());
    }
}
