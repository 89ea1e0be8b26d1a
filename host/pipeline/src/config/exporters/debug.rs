//! The exporter `debug`.

use linkmend_config::Node;

use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, TEXTS, choice, flag, integer, texts};

/// Into the log, to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugExporter {
    /// How much is told.
    pub verbosity: Verbosity,
    /// How many messages a second are shown at first.
    pub sampling_initial: u64,
    /// After these, every which one is told; 0: none.
    pub sampling_thereafter: u64,
    /// Whether the output goes to the log of linkmend.
    pub use_internal_logger: bool,
    /// Where it goes otherwise: `stdout`, `stderr`, files.
    pub output_paths: Vec<String>,
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// How many spans.
    Basic,
    /// A line for each span.
    Normal,
    /// All of each span.
    Detailed,
}

const VERBOSITIES: [(&str, Verbosity); 3] = [
    ("basic", Verbosity::Basic),
    ("normal", Verbosity::Normal),
    ("detailed", Verbosity::Detailed),
];

impl Default for DebugExporter {
    fn default() -> Self {
        Self {
            verbosity: Verbosity::Basic,
            sampling_initial: 2,
            sampling_thereafter: 1,
            use_internal_logger: true,
            output_paths: vec!["stdout".into()],
        }
    }
}

const WHOLE: &str = "an integer";

pub(in crate::config) static MEMBERS: &[Member<DebugExporter>] = &[
    Member::value(
        "verbosity",
        "basic",
        "basic, normal, detailed",
        "How much is shown: how many spans and links, a line for each span, or everything.",
        |t, n| choice(n, &VERBOSITIES).map(|v| t.verbosity = v),
    ),
    Member::value(
        "sampling_initial",
        "2",
        WHOLE,
        "How many messages a second are shown at first.",
        |t, n| integer(n, 0, u32::MAX.into()).map(|v| t.sampling_initial = v),
    ),
    Member::value(
        "sampling_thereafter",
        "1",
        WHOLE,
        "After these, every how manyth is shown; 1: all, 0: none.",
        |t, n| integer(n, 0, u32::MAX.into()).map(|v| t.sampling_thereafter = v),
    ),
    Member::value(
        "use_internal_logger",
        "true",
        FLAG,
        "Whether the output goes to the log of linkmend.",
        |t, n| flag(n).map(|v| t.use_internal_logger = v),
    ),
    Member::value(
        "output_paths",
        "[stdout]",
        TEXTS,
        "Where the output goes otherwise: stdout, stderr, or files.",
        |t, n| texts(n).map(|v| t.output_paths = v),
    ),
    Member::unsupported("sending_queue", "it tells what it gets at once"),
];

pub(super) fn read(reader: &mut Reader, node: &Node) -> DebugExporter {
    let mut exporter = DebugExporter::default();
    member::read(reader, node, &[MEMBERS], &mut exporter);
    let has_paths = node.get("output_paths").is_some_and(|node| !node.is_null());
    if exporter.use_internal_logger && has_paths {
        let text = "it has no effect without `use_internal_logger: false`";
        reader.fault_of(node, "output_paths", text);
    } else if exporter.output_paths.is_empty() {
        reader.fault_of(node, "output_paths", "it has no path; give one at least");
    }
    exporter
}
