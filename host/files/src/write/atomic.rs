//! A file that appears under its name only when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::error::OutputError;

/// A file that is written beside its target, and gets the target's name when
/// it is finished. If it is dropped before that, nothing is left of it.
///
/// What is no regular file (`/dev/null`, a named pipe) is written directly. The
/// target of a symbolic link is replaced, not the link.
#[derive(Debug)]
pub struct AtomicFile {
    /// As it was asked for, for errors.
    path: PathBuf,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Beside {
        file: NamedTempFile,
        target: PathBuf,
    },
    Direct(File),
}

impl AtomicFile {
    /// Begins a file for `path`. Fails now if it could not be finished later.
    ///
    /// # Errors
    ///
    /// The folder is missing or cannot be written, `path` is a folder, or an
    /// existing file must not be written.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let inner = begin(path).map_err(|source| OutputError::Create {
            path: path.to_owned(),
            advice: advice(path, &source),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            inner,
        })
    }

    /// The path that was asked for.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the file in its place. Its content is on the disk then.
    ///
    /// # Errors
    ///
    /// The disk is full, or the name cannot be given any more.
    pub fn finish(self) -> Result<(), OutputError> {
        let Self { path, inner } = self;
        match inner {
            Inner::Direct(mut file) => file
                .flush()
                .map_err(|source| OutputError::Write { path, source }),
            Inner::Beside { file, target } => {
                if let Err(source) = file.as_file().sync_all() {
                    return Err(OutputError::Write { path, source });
                }
                match file.persist(&target) {
                    Ok(_) => {
                        sync_folder(&target);
                        Ok(())
                    }
                    Err(error) => Err(OutputError::Rename {
                        path,
                        source: error.error,
                    }),
                }
            }
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.inner {
            // By itself it would name the file beside the output in its errors.
            Inner::Beside { file, .. } => file.as_file_mut().write(bytes),
            Inner::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.inner {
            Inner::Beside { file, .. } => file.as_file_mut().flush(),
            Inner::Direct(file) => file.flush(),
        }
    }
}

fn begin(path: &Path) -> io::Result<Inner> {
    let existing = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // A rename would replace what may not be written, too: ask first.
    let target = match &existing {
        Some(metadata) if metadata.is_file() => {
            OpenOptions::new().write(true).open(path)?;
            fs::canonicalize(path)?
        }
        Some(_) => return OpenOptions::new().write(true).open(path).map(Inner::Direct),
        None => path.to_owned(),
    };
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    usual_permissions(&mut builder);
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file = builder
        .tempfile_in(folder)
        .map_err(|error| without_path(folder, &error))?;
    if let Some(existing) = existing {
        file.as_file().set_permissions(existing.permissions())?;
    }
    Ok(Inner::Beside { file, target })
}

/// The error names the output, not the name beside it.
fn without_path(folder: &Path, error: &io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(
            io::ErrorKind::NotFound,
            format!("there is no folder {}", folder.display()),
        ),
        kind => kind.into(),
    }
}

/// Those of any new file, where temporary files are private.
#[cfg(unix)]
fn usual_permissions(builder: &mut Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn usual_permissions(_: &mut Builder<'_, '_>) {}

/// The new name survives a crash only when the folder is on the disk as well.
/// Not every file system can do it, and the file is complete without.
fn sync_folder(target: &Path) {
    if let Some(folder) = target.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

fn advice(path: &Path, error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "create it first, or choose another path",
        io::ErrorKind::PermissionDenied => {
            "choose a path where you may write, or change the permissions"
        }
        io::ErrorKind::IsADirectory => "name a file in that folder",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room, or choose a path on another disk"
        }
        io::ErrorKind::ReadOnlyFilesystem => "choose a path on a disk that can be written",
        _ if path.is_dir() => "name a file in that folder",
        _ => "choose another path",
    }
}
