//! The code cache is the user's alone, and believed no further than that.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::PathBuf;

use crate::place::Place;
use crate::rules::guest;
use crate::traces::{consumer, line, links};

const RUN: &str = "in.jsonl -o out --rule team.wasm --code-cache cache";

fn place() -> Place {
    let place = Place::with("in.jsonl", line([consumer(1)]));
    place.write("team.wasm", guest(""));
    place
}

/// The one entry.
fn entry(place: &Place) -> PathBuf {
    let entries: Vec<_> = fs::read_dir(place.path("cache")).unwrap().collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.into_iter().next().unwrap().unwrap().path()
}

fn mode(place: &Place, name: &str) -> u32 {
    fs::metadata(place.path(name)).unwrap().mode() & 0o7777
}

#[test]
fn what_it_makes_is_for_the_user_alone() {
    let place = place();
    place.process(RUN).well();
    assert_eq!(mode(&place, "cache"), 0o700);
    assert_eq!(fs::metadata(entry(&place)).unwrap().mode() & 0o7777, 0o600);
    let modified = || fs::metadata(entry(&place)).unwrap().ino();
    let first = modified();
    place.process(RUN).well();
    assert_eq!(modified(), first, "it was compiled once more");
}

/// One bit was a crash.
#[test]
fn an_entry_that_is_damaged_is_made_anew() {
    let place = place();
    place.process(RUN).well();
    let entry = entry(&place);
    let good = fs::read(&entry).unwrap();
    let length = good.len();
    let places = (0..24).map(|number| number * length / 24);
    for damage in places.chain([length - 1]) {
        let mut bytes = good.clone();
        bytes[damage] ^= 1 << (damage % 8);
        fs::write(&entry, bytes).unwrap();
        place.process(RUN).well();
        assert_eq!(links(&place.read("out")).len(), 1, "byte {damage}");
        assert_kept(&place, &format!("byte {damage}"));
    }
    for length in [0, 1, 100, length / 2, length - 1] {
        fs::write(&entry, &good[..length]).unwrap();
        place.process(RUN).well();
        assert_kept(&place, &format!("{length} bytes"));
    }
}

/// The entry is good: it is used, and stays the same file.
fn assert_kept(place: &Place, after: &str) {
    let made = || fs::metadata(entry(place)).unwrap().ino();
    let before = made();
    place.process(RUN).well();
    assert_eq!(made(), before, "it was made once more, after {after}");
}

/// Directories of other users and of mode 777 were used without a word.
#[test]
fn a_directory_that_others_can_reach_into_is_not_used() {
    for mode in [0o777, 0o1777, 0o755, 0o770, 0o702] {
        let place = place();
        place.folder("cache");
        fs::set_permissions(place.path("cache"), Permissions::from_mode(mode)).unwrap();
        let told = format!("the code cache cache is not used: its mode is {mode:04o}");
        place.process(RUN).fails(0, &[&told, "chmod 700"]);
        assert_eq!(links(&place.read("out")).len(), 1);
        assert_eq!(fs::read_dir(place.path("cache")).unwrap().count(), 0);
    }
}

#[test]
fn a_directory_of_another_user_is_not_used() {
    let place = place();
    place.folder("cache");
    fs::set_permissions(place.path("cache"), Permissions::from_mode(0o700)).unwrap();
    if chown(place.path("cache"), Some(12_345), None).is_err() {
        eprintln!("SKIPPED: only root can give a directory away");
        return;
    }
    place.process(RUN).fails(
        0,
        &["the code cache cache is not used: it belongs to user 12345, and this process runs as user "],
    );
    assert_eq!(fs::read_dir(place.path("cache")).unwrap().count(), 0);
}

#[test]
fn links_are_not_followed() {
    let place = place();
    place.folder("real");
    fs::set_permissions(place.path("real"), Permissions::from_mode(0o700)).unwrap();
    symlink(place.path("real"), place.path("cache")).unwrap();
    place.process(RUN).fails(
        0,
        &["the code cache cache is not used: it is no directory of its own"],
    );
    assert_eq!(fs::read_dir(place.path("real")).unwrap().count(), 0);
    fs::remove_file(place.path("cache")).unwrap();
    fs::write(place.path("cache"), "a file").unwrap();
    place
        .process(RUN)
        .fails(0, &["it is no directory of its own"]);
    fs::remove_file(place.path("cache")).unwrap();

    // An entry that is a link to one that is as it should be; or that others
    // may write to.
    place.process(RUN).well();
    let entry = entry(&place);
    let good = fs::read(&entry).unwrap();
    fs::rename(&entry, place.path("elsewhere")).unwrap();
    symlink(place.path("elsewhere"), &entry).unwrap();
    place.process(RUN).well();
    assert!(fs::symlink_metadata(&entry).unwrap().is_file());
    assert!(fs::read(place.path("elsewhere")).unwrap() == good);
    fs::set_permissions(&entry, Permissions::from_mode(0o666)).unwrap();
    place.process(RUN).well();
    assert_eq!(fs::metadata(&entry).unwrap().mode() & 0o7777, 0o600);
}
