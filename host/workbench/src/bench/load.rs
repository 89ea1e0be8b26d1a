//! What is measured on: the user's own files, or what is generated.

use std::fs::File;
use std::path::Path;

use bytes::Bytes;
use linkmend_files::{BatchReader, ReadOptions};
use linkmend_wire::count_spans;
use linkmend_workload::Workload;

use super::error::BenchError;

/// Batches to measure on.
#[derive(Debug, Clone)]
pub struct Load {
    /// In tables and files: the name of the sort of traffic, or of the file.
    pub name: String,
    /// The field order of generated batches.
    pub order: Option<&'static str>,
    /// What is to be known before them.
    pub before: Option<Bytes>,
    /// The batches.
    pub batches: Vec<Bytes>,
    /// Spans in them.
    pub spans: u64,
}

impl From<&Workload> for Load {
    fn from(workload: &Workload) -> Self {
        Self {
            name: workload.traffic.name().into(),
            order: Some(workload.order()),
            before: workload.before.clone(),
            batches: workload.batches.clone(),
            spans: workload.spans,
        }
    }
}

impl Load {
    /// The batches of a file that `linkmend process` reads, all in memory.
    ///
    /// # Errors
    ///
    /// When not all of it can be read, or there are no spans in it.
    pub fn read(path: &Path) -> Result<Self, BenchError> {
        let name = path.display().to_string();
        let unreadable = |error: String| BenchError::Input {
            path: name.clone(),
            error,
        };
        let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let reader = BatchReader::open(file, ReadOptions::default())
            .map_err(|error| unreadable(error.to_string()))?;
        let mut batches = Vec::new();
        for raw in reader {
            let decoded = raw.map_err(|fault| unreadable(fault.to_string()))?.decode();
            if let Some(fault) = decoded.faults.first() {
                return Err(unreadable(fault.to_string()));
            }
            let traces = decoded.batch.map(|batch| batch.traces().clone());
            batches.extend(traces.filter(|traces| !traces.is_empty()));
        }
        // They were checked when they were decoded.
        let spans = batches.iter().flat_map(|batch| count_spans(batch));
        let spans = spans.map(|spans| spans as u64).sum();
        if spans == 0 {
            return Err(unreadable("there are no spans in it".into()));
        }
        Ok(Self {
            name,
            order: None,
            before: None,
            batches,
            spans,
        })
    }

    /// The mean size of a span, with its share of all else.
    #[must_use]
    pub fn bytes_per_span(&self) -> u64 {
        let bytes: usize = self.batches.iter().map(Bytes::len).sum();
        bytes as u64 / self.spans.max(1)
    }
}
