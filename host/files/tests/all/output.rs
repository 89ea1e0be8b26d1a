//! Files that appear when they are complete.

use std::fs;
use std::io::Write;
use std::path::Path;

use linkmend_files::{AtomicFile, BatchWriter, Compression, Encoding, Format, Output, OutputError};

fn only_file(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_file_appears_when_it_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    fs::write(&path, "old").unwrap();
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    file.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(only_file(folder.path()), ["out.jsonl"]);
}

#[test]
fn nothing_is_left_of_a_file_that_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = AtomicFile::create(&folder.path().join("out")).unwrap();
    file.write_all(b"half").unwrap();
    assert_eq!(only_file(folder.path()).len(), 1);
    drop(file);
    assert!(only_file(folder.path()).is_empty());
    let output = Output::file(&folder.path().join("out")).unwrap();
    let encoding = Encoding {
        format: Format::Json,
        compression: Compression::Zstd,
    };
    drop(BatchWriter::new(output, encoding).unwrap());
    assert!(only_file(folder.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn a_file_has_the_usual_permissions_or_those_of_the_old_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let usual = folder.path().join("usual");
    fs::write(&usual, "").unwrap();
    let new = folder.path().join("new");
    AtomicFile::create(&new).unwrap().finish().unwrap();
    assert_eq!(mode(&new), mode(&usual));
    fs::set_permissions(&new, fs::Permissions::from_mode(0o640)).unwrap();
    AtomicFile::create(&new).unwrap().finish().unwrap();
    assert_eq!(mode(&new), 0o640);
}

#[cfg(unix)]
#[test]
fn the_target_of_a_link_is_replaced_and_a_device_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("link"));
    fs::write(&target, "old").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let mut file = AtomicFile::create(&link).unwrap();
    file.write_all(b"new").unwrap();
    file.finish().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let mut null = AtomicFile::create(Path::new("/dev/null")).unwrap();
    null.write_all(b"x").unwrap();
    null.finish().unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn an_output_that_cannot_be_written_fails_at_once_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |path: &Path| match AtomicFile::create(path).unwrap_err() {
        error @ OutputError::Create { .. } => error.to_string(),
        error => panic!("{error}"),
    };
    let missing = fails(&folder.path().join("no/such/out"));
    assert!(
        missing.contains("no/such/out") && missing.contains("create it first"),
        "{missing}"
    );
    let is_folder = fails(folder.path());
    assert!(
        is_folder.contains("name a file in that folder"),
        "{is_folder}"
    );
}

#[test]
fn a_writer_that_fails_is_told() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let encoding = Encoding {
            format: Format::Json,
            compression,
        };
        let writer = BatchWriter::new(Output::writer(Full), encoding).unwrap();
        assert!(matches!(writer.finish(), Err(OutputError::Writer(_))));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_with_the_path() {
    let output = Output::file(Path::new("/dev/full")).unwrap();
    let encoding = Encoding {
        format: Format::Json,
        compression: Compression::None,
    };
    let error = BatchWriter::new(output, encoding).unwrap().finish();
    assert!(error.unwrap_err().to_string().contains("/dev/full"));
}
