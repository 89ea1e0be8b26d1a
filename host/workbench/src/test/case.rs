//! Golden cases: folders with traces before and after.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::TestError;

/// A golden case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The name of its folder.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// What goes in: `before.*`.
    pub before: PathBuf,
    /// What is to come out: `after.*`, if it is there yet.
    pub after: Option<PathBuf>,
    /// `rule.yaml`, `rule.yml` or `rule.json`, if there is one.
    pub config: Option<PathBuf>,
}

/// The cases in a folder whose names contain `filter`, by name. Folders without
/// `before.*` and `after.*` are none: a crate has others among its tests.
///
/// # Errors
///
/// When there are none, or when a folder is only half of a case.
pub fn find(directory: &Path, filter: Option<&str>) -> Result<Vec<Case>, TestError> {
    let entries = list(directory)?;
    let mut cases = Vec::new();
    for folder in entries.into_iter().filter(|path| path.is_dir()) {
        if let Some(case) = read(&folder)? {
            cases.push(case);
        }
    }
    if cases.is_empty() {
        return Err(TestError::NoCases(directory.display().to_string()));
    }
    if let Some(filter) = filter {
        let names: Vec<String> = cases.iter().map(|case| case.name.clone()).collect();
        cases.retain(|case| case.name.contains(filter));
        if cases.is_empty() {
            return Err(TestError::NoneFits {
                filter: filter.into(),
                names: names.join(", "),
            });
        }
    }
    Ok(cases)
}

fn read(folder: &Path) -> Result<Option<Case>, TestError> {
    let files = list(folder)?;
    let before = one(folder, &files, "before")?;
    let after = one(folder, &files, "after")?;
    let config = one(folder, &files, "rule")?;
    let Some(before) = before else {
        return match after {
            None => Ok(None),
            Some(_) => Err(TestError::NoBefore(folder.display().to_string())),
        };
    };
    let name = folder.file_name().unwrap_or_default();
    Ok(Some(Case {
        name: name.to_string_lossy().into_owned(),
        folder: folder.to_owned(),
        before,
        after,
        config,
    }))
}

/// The one file of a folder that is called so, with whatever ending.
fn one(folder: &Path, files: &[PathBuf], called: &str) -> Result<Option<PathBuf>, TestError> {
    let is_called = |path: &&PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ending = name
            .strip_prefix(called)
            .and_then(|rest| rest.strip_prefix('.'));
        match ending {
            None => false,
            Some(ending) if called == "rule" => ["yaml", "yml", "json"].contains(&ending),
            Some(ending) => !ending.is_empty(),
        }
    };
    let mut found = files.iter().filter(|path| path.is_file()).filter(is_called);
    let first = found.next().cloned();
    if found.next().is_some() {
        return Err(TestError::Several {
            folder: folder.display().to_string(),
            called: called.into(),
        });
    }
    Ok(first)
}

/// What is in a folder, sorted.
fn list(folder: &Path) -> Result<Vec<PathBuf>, TestError> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder)?;
        let mut paths = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    };
    read().map_err(|error| TestError::Folder {
        folder: folder.display().to_string(),
        error,
    })
}
