//! A directory that is the user's own, for what is run: compiled code, and rules that
//! were pulled. It is opened once; all else goes through what was opened, so that
//! nothing that is put in its place later is looked at.

use std::fs::{DirBuilder, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, renameat, unlinkat};

/// What is being written has a name that begins like this.
const UNFINISHED: &str = ".new-";

/// What was begun so long ago is not finished any more.
const ABANDONED: Duration = Duration::from_mins(10);

/// A directory is not the user's own, or cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateDirectoryError {
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

/// A directory that is the user's own (mode 0700, and no link), with files whose names
/// are hashes.
#[derive(Debug)]
pub struct PrivateDirectory {
    opened: OwnedFd,
    path: PathBuf,
}

impl PrivateDirectory {
    /// Opens a directory, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, is no directory but a link to one, belongs to
    /// another user, or may be read or written by others.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PrivateDirectoryError> {
        let path = path.into();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = || rustix::fs::open(&path, flags, Mode::empty());
        let opened = match open() {
            Err(rustix::io::Errno::NOENT) => {
                make(&path)?;
                open()
            }
            opened => opened,
        };
        let directory = match opened {
            Ok(directory) => File::from(directory),
            Err(rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
                return Err(PrivateDirectoryError::NotADirectory);
            }
            Err(error) => return Err(io::Error::from(error).into()),
        };
        let metadata = directory.metadata()?;
        let (owner, user) = (metadata.uid(), user());
        if owner != user {
            return Err(PrivateDirectoryError::Owner { owner, user });
        }
        let mode = metadata.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(PrivateDirectoryError::Mode { mode });
        }
        Ok(Self {
            opened: directory.into(),
            path,
        })
    }

    /// Where it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of at most so many bytes; it counts as used then.
    ///
    /// # Errors
    ///
    /// When there is none, it is larger, or it is not this user's alone.
    pub fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.opened, name, flags, Mode::empty())?);
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
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = format!("{UNFINISHED}{}-{number}", std::process::id());
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let mut file = File::from(openat(&self.opened, &beside, flags, mode)?);
        let written = file.write_all(bytes).and_then(|()| {
            renameat(&self.opened, &beside, &self.opened, name)?;
            Ok(())
        });
        if written.is_err() {
            let _ = self.remove(&beside);
        }
        written
    }

    /// Takes a file out.
    ///
    /// # Errors
    ///
    /// When it cannot be taken out.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.opened, name, AtFlags::empty())?)
    }

    /// Takes out what was not used for the longest time, until all together has
    /// so many bytes; and what was never finished.
    ///
    /// # Errors
    ///
    /// When it cannot be looked through.
    pub fn shrink(&self, most: u64) -> io::Result<()> {
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
        for found in Dir::read_from(&self.opened)? {
            let found = found?;
            let Ok(name) = found.file_name().to_str() else {
                continue;
            };
            if !(is_name(name) || name.starts_with(UNFINISHED)) {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let Ok(file) = openat(&self.opened, name, flags, Mode::empty()) else {
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

/// A hash in hex digits, or two: of a component, and of what it is compiled for.
fn is_name(name: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (one, other) = match name.split_once('-') {
        Some((one, other)) => (one, Some(other)),
        None => (name, None),
    };
    one.len() == 64 && is_hex(one) && other.is_none_or(|other| other.len() == 16 && is_hex(other))
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
