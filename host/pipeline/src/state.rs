//! Where linkmend keeps what is to outlive it, where the configuration names no
//! storage for it.

use std::path::{Path, PathBuf};

use linkmend::Checksum;

/// The directory for state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StateDirectory {
    /// None is wanted: what would be there is in memory.
    #[default]
    Nowhere,
    /// This one.
    At(PathBuf),
    /// The first of these that can be written.
    FirstOf(Vec<PathBuf>),
}

impl StateDirectory {
    /// Opens something in the directory, or in the first one where it can be
    /// opened; otherwise why it cannot.
    ///
    /// # Errors
    ///
    /// What went wrong, with each directory that was tried.
    pub(crate) fn open<T>(&self, open: impl Fn(&Path) -> Result<T, String>) -> Result<T, String> {
        let candidates = match self {
            Self::Nowhere => return Err("none is wanted (`--state-dir ''`)".into()),
            Self::At(path) => std::slice::from_ref(path),
            Self::FirstOf(paths) => paths.as_slice(),
        };
        let mut failed = Vec::new();
        for directory in candidates {
            match open(directory) {
                Ok(opened) => return Ok(opened),
                Err(text) => failed.push(text),
            }
        }
        if failed.is_empty() {
            failed.push("there is no place for one".into());
        }
        Err(failed.join("; "))
    }
}

/// What a configuration is called in the directory: those of several processes
/// must not mix. It is the same when the files of the configuration are.
pub(crate) fn instance(files: &[String]) -> String {
    let paths = files.iter().map(|file| {
        let path = std::path::absolute(file);
        path.map_or_else(|_| file.clone(), |path| path.display().to_string())
    });
    let paths: Vec<_> = paths.collect();
    let digits = Checksum::of(paths.join("\n").as_bytes()).to_string();
    let stem = files.first().map(Path::new).and_then(Path::file_stem);
    let stem = stem.and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-_".contains(*c);
    let stem: String = stem.chars().filter(is_plain).take(32).collect();
    format!("{stem}-{}", digits.get(..12).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_can_be_opened_is_taken() {
        let directories = StateDirectory::FirstOf(vec!["/a".into(), "/b".into(), "/c".into()]);
        let open = |path: &Path| match path.to_str() {
            Some("/a") => Err("/a: no".to_owned()),
            _ => Ok(path.to_owned()),
        };
        assert_eq!(directories.open(open), Ok(PathBuf::from("/b")));
        let none = |path: &Path| Err::<(), _>(format!("{}: no", path.display()));
        let failed = "/a: no; /b: no; /c: no".to_owned();
        assert_eq!(directories.open(none), Err(failed));
        assert!(StateDirectory::Nowhere.open(open).is_err());
        assert!(StateDirectory::FirstOf(Vec::new()).open(open).is_err());
    }

    #[test]
    fn instances_are_told_apart_by_their_files() {
        let of = |files: &[&str]| {
            let files: Vec<_> = files.iter().map(|&file| file.to_owned()).collect();
            instance(&files)
        };
        let one = of(&["/etc/linkmend/linkmend.yaml"]);
        assert_eq!(one, of(&["/etc/linkmend/linkmend.yaml"]));
        assert!(one.starts_with("linkmend-"), "{one}");
        for other in [
            &["/etc/linkmend.yaml"][..],
            &["/etc/linkmend/linkmend.yaml", "/etc/more.yaml"],
            &["../$(x)/\u{e9}.yaml"],
            &[],
        ] {
            let other = of(other);
            assert_ne!(one, other);
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            assert!(other.chars().all(is_plain), "{other}");
        }
    }
}
