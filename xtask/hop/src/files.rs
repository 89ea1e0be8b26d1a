//! The load as files.

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use linkmend_workload::{Traffic, Workload};

/// Writes mixed traffic in the two forms in which the Collector writes files.
pub fn write(folder: &Path, batches: u64, spans: u64) -> anyhow::Result<()> {
    create_dir_all(folder)?;
    let create = |name: &str| {
        let path = folder.join(name);
        let file = File::create(&path).with_context(|| path.display().to_string())?;
        anyhow::Ok(BufWriter::new(file))
    };
    let (mut lines, mut framed) = (create("mixed.jsonl")?, create("mixed.pb")?);
    let workload = Workload::of(Traffic::Mixed, true, batches, spans);
    for batch in &workload.batches {
        lines.write_all(&linkmend_files::json::encode(batch)?)?;
        lines.write_all(b"\n")?;
        framed.write_all(&u32::try_from(batch.len())?.to_be_bytes())?;
        framed.write_all(batch)?;
    }
    lines.flush()?;
    framed.flush()?;
    Ok(())
}
