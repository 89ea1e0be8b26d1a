//! The file of one client: entries in the order in which they came.

use std::fs::OpenOptions;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use crossbeam_channel::Sender;
use parking_lot::RwLock;
use redb::backends::FileBackend;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageError,
    TableDefinition,
};

use super::backend::Unsynced;
use super::writer::{Done, Op, Writer};
use crate::component::SetupError;
use crate::config::FileStorage;

pub(super) const ENTRIES: TableDefinition<'static, u64, &'static [u8]> =
    TableDefinition::new("entries");

/// What is kept in memory of a file; the system keeps more.
const CACHE: usize = 16 << 20;
/// The size from which on an empty file is made smaller.
const LARGE: u64 = 8 << 20;
/// How often a file is tried that another process has.
const PAUSE: Duration = Duration::from_millis(20);

/// The file of one client. Dropping it waits for what is to be written.
pub(crate) struct Store {
    file: Arc<File>,
    ops: Option<Sender<Op>>,
    writer: Option<JoinHandle<()>>,
}

/// The file itself; none while it has to be opened anew after a failure.
pub(super) struct File {
    path: PathBuf,
    fsync: bool,
    database: RwLock<Option<Database>>,
}

impl Store {
    pub(super) fn open(path: PathBuf, config: &FileStorage) -> Result<Self, SetupError> {
        let file = File {
            path,
            fsync: config.fsync,
            database: RwLock::default(),
        };
        file.open(config.timeout)
            .map_err(|text| SetupError::new("directory", text))?;
        let file = Arc::new(file);
        let next = file
            .next()
            .map_err(|text| SetupError::new("directory", text))?;
        let (ops, received) = crossbeam_channel::unbounded();
        let writer = Writer::new(Arc::clone(&file), next);
        let writer = thread::Builder::new()
            .name("file_storage".into())
            .spawn(move || writer.run(&received))
            .map_err(|error| SetupError::new("", format!("no thread can be made: {error}")))?;
        Ok(Self {
            file,
            ops: Some(ops),
            writer: Some(writer),
        })
    }

    /// Puts an entry behind all others. `done` is called with its number when it
    /// is safe, in the order of the numbers, or with what went wrong; it must not
    /// take long.
    pub(crate) fn append(
        &self,
        bytes: Bytes,
        done: impl FnOnce(Result<u64, String>) + Send + 'static,
    ) {
        self.send(Op::Append(bytes, Box::new(done)));
    }

    /// Takes an entry away, some time soon.
    pub(crate) fn remove(&self, number: u64) {
        self.send(Op::Remove(number));
    }

    /// An entry, if it is there.
    pub(crate) fn read(&self, number: u64) -> Result<Option<Bytes>, String> {
        self.file.with(|database| {
            let transaction = database.begin_read()?;
            let entries = transaction.open_table(ENTRIES)?;
            let entry = entries.get(number)?;
            Ok(entry.map(|entry| Bytes::copy_from_slice(entry.value())))
        })
    }

    /// All entries, the oldest first.
    pub(crate) fn each(&self, mut entry: impl FnMut(u64, &[u8])) -> Result<(), String> {
        self.file.with(|database| {
            let transaction = database.begin_read()?;
            for found in transaction.open_table(ENTRIES)?.iter()? {
                let (number, bytes) = found?;
                entry(number.value(), bytes.value());
            }
            Ok(())
        })
    }

    fn send(&self, op: Op) {
        let Some(Err(lost)) = self.ops.as_ref().map(|ops| ops.send(op)) else {
            return;
        };
        if let Op::Append(_, done) = lost.0 {
            refuse(done, "the storage is not written any more");
        }
    }
}

fn refuse(done: Done, text: &str) {
    done(Err(text.to_owned()));
}

impl Drop for Store {
    fn drop(&mut self) {
        self.ops = None;
        // The writer itself may be the last one that has it.
        if let Some(writer) = self.writer.take()
            && writer.thread().id() != thread::current().id()
        {
            let _ = writer.join();
        }
    }
}

impl File {
    /// Runs something on the database.
    pub(super) fn with<T>(
        &self,
        run: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, String> {
        match self.database.read().as_ref() {
            Some(database) => run(database).map_err(|error| self.told(&error.to_string())),
            None => Err(self.told("it could not be written, and is not open any more")),
        }
    }

    /// Opens it again after a failure such as a full disk: until then it takes
    /// nothing. One try, since nobody else wants it.
    pub(super) fn reopen(&self) -> Result<(), String> {
        *self.database.write() = None;
        self.open(Duration::ZERO)
    }

    /// Nothing more is written to it. What fails here is done at the next start.
    pub(super) fn end(&self) {
        if let Some(mut database) = self.database.write().take()
            && let Err(error) = shrink(&mut database, &self.path)
        {
            tracing::warn!(%error, "a storage cannot be made smaller");
        }
    }

    fn open(&self, timeout: Duration) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            // What is damaged in an unforeseen way may make the library panic.
            let opened = catch_unwind(AssertUnwindSafe(|| open(&self.path, self.fsync)));
            let error = match opened {
                Ok(Ok(database)) => {
                    *self.database.write() = Some(database);
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
            redb::Error::Io(error) if error.kind() != std::io::ErrorKind::InvalidData => {
                error.to_string()
            }
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

    fn told(&self, text: &str) -> String {
        format!("{}: {text}", self.path.display())
    }

    /// The number of the next entry.
    fn next(&self) -> Result<u64, String> {
        self.with(|database| {
            let transaction = database.begin_read()?;
            let entries = transaction.open_table(ENTRIES)?;
            let last = entries.last()?.map(|(number, _)| number.value());
            Ok(last.map_or(0, |last| last + 1))
        })
    }
}

fn open(path: &Path, fsync: bool) -> Result<Database, redb::Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(path)?;
    let is_new = file.metadata()?.len() == 0;
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
    transaction.open_table(ENTRIES)?;
    transaction.commit()?;
    shrink(&mut database, path)?;
    Ok(database)
}

/// Gives back what an empty file has; what once was in it may have been much.
fn shrink(database: &mut Database, path: &Path) -> Result<(), redb::Error> {
    let transaction = database.begin_read()?;
    let is_empty = transaction.open_table(ENTRIES)?.is_empty()?;
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
            if error.kind() == std::io::ErrorKind::UnexpectedEof =>
        {
            redb::Error::Corrupted("it is too short".into())
        }
        error => error.into(),
    }
}
