//! A file that appears under its name only when it is complete.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::error::OutputError;

/// A file that is written beside its target, and gets the target's name when
/// it is finished. If it is dropped before that, nothing is left of it.
///
/// What is no regular file (`/dev/null`, a named pipe) is written directly. The
/// target of a symbolic link is replaced, not the link; where there is none yet,
/// it is made. A file that is replaced hands its permissions on, and its owner
/// where that may be done.
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
        let inner = begin(path).map_err(|source| cannot_create(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            inner,
        })
    }

    /// Whether a file could be begun for `path`, without doing so.
    ///
    /// # Errors
    ///
    /// See [`AtomicFile::create`]. Whether its folder can be written is not
    /// looked at.
    pub fn check(path: &Path) -> Result<(), OutputError> {
        Place::of(path)
            .map(|_| ())
            .map_err(|source| cannot_create(path, source))
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
        self.put_in_place(true)
    }

    /// Puts the file in its place, and leaves to the caller when its content is
    /// on the disk: for many files of one folder, [`sync_folder`] is that at once.
    ///
    /// # Errors
    ///
    /// The name cannot be given any more.
    pub fn finish_unsynced(self) -> Result<(), OutputError> {
        self.put_in_place(false)
    }

    fn put_in_place(self, sync: bool) -> Result<(), OutputError> {
        let Self { path, inner } = self;
        match inner {
            Inner::Direct(mut file) => file
                .flush()
                .map_err(|source| OutputError::Write { path, source }),
            Inner::Beside { file, target } => {
                if sync && let Err(source) = file.as_file().sync_all() {
                    return Err(OutputError::Write { path, source });
                }
                match file.persist(&target) {
                    Ok(_) => {
                        if sync {
                            sync_name(&target);
                        }
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
    let (target, existing) = match Place::of(path)? {
        Place::Direct => {
            let file = OpenOptions::new().write(true).open(path)?;
            return Ok(Inner::Direct(file));
        }
        Place::Beside { target, existing } => (target, existing),
    };
    let mut builder = Builder::new();
    // Not made of the name: that may be as long as a name can be.
    builder.prefix(".linkmend-").suffix(".tmp");
    usual_permissions(&mut builder);
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file = builder
        .tempfile_in(folder)
        .map_err(|error| without_path(folder, &error))?;
    if let Some(existing) = existing {
        keep_owner(file.as_file(), &existing);
        file.as_file().set_permissions(existing.permissions())?;
    }
    Ok(Inner::Beside { file, target })
}

/// How a path is written.
enum Place {
    /// What is there is no regular file.
    Direct,
    /// Beside the target, which perhaps is there.
    Beside {
        target: PathBuf,
        existing: Option<Metadata>,
    },
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        let existing = match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let target = match &existing {
            // A rename would replace what may not be written, too: ask first.
            Some(metadata) if metadata.is_file() => {
                OpenOptions::new().write(true).open(path)?;
                fs::canonicalize(path)?
            }
            // Fails, in the words of the system.
            Some(metadata) if metadata.is_dir() => {
                let opened = OpenOptions::new().write(true).open(path);
                return opened.map(|_| Self::Direct);
            }
            Some(_) => return Ok(Self::Direct),
            None => follow_links(path)?,
        };
        if target.file_name().is_none() {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it names no file");
            return Err(error);
        }
        Ok(Self::Beside { target, existing })
    }
}

/// Where links lead that have nothing at their end yet.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&target) else {
            return Ok(target);
        };
        target = match target.parent() {
            Some(folder) => folder.join(next),
            None => next,
        };
    }
    Err(io::Error::other("too many symbolic links lead on from it"))
}

/// Gives a file the owner and the group of the one that it replaces. Only root
/// may give files away, and others only to groups of theirs: where it may not be
/// done, the file is of who wrote it, as any new one.
#[cfg(unix)]
fn keep_owner(file: &File, existing: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Ok(own) = file.metadata() else { return };
    let differs = |a: u32, b: u32| (a != b).then_some(b);
    let owner = differs(own.uid(), existing.uid());
    let group = differs(own.gid(), existing.gid());
    if (owner.is_some() || group.is_some()) && fchown(file, owner, group).is_err() {
        let _ = fchown(file, None, group);
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}

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

/// Brings all files of a folder to the disk that were finished without it: one
/// request for all, where the system has it.
///
/// # Errors
///
/// Something could not be written.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let opened = File::open(folder)?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&opened)?;
    #[cfg(not(target_os = "linux"))]
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            File::open(path)?.sync_all()?;
        }
    }
    let _ = opened.sync_all();
    Ok(())
}

/// The new name survives a crash only when the folder is on the disk as well.
/// Not every file system can do it, and the file is complete without.
fn sync_name(target: &Path) {
    if let Some(folder) = target.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

fn cannot_create(path: &Path, source: io::Error) -> OutputError {
    OutputError::Create {
        path: path.to_owned(),
        advice: advice(path, &source),
        source,
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
