//! The source of a rule: which files it is, and which ones its build writes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What tools leave behind, and is no source.
const LEFT_BEHIND: [&str; 4] = ["__pycache__", "node_modules", "target", "Cargo.lock"];
/// Of a file that is larger only length and time are looked at.
const MOST_READ: u64 = 16 << 20;

/// A file, as it was seen.
#[derive(Debug, Clone, Copy)]
struct Seen {
    modified: Option<SystemTime>,
    length: u64,
    content: u64,
}

/// It has the same content; when it was written does not matter.
impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        (self.length, self.content) == (other.length, other.content)
    }
}

type Files = BTreeMap<PathBuf, Seen>;

/// The files of a folder, without what its build writes there.
///
/// A file that was not there before a build is its own, and so is one that was
/// written during each of two builds. One that was written during a single build may
/// be the author's, who saves what is still being built: it is built once more.
#[derive(Debug)]
pub(super) struct Source {
    folder: PathBuf,
    files: Files,
    /// Those that were written during a build, as it left them; not those that were
    /// written outside of one since.
    written: Files,
}

impl Source {
    pub(super) fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            files: Files::new(),
            written: Files::new(),
        }
    }

    /// Looks whether it has changed since it was looked at.
    pub(super) fn has_changed(&mut self) -> io::Result<bool> {
        let now = look(&self.folder, &self.files)?;
        let has_changed = !changed(&self.files, &now).is_empty();
        self.written
            .retain(|path, left| now.get(path) == Some(left));
        self.files = now;
        Ok(has_changed)
    }

    /// A build has ended: what it has written is no change of the source.
    pub(super) fn was_built(&mut self) -> io::Result<()> {
        let mut now = look(&self.folder, &self.files)?;
        let changed = changed(&self.files, &now);
        for path in changed {
            let was_written = match now.get(&path) {
                Some(left) => self.written.insert(path.clone(), *left).is_some(),
                None => self.written.remove(&path).is_some(),
            };
            if let (false, Some(before)) = (was_written, self.files.get(&path)) {
                // Still to be seen.
                now.insert(path, *before);
            }
        }
        self.files = now;
        Ok(())
    }
}

/// Those that are another file in the other list, or are in one of them alone.
fn changed(before: &Files, now: &Files) -> BTreeSet<PathBuf> {
    let all = before.keys().chain(now.keys());
    let changed = all.filter(|path| before.get(*path) != now.get(*path));
    changed.cloned().collect()
}

/// The files of the source; those are read that have another time than before.
fn look(folder: &Path, before: &Files) -> io::Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // A build may clear its folders.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_hidden = name.starts_with('.') || LEFT_BEHIND.contains(&&*name);
            if is_hidden || is_component(&path) {
                continue;
            }
            // A file may be gone again.
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            if metadata.is_dir() {
                folders.push(path);
            } else {
                let seen = see(&path, &metadata, before.get(&path));
                files.insert(path, seen);
            }
        }
    }
    Ok(files)
}

fn see(path: &Path, metadata: &Metadata, before: Option<&Seen>) -> Seen {
    let (modified, length) = (metadata.modified().ok(), metadata.len());
    let before = before.filter(|seen| seen.modified == modified && seen.length == length);
    let content = before.map_or_else(|| content(path, metadata), |seen| seen.content);
    Seen {
        modified,
        length,
        content,
    }
}

fn content(path: &Path, metadata: &Metadata) -> u64 {
    let mut hasher = DefaultHasher::new();
    let small = metadata.is_file() && metadata.len() <= MOST_READ;
    match fs::read(path).ok().filter(|_| small) {
        Some(bytes) => bytes.hash(&mut hasher),
        None => metadata.modified().ok().hash(&mut hasher),
    }
    hasher.finish()
}

pub(super) fn is_component(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "wasm")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    /// Scenario: a build that writes beside the source, the same file anew each time;
    /// an author who saves before, while and after it runs.
    /// Guarantees: what the author saves is built, and what the build writes is not.
    #[test]
    fn what_a_build_writes_is_no_change() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let mut source = Source::of(folder.path());
        write("rule.c", "one");
        write("stamp", "old");
        assert!(source.has_changed().unwrap());
        let mut built = |writes: &[(&str, &str)]| {
            for (name, text) in writes {
                write(name, text);
            }
            source.was_built().unwrap();
            let changed = source.has_changed().unwrap();
            assert!(!source.has_changed().unwrap(), "seen once");
            changed
        };
        assert!(!built(&[("rule.o", "1"), ("rule.wasm", "1")]), "new files");
        assert!(
            !built(&[("rule.o", "2"), ("rule.wasm", "2")]),
            "the same again"
        );
        assert!(!built(&[("rule.c", "one")]), "the same content");
        assert!(built(&[("rule.c", "two")]), "saved while it was built");
        // Of what was there before it is not known whose it is: once more, no longer.
        assert!(built(&[("stamp", "1")]));
        assert!(!built(&[("stamp", "2")]));
        assert!(!built(&[("stamp", "3")]));
        write("rule.c", "three");
        assert!(source.has_changed().unwrap(), "saved");
        fs::remove_file(folder.path().join("rule.c")).unwrap();
        assert!(source.has_changed().unwrap(), "removed");
    }
}
