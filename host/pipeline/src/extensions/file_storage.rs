//! The extension `file_storage`: what must survive a restart.

use std::collections::BTreeMap;

use crate::config::{Extension, FileStorage, Id};

/// The storages of a service, by their ids.
#[derive(Debug, Clone, Default)]
pub struct Storages(BTreeMap<Id, FileStorage>);

impl Storages {
    /// Those among the extensions of a configuration.
    pub fn new(extensions: &BTreeMap<Id, Extension>) -> Self {
        let storages = extensions
            .iter()
            .filter_map(|(id, extension)| match extension {
                Extension::FileStorage(storage) => Some((id.clone(), storage.clone())),
                Extension::HealthCheck(_) => None,
            });
        Self(storages.collect())
    }
}
