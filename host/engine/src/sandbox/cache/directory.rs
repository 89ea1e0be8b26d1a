//! The directory: the user's own, and what is in it.

use std::fs::{DirBuilder, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, renameat, unlinkat};

/// What is being written has a name that begins like this.
const UNFINISHED: &str = ".new-";

/// What was begun so long ago is not finished any more.
const ABANDONED: Duration = Duration::from_mins(10);

/// A code cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodeCacheError {
    /// The system says so.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is a link, or a file.
    #[error("it is no directory of its own; links are not followed")]
    NotADirectory,
    /// It is another user's.
    #[error(
        "it belongs to user {owner}, and this process runs as user {user}: what lies there is run; give a directory of this user's"
    )]
    Owner {
        /// Whose it is.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// Others can reach into it.
    #[error(
        "its mode is {mode:04o}, so that others can reach into it: what lies there is run; `chmod 700` it, or give another one"
    )]
    Mode {
        /// Its mode.
        mode: u32,
    },
}

/// A directory that is the user's own.
#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, CodeCacheError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = || rustix::fs::open(path, flags, Mode::empty());
        let opened = match open() {
            Err(rustix::io::Errno::NOENT) => {
                make(path)?;
                open()
            }
            opened => opened,
        };
        let directory = match opened {
            Ok(directory) => File::from(directory),
            Err(rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
                return Err(CodeCacheError::NotADirectory);
            }
            Err(error) => return Err(io::Error::from(error).into()),
        };
        let metadata = directory.metadata()?;
        let (owner, user) = (metadata.uid(), user());
        if owner != user {
            return Err(CodeCacheError::Owner { owner, user });
        }
        let mode = metadata.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(CodeCacheError::Mode { mode });
        }
        Ok(Self(directory.into()))
    }

    /// A file of at most so many bytes; it counts as used then.
    pub(super) fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.0, name, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        if !is_ours(&metadata) {
            return Err(refused("it is no file of this user's alone"));
        }
        if metadata.len() > most {
            return Err(refused("it is too large"));
        }
        let mut bytes = Vec::new();
        (&mut file).take(most).read_to_end(&mut bytes)?;
        let _ = file.set_modified(SystemTime::now());
        Ok(bytes)
    }

    /// Writes a file as a whole: it is there when all of it is.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = format!("{UNFINISHED}{}-{number}", std::process::id());
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let mut file = File::from(openat(&self.0, &beside, flags, mode)?);
        let written = file.write_all(bytes).and_then(|()| {
            renameat(&self.0, &beside, &self.0, name)?;
            Ok(())
        });
        if written.is_err() {
            let _ = self.remove(&beside);
        }
        written
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Takes out what was not used for the longest time, until all together has
    /// so many bytes; and what was never finished.
    pub(super) fn shrink(&self, most: u64) -> io::Result<()> {
        let mut entries = self.entries()?;
        entries.sort_by_key(|entry| entry.used);
        let mut all: u64 = entries.iter().map(|entry| entry.size).sum();
        for entry in entries {
            let is_abandoned = entry.name.starts_with(UNFINISHED)
                && entry.used.elapsed().is_ok_and(|age| age > ABANDONED);
            if all > most || is_abandoned {
                self.remove(&entry.name)?;
                all = all.saturating_sub(entry.size);
            }
        }
        Ok(())
    }

    /// The files in it. What has a name that is none of ours is let be.
    fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for found in Dir::read_from(&self.0)? {
            let found = found?;
            let Ok(name) = found.file_name().to_str() else {
                continue;
            };
            if !(is_name(name) || name.starts_with(UNFINISHED)) {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let Ok(file) = openat(&self.0, name, flags, Mode::empty()) else {
                continue;
            };
            let metadata = File::from(file).metadata()?;
            entries.push(Entry {
                name: name.to_owned(),
                size: metadata.len(),
                used: metadata.modified()?,
            });
        }
        Ok(entries)
    }
}

struct Entry {
    name: String,
    size: u64,
    used: SystemTime,
}

/// Two hashes in hex digits.
fn is_name(name: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = name.split_once('-');
    parts.is_some_and(|(one, other)| {
        one.len() == 64 && other.len() == 16 && is_hex(one) && is_hex(other)
    })
}

fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn is_ours(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.uid() == user() && metadata.mode().trailing_zeros() >= 6
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn refused(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, text)
}
