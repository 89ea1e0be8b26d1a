//! The systemd unit and the Dockerfile of `examples/deploy`: that they agree with
//! linkmend, and with each other. No image is built.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::examples::{folder, validate};

fn read(name: &str) -> String {
    fs::read_to_string(folder().join("deploy").join(name)).unwrap()
}

/// What `--help` says is the default.
pub fn shutdown_timeout() -> u64 {
    let help = Command::new(env!("CARGO_BIN_EXE_linkmend"))
        .args(["run", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, rest) = help.split_once("--shutdown-timeout").unwrap();
    let (_, rest) = rest.split_once("[default: ").unwrap();
    let (seconds, _) = rest.split_once("s]").unwrap();
    seconds.parse().unwrap()
}

/// The instructions of the Dockerfile with this name.
fn instructions(dockerfile: &str, name: &str) -> Vec<String> {
    let lines = dockerfile.lines();
    let named = lines.filter_map(|line| line.strip_prefix(&format!("{name} ")));
    named.map(str::to_owned).collect()
}

#[test]
fn what_the_image_is_made_of_is_there() {
    let dockerfile = read("docker/Dockerfile");
    let root = folder().join("..");
    let mut configuration = None;
    let mut copies = 0;
    for copy in instructions(&dockerfile, "COPY") {
        let words: Vec<_> = copy
            .split(' ')
            .filter(|word| !word.starts_with("--"))
            .collect();
        let [from, to] = words[..] else {
            panic!("{copy}")
        };
        let Some(path) = from.strip_prefix("/linkmend/") else {
            assert_eq!((from, to), (".", "."));
            continue;
        };
        copies += 1;
        if path == "target/release/linkmend" {
            let build = &instructions(&dockerfile, "RUN")[0];
            assert!(build.contains("cargo build --release --locked -p linkmend-cli"));
            continue;
        }
        assert!(root.join(path).exists(), "{path}");
        let is_left_out = fs::read_to_string(root.join(".dockerignore")).unwrap();
        let is_left_out = is_left_out
            .lines()
            .any(|line| path.starts_with(line.trim_matches('/')) && !line.is_empty());
        assert!(!is_left_out, "{path}");
        if Path::new(to).extension().is_some_and(|kind| kind == "yaml") {
            configuration = Some((root.join(path), to.to_owned()));
        }
    }
    assert_eq!(copies, 3);

    let (path, inside) = configuration.unwrap();
    let command = &instructions(&dockerfile, "CMD")[0];
    let command: Vec<String> = serde_json::from_str(command).unwrap();
    assert_eq!(command, ["run", "--config", &inside]);
    let environment = instructions(&dockerfile, "ENV");
    let environment: Vec<_> = environment
        .iter()
        .map(|variable| variable.split_once('=').unwrap())
        .collect();
    assert_eq!(environment, [("LINKMEND_LISTEN", "0.0.0.0")]);
    let (code, told) = validate(&path, &environment);
    assert_eq!(code, Some(0), "{told}");

    let toolchain = fs::read_to_string(root.join("rust-toolchain.toml")).unwrap();
    let image = &instructions(&dockerfile, "FROM")[0];
    let version = image.split([':', '-']).nth(1).unwrap();
    assert!(toolchain.contains(&format!("\"{version}")), "{image}");
}

/// Where systemd is installed, it says what it thinks of the unit.
#[test]
fn the_unit_is_one_that_systemd_understands_and_finds_safe() {
    let place = tempfile::tempdir().unwrap();
    let unit = place.path().join("linkmend.service");
    let text = read("systemd/linkmend.service");
    let seconds = text.split_once("TimeoutStopSec=").unwrap().1;
    let seconds: u64 = seconds.lines().next().unwrap().parse().unwrap();
    assert!(seconds > shutdown_timeout());
    // It looks for the program.
    assert_eq!(text.matches("=/usr/local/bin/linkmend ").count(), 2);
    let text = text.replace("/usr/local/bin/linkmend", env!("CARGO_BIN_EXE_linkmend"));
    fs::write(&unit, text).unwrap();
    for arguments in [
        &["verify", "--man=no"][..],
        // 10 is no protection at all; given in tenths.
        &["security", "--offline=yes", "--threshold=20", "--no-pager"],
    ] {
        let analyze = Command::new("systemd-analyze")
            .args(arguments)
            .arg(&unit)
            .output();
        let Ok(told) = analyze else {
            eprintln!("SKIPPED: there is no systemd-analyze (Debian: systemd)");
            return;
        };
        let text = String::from_utf8_lossy(&told.stderr);
        assert!(
            told.status.success() && text.is_empty(),
            "{arguments:?}: {text}"
        );
    }
}
