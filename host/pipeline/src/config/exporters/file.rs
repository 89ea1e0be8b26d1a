//! The exporter `file`.

use std::path::PathBuf;
use std::time::Duration;

use linkmend_config::Node;

use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::{
    FLAG, PATH, POSITIVE, choice, count, flag, integer, path, permissions, positive_duration,
};

/// Into files, as the Collector's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileExporter {
    /// The file.
    pub path: PathBuf,
    /// Whether it goes on behind what is there; otherwise that goes.
    pub append: bool,
    /// When the next file is begun; `None`: never.
    pub rotation: Option<Rotation>,
    /// How batches are written.
    pub format: FileFormat,
    /// Whether every batch is compressed with Zstandard.
    pub zstd: bool,
    /// Nothing waits in memory, so that it changes nothing.
    pub flush_interval: Duration,
    /// Whether to create the directory if it does not exist.
    pub create_directory: bool,
    /// The permissions of that directory.
    pub directory_permissions: u32,
}

/// When the next file is begun, and what becomes of those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The size at which the next file is begun, in bytes.
    pub max_size: u64,
    /// How long old files are kept; `None`: for ever.
    pub max_age: Option<Duration>,
    /// How many old files are kept; `None`: all.
    pub max_backups: Option<u64>,
    /// Whether their names have local time; otherwise UTC.
    pub localtime: bool,
}

impl Default for Rotation {
    fn default() -> Self {
        Self {
            max_size: 100 << 20,
            max_age: None,
            max_backups: Some(100),
            localtime: false,
        }
    }
}

/// How batches are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// OTLP/JSON, a line each.
    Json,
    /// OTLP protobuf, each behind its length (4 bytes, big-endian).
    Proto,
}

const FORMATS: [(&str, FileFormat); 2] = [("json", FileFormat::Json), ("proto", FileFormat::Proto)];
const COMPRESSIONS: [(&str, bool); 3] = [("zstd", true), ("none", false), ("", false)];

impl Default for FileExporter {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            append: false,
            rotation: None,
            format: FileFormat::Json,
            zstd: false,
            flush_interval: Duration::from_secs(1),
            create_directory: false,
            directory_permissions: 0o755,
        }
    }
}

pub(in crate::config) static MEMBERS: &[Member<FileExporter>] = &[
    Member::value("path", "", PATH, "The file.", |t, n| {
        path(n).map(|v| t.path = v)
    }),
    Member::value(
        "append",
        "false",
        FLAG,
        "Whether to append to an existing file; otherwise it is overwritten. With `rotation` it is always appended to, until it is full.",
        |t, n| flag(n).map(|v| t.append = v),
    ),
    Member::section(
        "rotation",
        "rotation",
        "off",
        "When to start the next file; `rotation: {}` for the defaults.",
        |t, r, n| t.rotation = rotation(r, n),
    ),
    Member::value(
        "format",
        "json",
        "json, proto",
        "How batches are written: as OTLP/JSON, one a line, or as OTLP protobuf, each after its length (4 bytes, big-endian).",
        |t, n| choice(n, &FORMATS).map(|v| t.format = v),
    ),
    Member::value(
        "compression",
        "none",
        "zstd, none",
        "Whether every batch is compressed; it then has its length before it (4 bytes, big-endian) in both formats.",
        |t, n| choice(n, &COMPRESSIONS).map(|v| t.zstd = v),
    ),
    Member::value(
        "flush_interval",
        "1s",
        POSITIVE,
        "Has no effect: a batch is passed to the operating system before it counts as taken, so none waits in memory.",
        |t, n| positive_duration(n).map(|v| t.flush_interval = v),
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
        "\"0755\"",
        "permissions in octal digits, in quotes",
        "The permissions of that directory.",
        |t, n| permissions(n).map(|v| t.directory_permissions = v),
    ),
    Member::unsupported("encoding", "there are no encoding extensions; see `format`"),
    Member::unsupported("group_by", "there is one file"),
];

pub(in crate::config) static ROTATION: &[Member<Rotation>] = &[
    Member::value(
        "max_megabytes",
        "100",
        "an integer above 0",
        "The size at which the next file is started, in MiB.",
        |t, n| count(n).map(|v| t.max_size = (v as u64) << 20),
    ),
    Member::value(
        "max_days",
        "0",
        "an integer",
        "How many days old files are kept; 0: for ever.",
        |t, n| {
            integer(n, 0, 100_000)
                .map(|v| t.max_age = (v > 0).then(|| Duration::from_hours(24 * v)))
        },
    ),
    Member::value(
        "max_backups",
        "100",
        "an integer",
        "How many old files are kept; 0: all.",
        |t, n| integer(n, 0, u32::MAX.into()).map(|v| t.max_backups = (v > 0).then_some(v)),
    ),
    Member::value(
        "localtime",
        "false",
        FLAG,
        "Whether their names have local time; otherwise UTC.",
        |t, n| flag(n).map(|v| t.localtime = v),
    ),
];

fn rotation(reader: &mut Reader, node: &Node) -> Option<Rotation> {
    // One without content is none, as in the Collector.
    if node.is_null() {
        return None;
    }
    let mut rotation = Rotation::default();
    member::read(reader, node, &[ROTATION], &mut rotation);
    Some(rotation)
}

pub(super) fn read(reader: &mut Reader, node: &Node) -> FileExporter {
    let mut exporter = FileExporter::default();
    member::read(reader, node, &[MEMBERS], &mut exporter);
    for (key, is_set) in [
        ("compression", exporter.zstd),
        ("rotation", exporter.rotation.is_some()),
    ] {
        if exporter.append && is_set {
            let text = format!("`{key}` and `append: true` exclude each other; remove one of them");
            reader.fault_of(node, key, text);
        }
    }
    exporter
}
