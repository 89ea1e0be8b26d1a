//! What was pulled: manifests and components, each under its digest.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use linkmend::{Checksum, PrivateDirectory, PrivateDirectoryError};

use crate::artifact::Layer;
use crate::client::PulledRule;
use crate::session::SMALL;

/// All of it together; when there is more, what was not used for the longest time goes.
const MOST_BYTES: u64 = 512 << 20;

/// A directory of rules that were pulled: the user's own, with mode 0700.
#[derive(Debug, Clone)]
pub struct Store {
    directory: Arc<PrivateDirectory>,
}

impl Store {
    /// Opens a directory, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, is no directory but a link to one, belongs to another
    /// user, or may be read or written by others.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PrivateDirectoryError> {
        Ok(Self {
            directory: Arc::new(PrivateDirectory::open(path)?),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The rule of a digest, of at most so many bytes. Whatever lies in the directory,
    /// what comes out of it has the digests that it is to have.
    pub(crate) fn get(&self, wanted: Checksum, most: usize) -> Option<PulledRule> {
        let manifest = self.read(wanted, SMALL)?;
        let layer = Layer::of(&manifest).ok()?;
        Some(PulledRule {
            component: self.read(layer.digest, most)?,
            digest: wanted,
            signature: layer.signature,
            moved: None,
            manifest,
        })
    }

    fn read(&self, wanted: Checksum, most: usize) -> Option<Vec<u8>> {
        let name = wanted.to_string();
        let bytes = self.directory.read(&name, most as u64).ok()?;
        if Checksum::of(&bytes) == wanted {
            return Some(bytes);
        }
        // It is damaged, and pulled once more.
        let _ = self.directory.remove(&name);
        None
    }

    /// Keeps a rule.
    pub(crate) fn put(&self, pulled: &PulledRule) -> io::Result<()> {
        let size = pulled.component.len() + pulled.manifest.len();
        self.directory
            .shrink(MOST_BYTES.saturating_sub(size as u64))?;
        let component = Checksum::of(&pulled.component).to_string();
        self.directory.write(&component, &pulled.component)?;
        self.directory
            .write(&pulled.digest.to_string(), &pulled.manifest)
    }
}
