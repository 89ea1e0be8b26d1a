//! Files that are full, named as by lumberjack, which the Collector uses:
//! `traces-2006-01-02T15-04-05.000.jsonl` beside `traces.jsonl`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::folder::folder_of;
use crate::config::Rotation;

const FORMAT: &str = "%Y-%m-%dT%H-%M-%S%.3f";

/// Gives the file its name of the time and removes those that are too many.
pub(super) fn rotate(path: &Path, rotation: &Rotation) -> io::Result<()> {
    let zone = zone(rotation);
    let backup = free_name(path, &zone);
    fs::rename(path, backup)?;
    clean(path, rotation, &zone);
    Ok(())
}

fn zone(rotation: &Rotation) -> TimeZone {
    if rotation.localtime {
        TimeZone::system()
    } else {
        TimeZone::UTC
    }
}

/// A name that is not taken: a file that is there is never replaced.
fn free_name(path: &Path, zone: &TimeZone) -> PathBuf {
    let mut time = zone.to_datetime(Timestamp::now());
    loop {
        let name = name_at(path, time);
        if name.symlink_metadata().is_err() {
            return name;
        }
        time = time.saturating_add(SignedDuration::from_millis(1));
    }
}

fn name_at(path: &Path, time: DateTime) -> PathBuf {
    let (prefix, suffix) = parts(path);
    let mut name = prefix;
    name.push(time.strftime(FORMAT).to_string());
    name.push(suffix);
    folder_of(path).join(name)
}

/// What stands before and behind the time.
fn parts(path: &Path) -> (OsString, OsString) {
    let mut prefix = path.file_stem().unwrap_or_default().to_owned();
    prefix.push("-");
    let mut suffix = OsString::new();
    if let Some(extension) = path.extension() {
        suffix.push(".");
        suffix.push(extension);
    }
    (prefix, suffix)
}

/// Removes old files; one that cannot be removed is told of and stays.
pub(super) fn clean(path: &Path, rotation: &Rotation, zone: &TimeZone) {
    let mut backups = backups(path);
    backups.sort_unstable_by(|a, b| b.cmp(a));
    let now = zone.to_datetime(Timestamp::now());
    let kept = rotation.max_backups.unwrap_or(u64::MAX);
    for (number, (time, backup)) in backups.iter().enumerate() {
        let age = now.duration_since(*time).unsigned_abs();
        let is_old = *time < now && rotation.max_age.is_some_and(|most| age > most);
        if (number as u64) < kept && !is_old {
            continue;
        }
        if let Err(error) = fs::remove_file(backup) {
            tracing::warn!("cannot remove the old file {}: {error}", backup.display());
        }
    }
}

/// The full files of a path, with their times.
fn backups(path: &Path) -> Vec<(DateTime, PathBuf)> {
    let (prefix, suffix) = parts(path);
    let entries = fs::read_dir(folder_of(path))
        .into_iter()
        .flatten()
        .flatten();
    let found = entries.filter_map(|entry| {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        let time = bytes.strip_prefix(prefix.as_encoded_bytes())?;
        let time = time.strip_suffix(suffix.as_encoded_bytes())?;
        let time = DateTime::strptime(FORMAT, time).ok()?;
        Some((time, folder_of(path).join(&name)))
    });
    found.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_lumberjack() {
        let time = jiff::civil::date(2006, 1, 2).at(15, 4, 5, 0);
        let name = |path: &str| name_at(Path::new(path), time).display().to_string();
        assert_eq!(
            name("/t/traces.jsonl"),
            "/t/traces-2006-01-02T15-04-05.000.jsonl"
        );
        assert_eq!(name("traces"), "./traces-2006-01-02T15-04-05.000");
        assert_eq!(name("/t/a.b.json"), "/t/a.b-2006-01-02T15-04-05.000.json");
    }

    #[test]
    fn a_name_says_its_time() {
        let time = DateTime::strptime(FORMAT, "2006-01-02T15-04-05.123").unwrap();
        assert_eq!(
            time,
            jiff::civil::date(2006, 1, 2).at(15, 4, 5, 123_000_000)
        );
    }
}
