//! The file of one client, and that it is the one that lies in its place.

use std::fs::{File as Handle, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use redb::backends::FileBackend;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageError,
    TableDefinition,
};
use rustix::fs::{Mode, OFlags};

use super::backend::Unsynced;
use super::entries::{self, PARTS};

/// How often an entry was taken up by a start, and not done with.
const TRIES: TableDefinition<'static, u64, u32> = TableDefinition::new("tries");

/// What is kept in memory of a file: entries are written once, and read at a start.
const CACHE: usize = 2 << 20;
/// The size from which on an empty file is made smaller.
const LARGE: u64 = 8 << 20;
/// How often a file is tried that another process has.
const PAUSE: Duration = Duration::from_millis(20);
/// For the user of this process alone.
const MODE: u32 = 0o600;

/// The file itself; none while it has to be opened anew after a failure.
pub(super) struct File {
    path: PathBuf,
    fsync: bool,
    /// The permissions of its folder, where that may be made.
    directory: Option<u32>,
    open: RwLock<Option<Open>>,
}

struct Open {
    database: Database,
    identity: Identity,
}

/// Which file it is, whatever it is called: device and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

/// Whether there may be a file already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Any,
    New,
}

impl File {
    pub(super) fn new(path: PathBuf, fsync: bool, directory: Option<u32>) -> Self {
        let open = RwLock::default();
        Self {
            path,
            fsync,
            directory,
            open,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs something on the database.
    pub(super) fn with<T>(
        &self,
        run: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, String> {
        match self.open.read().as_ref() {
            Some(open) => run(&open.database).map_err(|error| self.told(&error.to_string())),
            None => Err(self.told("it could not be written, and is not open any more")),
        }
    }

    /// Opens it again after a failure such as a full disk: until then it takes
    /// nothing. One try, since nobody else wants it.
    pub(super) fn reopen(&self) -> Result<(), String> {
        // What is not there any more would be opened as an empty one.
        self.is_there()?;
        *self.open.write() = None;
        self.open(Duration::ZERO)
    }

    /// Sees to it that what is written is where the next start looks for it. A
    /// file that was deleted is still open, with all that is in it: it is written
    /// anew.
    pub(super) fn stay(&self) -> Result<(), String> {
        if self.is_there().is_ok() {
            return Ok(());
        }
        match self.renew() {
            Ok(()) => {
                let path = self.path.display();
                tracing::error!(%path, "a storage was deleted or moved away; it was written anew");
                Ok(())
            }
            Err(error) => Err(self.told(&format!(
                "it was deleted or moved away, and cannot be written anew: {error}"
            ))),
        }
    }

    /// The file in its place is the one that is open.
    fn is_there(&self) -> Result<(), String> {
        let identity = match self.open.read().as_ref() {
            Some(open) => open.identity,
            // It is opened by its name the next time.
            None => return Ok(()),
        };
        match std::fs::symlink_metadata(&self.path) {
            Ok(found) if Identity(found.dev(), found.ino()) == identity => Ok(()),
            Ok(_) => Err(self.told("another file is in its place")),
            Err(error) => Err(self.told(&error.to_string())),
        }
    }

    fn renew(&self) -> Result<(), String> {
        if let (Some(mode), Some(directory)) = (self.directory, self.path.parent()) {
            super::make(directory, mode).map_err(|error| error.to_string())?;
        }
        match self.copied() {
            Ok(renewed) => {
                *self.open.write() = Some(renewed);
                Ok(())
            }
            Err(redb::Error::Io(error)) if error.kind() == ErrorKind::AlreadyExists => {
                Err("another file is in its place; move that away".into())
            }
            // What was begun stands in the way of the next try.
            Err(error) => {
                let _ = std::fs::remove_file(&self.path);
                Err(error.to_string())
            }
        }
    }

    /// A new file with all that is in the one that is open.
    fn copied(&self) -> Result<Open, redb::Error> {
        let renewed = open(&self.path, self.fsync, Wanted::New)?;
        if let Some(open) = self.open.read().as_ref() {
            copy(&open.database, &renewed.database)?;
        }
        Ok(renewed)
    }

    /// Counts one more try of an entry: how many there were before.
    pub(super) fn try_once_more(&self, number: u64) -> Result<u32, String> {
        self.with(|database| {
            let transaction = database.begin_write()?;
            let before = {
                let mut tries = transaction.open_table(TRIES)?;
                let before = tries.get(number)?.map_or(0, |tries| tries.value());
                tries.insert(number, before.saturating_add(1))?;
                before
            };
            transaction.commit()?;
            Ok(before)
        })
    }

    /// It was taken up: what comes of it later is another matter.
    pub(super) fn is_taken_up(&self, number: u64) -> Result<(), String> {
        self.with(|database| {
            let transaction = database.begin_write()?;
            drop(transaction.open_table(TRIES)?.remove(number)?);
            transaction.commit()?;
            Ok(())
        })
    }

    /// Nothing more is written to it. What fails here is done at the next start.
    pub(super) fn end(&self) {
        if let Some(mut open) = self.open.write().take()
            && let Err(error) = shrink(&mut open.database, &self.path)
        {
            tracing::warn!(%error, "a storage cannot be made smaller");
        }
    }

    pub(super) fn open(&self, timeout: Duration) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            // What is damaged in an unforeseen way may make the library panic.
            let opened = catch_unwind(AssertUnwindSafe(|| {
                open(&self.path, self.fsync, Wanted::Any)
            }));
            let error = match opened {
                Ok(Ok(opened)) => {
                    *self.open.write() = Some(opened);
                    return Ok(());
                }
                Ok(Err(redb::Error::DatabaseAlreadyOpen)) if begun.elapsed() < timeout => {
                    thread::sleep(PAUSE);
                    continue;
                }
                Ok(Err(error)) => error,
                Err(_) => redb::Error::Corrupted("it makes no sense".into()),
            };
            return Err(self.refused(&error));
        }
    }

    fn refused(&self, error: &redb::Error) -> String {
        let text = match error {
            redb::Error::DatabaseAlreadyOpen => {
                "another process has it open; end that, or give each a `directory` of its own"
                    .to_owned()
            }
            redb::Error::Io(error) if error.kind() != ErrorKind::InvalidData => error.to_string(),
            redb::Error::Corrupted(_) | redb::Error::Io(_) | redb::Error::UpgradeRequired(_) => {
                format!(
                    "the file is damaged, or of another program ({error}); what is in it is not \
                     thrown away: move it to another place, and start again with an empty one"
                )
            }
            error => error.to_string(),
        };
        self.told(&text)
    }

    pub(super) fn told(&self, text: &str) -> String {
        format!("{}: {text}", self.path.display())
    }

    /// The number of the next entry.
    pub(super) fn next(&self) -> Result<u64, String> {
        self.with(|database| {
            let transaction = database.begin_read()?;
            Ok(entries::next(&transaction.open_table(PARTS)?)?)
        })
    }
}

fn open(path: &Path, fsync: bool, wanted: Wanted) -> Result<Open, redb::Error> {
    let file = open_file(path, wanted)?;
    let metadata = file.metadata()?;
    let identity = Identity(metadata.dev(), metadata.ino());
    let is_new = metadata.len() == 0;
    let backend = FileBackend::new(file)?;
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    // Damage is found now, and not when an entry is read.
    builder.set_check_integrity_on_open(!is_new);
    let database = if fsync {
        builder.create_with_backend(backend)
    } else {
        builder.create_with_backend(Unsynced(backend))
    };
    let mut database = database.map_err(of_open)?;
    let transaction = database.begin_write()?;
    entries::prepare(&transaction)?;
    transaction.commit()?;
    shrink(&mut database, path)?;
    Ok(Open { database, identity })
}

/// A file that nobody else can read, and no link to another place.
fn open_file(path: &Path, wanted: Wanted) -> std::io::Result<Handle> {
    let mut flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if wanted == Wanted::New {
        flags |= OFlags::EXCL;
    }
    let file = Handle::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?);
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    // One of a version that did not look to it.
    if metadata.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(MODE))?;
    }
    Ok(file)
}

fn copy(from: &Database, to: &Database) -> Result<(), redb::Error> {
    let reading = from.begin_read()?;
    let writing = to.begin_write()?;
    {
        let mut parts = writing.open_table(PARTS)?;
        for found in reading.open_table(PARTS)?.iter()? {
            let (key, part) = found?;
            parts.insert(key.value(), part.value())?;
        }
    }
    writing.commit()?;
    Ok(())
}

/// Gives back what an empty file has; what once was in it may have been much.
fn shrink(database: &mut Database, path: &Path) -> Result<(), redb::Error> {
    let transaction = database.begin_read()?;
    let is_empty = transaction.open_table(PARTS)?.is_empty()?;
    drop(transaction);
    if is_empty && std::fs::metadata(path)?.len() > LARGE {
        database.compact()?;
    }
    Ok(())
}

/// A file that is too short is damaged, too.
fn of_open(error: DatabaseError) -> redb::Error {
    match error {
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() == ErrorKind::UnexpectedEof =>
        {
            redb::Error::Corrupted("it is too short".into())
        }
        error => error.into(),
    }
}
