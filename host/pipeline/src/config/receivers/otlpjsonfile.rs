//! The receiver `otlpjsonfile`.

use std::time::Duration;

use linkmend_config::Node;

use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, POSITIVE, SIZE, choice, flag, positive_duration, size, texts};

/// Files of OTLP/JSON, one object a line, that are read as they grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpJsonFileReceiver {
    /// Patterns of the files: `/var/log/traces-*.jsonl`, `**` for any folders.
    pub include: Vec<String>,
    /// Patterns of files that are left out.
    pub exclude: Vec<String>,
    /// What is read of files that are there at the start.
    pub start_at: StartAt,
    /// How often to look for new files and lines.
    pub poll_interval: Duration,
    /// The longest line, in bytes.
    pub max_log_size: u64,
    /// Whether the files are read again and again.
    pub replay_file: bool,
    /// How they are compressed.
    pub compression: FileCompression,
}

/// What is read of files that are there at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// All of it.
    Beginning,
    /// What comes.
    End,
}

/// How files are compressed that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileCompression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// gzip where the name ends in `.gz`.
    Auto,
}

const STARTS: [(&str, StartAt); 2] = [("end", StartAt::End), ("beginning", StartAt::Beginning)];
const COMPRESSIONS: [(&str, FileCompression); 3] = [
    ("", FileCompression::None),
    ("gzip", FileCompression::Gzip),
    ("auto", FileCompression::Auto),
];

impl Default for OtlpJsonFileReceiver {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
            start_at: StartAt::End,
            poll_interval: Duration::from_millis(200),
            max_log_size: 64 << 20,
            replay_file: false,
            compression: FileCompression::None,
        }
    }
}

const LINES: &str = "every line is one OTLP/JSON object in UTF-8";
const NAMES: &str = "spans stay as they are, without the name of their file";
const ALL: &str = "all files are read, in the order of their names";

pub(in crate::config) static MEMBERS: &[Member<OtlpJsonFileReceiver>] = &[
    Member::value(
        "include",
        "",
        "a list of patterns of paths, one at least",
        "The files: `/var/log/traces-*.jsonl`; `**` stands for any folders.",
        |t, n| patterns(n).map(|v| t.include = v),
    ),
    Member::value(
        "exclude",
        "[]",
        "a list of patterns of paths",
        "Files to leave out.",
        |t, n| texts(n).map(|v| t.exclude = v),
    ),
    Member::value(
        "start_at",
        "end",
        "beginning, end",
        "Whether files that exist at the start are read from their beginning, or from their end. Files that appear later are read from their beginning.",
        |t, n| choice(n, &STARTS).map(|v| t.start_at = v),
    ),
    Member::value(
        "poll_interval",
        "200ms",
        POSITIVE,
        "How often to look for new files and lines.",
        |t, n| positive_duration(n).map(|v| t.poll_interval = v),
    ),
    Member::value(
        "max_log_size",
        "64MiB",
        SIZE,
        "The longest line. (The Collector cuts lines at 1 MiB, and loses the batch.)",
        |t, n| size(n).map(|v| t.max_log_size = v),
    ),
    Member::value(
        "replay_file",
        "false",
        FLAG,
        "Whether the files are read again and again, for tests.",
        |t, n| flag(n).map(|v| t.replay_file = v),
    ),
    Member::value(
        "compression",
        "\"\"",
        "\"\" (none), gzip, auto",
        "How they are compressed; `auto`: gzip if the name ends in `.gz`.",
        |t, n| choice(n, &COMPRESSIONS).map(|v| t.compression = v),
    ),
    Member::unsupported("storage", "the place in a file is not kept over a restart"),
    Member::unsupported("delete_after_read", "it does not change its input"),
    Member::unsupported("acquire_fs_lock", "it does not change its input"),
    Member::unsupported("encoding", LINES),
    Member::unsupported("header", LINES),
    Member::unsupported("multiline", LINES),
    Member::unsupported("force_flush_period", LINES),
    Member::unsupported("preserve_leading_whitespaces", LINES),
    Member::unsupported("preserve_trailing_whitespaces", LINES),
    Member::unsupported("include_file_name", NAMES),
    Member::unsupported("include_file_path", NAMES),
    Member::unsupported("include_file_name_resolved", NAMES),
    Member::unsupported("include_file_path_resolved", NAMES),
    Member::unsupported("include_file_owner_name", NAMES),
    Member::unsupported("include_file_owner_group_name", NAMES),
    Member::unsupported("include_file_record_number", NAMES),
    Member::unsupported(
        "fingerprint_size",
        "files are known by their device, their number, and what stands at their beginning and before what is read next",
    ),
    Member::unsupported("max_concurrent_files", ALL),
    Member::unsupported("max_batches", ALL),
    Member::unsupported("ordering_criteria", ALL),
    Member::unsupported("exclude_older_than", ALL),
];

fn patterns(node: &Node) -> Result<Vec<String>, Refusal> {
    let patterns = texts(node)?;
    let is_good = !patterns.is_empty() && patterns.iter().all(|pattern| !pattern.is_empty());
    is_good.then_some(patterns).ok_or(Refusal::Value)
}

pub(super) fn read(reader: &mut Reader, node: &Node) -> OtlpJsonFileReceiver {
    let mut receiver = OtlpJsonFileReceiver::default();
    member::read(reader, node, &[MEMBERS], &mut receiver);
    receiver
}
