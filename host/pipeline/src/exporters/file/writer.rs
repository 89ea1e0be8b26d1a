//! The file that is written, and how it stays whole.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::folder::folder_of;
use super::frame::Frame;
use super::{repair, rotate};
use crate::config::FileExporter;

/// An open file, at whose end there is a whole batch.
pub(super) struct Writer {
    config: FileExporter,
    /// `None` when the next one is still to be made.
    file: Option<File>,
    /// Where the last whole batch ends, when less than a batch was written
    /// behind it and could not be taken away again.
    broken_at: Option<u64>,
}

impl Writer {
    pub(super) fn open(config: &FileExporter, frame: Frame) -> io::Result<Self> {
        if config.create_directory {
            create_directory(folder_of(&config.path), config.directory_permissions)?;
        }
        // What was there goes on until it is full, where files are rotated.
        let goes_on = config.append || config.rotation.is_some();
        let mut file = open(&config.path, goes_on)?;
        if goes_on {
            repair::end_of_last(&mut file, frame)?;
        } else if file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        Ok(Self {
            config: config.clone(),
            file: Some(file),
            broken_at: None,
        })
    }

    /// Writes a batch, all of it or nothing.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.rotate(bytes.len() as u64)?;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(&self.config.path, false)?),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return file.write_all(bytes);
        }
        if let Some(end) = self.broken_at {
            file.set_len(end)?;
            self.broken_at = None;
        }
        // Asked each time: somebody else may have emptied it.
        let end = file.metadata()?.len();
        file.write_all(bytes).inspect_err(|_| {
            if file.set_len(end).is_err() {
                self.broken_at = Some(end);
            }
        })
    }

    /// Begins the next file if this one has no room.
    fn rotate(&mut self, more: u64) -> io::Result<()> {
        let (Some(rotation), Some(file)) = (&self.config.rotation, &self.file) else {
            return Ok(());
        };
        let metadata = file.metadata()?;
        let length = self.broken_at.unwrap_or(metadata.len());
        if !metadata.is_file() || length == 0 || length + more <= rotation.max_size {
            return Ok(());
        }
        if let Some(end) = self.broken_at {
            file.set_len(end)?;
            self.broken_at = None;
        }
        match rotate::rotate(&self.config.path, rotation) {
            // Somebody else has taken it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            rotated => rotated?,
        }
        self.file = None;
        Ok(())
    }
}

/// Whatever is written goes to the end, wherever that is by then.
fn open(path: &Path, reads: bool) -> io::Result<File> {
    OpenOptions::new()
        .read(reads)
        .append(true)
        .create(true)
        .open(path)
}

fn create_directory(folder: &Path, permissions: u32) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, permissions);
    #[cfg(not(unix))]
    let _ = permissions;
    builder.create(folder)
}
