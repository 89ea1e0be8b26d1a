//! Which files are read.

use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::component::SetupError;

/// As in a shell: `*` stays in its folder.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Patterns of paths.
pub(super) struct Patterns {
    include: Vec<String>,
    exclude: Vec<Pattern>,
}

impl Patterns {
    pub(super) fn new(include: &[String], exclude: &[String]) -> Result<Self, SetupError> {
        let read = |key: &str, patterns: &[String]| -> Result<Vec<Pattern>, SetupError> {
            let patterns = patterns.iter().enumerate();
            let read = patterns.map(|(number, text)| {
                Pattern::new(text).map_err(|error| {
                    let text = format!("`{text}` is no pattern of paths: {}", error.msg);
                    SetupError::new(format!("{key}[{number}]"), text)
                })
            });
            read.collect()
        };
        read("include", include)?;
        Ok(Self {
            include: include.to_vec(),
            exclude: read("exclude", exclude)?,
        })
    }

    /// The paths that match now, in the order of their names. There may be
    /// folders among them.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let include = self.include.iter();
        let mut paths: Vec<PathBuf> = include.flat_map(|pattern| self.matches(pattern)).collect();
        // By bytes: comparing them part by part takes longer than all the rest.
        paths.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        paths.dedup();
        paths
    }

    /// The patterns that no file matches now.
    pub(super) fn without_files(&self) -> impl Iterator<Item = &str> {
        let patterns = self.include.iter().map(String::as_str);
        patterns.filter(|pattern| !self.matches(pattern).any(|path| path.is_file()))
    }

    fn matches(&self, pattern: &str) -> impl Iterator<Item = PathBuf> {
        // The patterns were read before; folders that may not be read are as if
        // they were not there.
        let found = glob::glob_with(pattern, OPTIONS).into_iter().flatten();
        found.flatten().filter(|path| self.is_wanted(path))
    }

    fn is_wanted(&self, path: &Path) -> bool {
        let is_excluded = |pattern: &Pattern| pattern.matches_path_with(path, OPTIONS);
        !self.exclude.iter().any(is_excluded)
    }
}
