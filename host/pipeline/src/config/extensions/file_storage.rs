//! The extension `file_storage`.

use std::path::PathBuf;
use std::time::Duration;

use linkmend_config::Node;

use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, PATH, POSITIVE, flag, path, permissions, positive_duration};

/// Keeps the queues of exporters on disk (`sending_queue: {storage: …}`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStorage {
    /// The folder.
    pub directory: PathBuf,
    /// How long to wait for another process to release it.
    pub timeout: Duration,
    /// Whether every write is on the disk before it counts.
    pub fsync: bool,
    /// Whether to create the directory if it does not exist.
    pub create_directory: bool,
    /// The permissions of that directory.
    pub directory_permissions: u32,
}

impl Default for FileStorage {
    fn default() -> Self {
        Self {
            // Not the Collector's, whose files are of another kind.
            directory: "/var/lib/linkmend/file_storage".into(),
            timeout: Duration::from_secs(1),
            fsync: false,
            create_directory: false,
            directory_permissions: 0o750,
        }
    }
}

pub(in crate::config) static MEMBERS: &[Member<FileStorage>] = &[
    Member::value(
        "directory",
        "/var/lib/linkmend/file_storage",
        PATH,
        "The directory. It must not be that of a Collector, whose files have another format.",
        |t, n| path(n).map(|v| t.directory = v),
    ),
    Member::value(
        "timeout",
        "1s",
        POSITIVE,
        "How long to wait for another process to release it.",
        |t, n| positive_duration(n).map(|v| t.timeout = v),
    ),
    Member::value(
        "fsync",
        "false",
        FLAG,
        "Whether every write is on the disk before it counts: survives a loss of power, and is slow.",
        |t, n| flag(n).map(|v| t.fsync = v),
    ),
    Member::value(
        "create_directory",
        "false",
        FLAG,
        "Whether to create the directory if it does not exist.",
        |t, n| flag(n).map(|v| t.create_directory = v),
    ),
    Member::value(
        "directory_permissions",
        "\"0750\"",
        "permissions in octal digits, in quotes",
        "The permissions of that directory.",
        |t, n| permissions(n).map(|v| t.directory_permissions = v),
    ),
    Member::unsupported(
        "compaction",
        "what is free in a file is used again, and given back at the end",
    ),
    Member::unsupported(
        "recreate",
        "what is in a damaged file is never thrown away by itself; move the file away",
    ),
];

pub(super) fn read(reader: &mut Reader, node: &Node) -> FileStorage {
    let mut storage = FileStorage::default();
    member::read(reader, node, &[MEMBERS], &mut storage);
    storage
}
