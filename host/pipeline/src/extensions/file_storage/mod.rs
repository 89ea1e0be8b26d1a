//! The extension `file_storage`: what must survive a restart, in a file for each
//! client.

mod backend;
mod entries;
mod file;
mod store;
mod writer;

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

pub(crate) use store::Store;

use crate::component::SetupError;
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
                Extension::HealthCheck(_) | Extension::Flows(_) => None,
            });
        Self(storages.collect())
    }

    /// One of them. It is not opened yet.
    pub(crate) fn get(&self, id: &Id) -> Option<Storage> {
        let config = self.0.get(id)?.clone();
        let id = id.clone();
        Some(Storage { id, config })
    }
}

/// A storage, in which each client has a file.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    id: Id,
    config: FileStorage,
}

impl Storage {
    /// One that no extension configures, in a folder that is made for the user
    /// alone.
    pub(crate) fn in_directory(directory: PathBuf) -> Self {
        let id = Id {
            kind: "file_storage".into(),
            name: String::new(),
        };
        let config = FileStorage {
            directory,
            create_directory: true,
            directory_permissions: 0o700,
            ..FileStorage::default()
        };
        Self { id, config }
    }

    /// Opens the file of a client. It is the client's alone: no other process
    /// has it open. This takes a while: the file is checked.
    pub(crate) fn open(&self, client: &str) -> Result<Store, SetupError> {
        let opened = self.prepare().and_then(|()| {
            let path = self.path(client);
            Store::open(path, &self.config)
        });
        opened.map_err(|error| error.within(format_args!("extensions.{}", self.id)))
    }

    fn prepare(&self) -> Result<(), SetupError> {
        let directory = &self.config.directory;
        let shown = directory.display();
        match std::fs::metadata(directory) {
            Ok(found) if found.is_dir() => return Ok(()),
            Ok(_) => return Err(fault(format!("{shown} is no folder"))),
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(fault(format!("{shown}: {error}")));
            }
            Err(_) => {}
        }
        if !self.config.create_directory {
            let text = format!("{shown} is not there; make it, or set `create_directory: true`");
            return Err(fault(text));
        }
        make(directory, self.config.directory_permissions)
            .map_err(|error| fault(format!("{shown} cannot be made: {error}")))
    }

    fn path(&self, client: &str) -> PathBuf {
        // No two ids have the same name, whatever is in them.
        let name = client.chars().map(|c| match c {
            c if c.is_ascii_alphanumeric() || "_-.".contains(c) => c.to_string(),
            c => format!("~{:x}~", u32::from(c)),
        });
        let name: String = name.collect();
        self.config.directory.join(format!("{name}.redb"))
    }
}

/// Makes a folder, and those that it lies in.
fn make(directory: &Path, mode: u32) -> std::io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(directory)
}

fn fault(text: String) -> SetupError {
    SetupError::new("directory", text)
}
