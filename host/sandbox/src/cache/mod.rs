//! Compiled code on disk. What lies there is run as it is, so it is kept where
//! nobody else can write, and an entry that is not as it was written is none.

mod entry;
mod key;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use key::Key;

use crate::private::{PrivateDirectory, PrivateDirectoryError};

/// All entries together, in bytes; when there are more, those that were not
/// used for the longest time go.
const MOST_BYTES: u64 = 512 << 20;

/// A directory with compiled rules. Whoever can write there can have any code
/// run: it has to be the user's own (mode 0700), and is refused where it is not.
#[derive(Debug, Clone)]
pub struct CodeCache {
    directory: Arc<PrivateDirectory>,
}

impl CodeCache {
    /// Opens a directory, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, is no directory but a link to one, belongs to
    /// another user, or may be read or written by others.
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

    /// The code, if it is there as it was written.
    pub(crate) fn get(&self, key: Key) -> Option<Vec<u8>> {
        let name = key.name();
        let read = self.directory.read(&name, MOST_BYTES);
        let read = read.and_then(|bytes| entry::check(bytes, key));
        match read {
            Ok(code) => Some(code),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(
                    cache = %self.path().display(), entry = name, %error,
                    "an entry of the code cache is not used; the rule is compiled anew"
                );
                self.forget(key);
                None
            }
        }
    }

    /// Keeps code. Where that cannot be done it is compiled anew the next time.
    pub(crate) fn put(&self, key: Key, code: &[u8]) {
        let entry = entry::of(code, key);
        let most = MOST_BYTES.saturating_sub(entry.len() as u64);
        let kept = self
            .directory
            .shrink(most)
            .and_then(|()| self.directory.write(&key.name(), &entry));
        if let Err(error) = kept {
            tracing::warn!(
                cache = %self.path().display(), %error,
                "compiled code cannot be kept; the rule is compiled anew the next time"
            );
        }
    }

    /// Takes an entry out, however it got there.
    pub(crate) fn forget(&self, key: Key) {
        let _ = self.directory.remove(&key.name());
    }
}
