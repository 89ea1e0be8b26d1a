//! The file of one client: entries in the order in which they came.

use std::fs::File as Handle;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use crossbeam_channel::Sender;
use redb::ReadableDatabase;
use rustix::fs::{Mode, OFlags};

use super::entries::{self, PARTS};
use super::file::File;
use super::writer::{Done, Op, Writer};
use crate::component::SetupError;
use crate::config::FileStorage;

/// How many entries of one number may lie beside a file: numbers begin anew when
/// it is moved away.
const MOST_ASIDE: u32 = 100;

/// The file of one client. Dropping it waits for what is to be written.
pub(crate) struct Store {
    file: Arc<File>,
    ops: Option<Sender<Op>>,
    writer: Option<JoinHandle<()>>,
}

impl Store {
    pub(super) fn open(path: PathBuf, config: &FileStorage) -> Result<Self, SetupError> {
        let directory = config.create_directory;
        let directory = directory.then_some(config.directory_permissions);
        let file = File::new(path, config.fsync, directory);
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

    /// Counts that an entry is taken up at a start, whatever comes of it: how
    /// often it was before, without success.
    pub(crate) fn try_once_more(&self, number: u64) -> Result<u32, String> {
        self.file.try_once_more(number)
    }

    /// It was taken up: the next start takes it up as if it were the first.
    pub(crate) fn is_taken_up(&self, number: u64) -> Result<(), String> {
        self.file.is_taken_up(number)
    }

    /// Puts an entry into a file of its own, beside this one, and takes it away
    /// here. What it is called is answered.
    pub(crate) fn set_aside(&self, number: u64, bytes: &[u8]) -> Result<PathBuf, String> {
        let beside = self.file.path();
        let names = (0..MOST_ASIDE).map(|again| match again {
            0 => format!("aside-{number}.pb"),
            again => format!("aside-{number}-{again}.pb"),
        });
        for path in names.map(|name| beside.with_extension(name)) {
            match write_new(&path, bytes) {
                Ok(()) => {
                    // Numbers are used again.
                    self.file.is_taken_up(number)?;
                    self.remove(number);
                    return Ok(path);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("{}: {error}", path.display())),
            }
        }
        Err(format!(
            "there are {MOST_ASIDE} files of that name beside {}",
            beside.display()
        ))
    }

    /// An entry, if it is there.
    pub(crate) fn read(&self, number: u64) -> Result<Option<Bytes>, String> {
        self.file.with(|database| {
            let transaction = database.begin_read()?;
            Ok(entries::read(&transaction.open_table(PARTS)?, number)?)
        })
    }

    /// The numbers of all entries, the oldest first.
    pub(crate) fn numbers(&self) -> Result<Vec<u64>, String> {
        self.file.with(|database| {
            let transaction = database.begin_read()?;
            Ok(entries::numbers(&transaction.open_table(PARTS)?)?)
        })
    }

    /// All entries, the oldest first, one at a time.
    pub(crate) fn each(&self, entry: impl FnMut(u64, &[u8])) -> Result<(), String> {
        self.file.with(|database| {
            let transaction = database.begin_read()?;
            Ok(entries::each(&transaction.open_table(PARTS)?, entry)?)
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

/// Writes a file for this user alone, where there is none.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?;
    let mut file = Handle::from(file);
    file.write_all(bytes)?;
    file.sync_all()
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
