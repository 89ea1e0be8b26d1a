//! A value, and where its parts stand.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::Place;

/// A configuration that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub(crate) value: Map<String, Value>,
    /// By path: `recipes[0].name`.
    pub(crate) places: BTreeMap<String, Place>,
}

impl Document {
    /// What it says.
    #[must_use]
    pub fn value(&self) -> &Map<String, Value> {
        &self.value
    }

    /// The same, to keep.
    #[must_use]
    pub fn into_value(self) -> Map<String, Value> {
        self.value
    }

    /// Where the key stands that a path such as `recipes[0].name` leads to, or
    /// the last one on the way that is there; `None` when none is.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return Some(*place);
            }
            path = path.get(..path.rfind(['.', '['])?)?;
        }
    }
}
