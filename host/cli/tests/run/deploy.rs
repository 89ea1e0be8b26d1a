//! The files of `examples/deploy`: that they agree with linkmend, and with each
//! other. No image is built and no cluster is asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

use crate::examples::{folder, validate};

fn read(name: &str) -> String {
    fs::read_to_string(folder().join("deploy").join(name)).unwrap()
}

/// The documents of the manifest, by their kind.
fn manifest() -> BTreeMap<String, Value> {
    let text = read("kubernetes/linkmend.yaml");
    let documents = text.split("\n---\n").map(|document| {
        let document: Map<String, Value> = linkmend_config::read(document).unwrap().into_value();
        let kind = document["kind"].as_str().unwrap().to_owned();
        (kind, Value::Object(document))
    });
    documents.collect()
}

fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    let mut elements = list.as_array().unwrap().iter();
    let found = elements.find(|element| element["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))
}

/// The configuration of the manifest as a file, and it read.
fn configured(manifest: &BTreeMap<String, Value>, place: &Path) -> (PathBuf, Value) {
    let text = manifest["ConfigMap"]["data"]["linkmend.yaml"]
        .as_str()
        .unwrap();
    let path = place.join("linkmend.yaml");
    fs::write(&path, text).unwrap();
    let read = linkmend_config::read(text).unwrap().into_value();
    (path, Value::Object(read))
}

#[test]
fn the_configuration_of_the_manifest_is_valid() {
    let place = tempfile::tempdir().unwrap();
    let manifest = manifest();
    let (path, config) = configured(&manifest, place.path());
    let container = &manifest["StatefulSet"]["spec"]["template"]["spec"]["containers"][0];
    let backend = named(&container["env"], "BACKEND_ENDPOINT")["value"].as_str();
    let (code, told) = validate(&path, &[("BACKEND_ENDPOINT", backend.unwrap())]);
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("warning"), "{told}");

    // What is kept lies on the volume, the rest of the system cannot be written.
    let mounts = &container["volumeMounts"];
    let storage = &config["extensions"]["file_storage"]["directory"];
    assert_eq!(*storage, named(mounts, "state")["mountPath"]);
    let arguments: Vec<_> = container["args"].as_array().unwrap().iter().collect();
    let [run, flag, file, cache_flag, cache] = arguments[..] else {
        panic!("{arguments:?}");
    };
    assert_eq!((run, flag), (&"run".into(), &"--config".into()));
    let folder = named(mounts, "config")["mountPath"].as_str().unwrap();
    assert_eq!(*file, format!("{folder}/linkmend.yaml"));
    assert_eq!(*cache_flag, "--code-cache");
    // Below the mount: others can reach into that, and what is cached is run.
    let folder = named(mounts, "cache")["mountPath"].as_str().unwrap();
    assert_eq!(*cache, format!("{folder}/code"));
}

#[test]
fn ports_of_the_manifest_are_those_of_the_configuration() {
    let place = tempfile::tempdir().unwrap();
    let manifest = manifest();
    let (_, config) = configured(&manifest, place.path());
    let protocols = &config["receivers"]["otlp"]["protocols"];
    let reader = &config["service"]["telemetry"]["metrics"]["readers"][0];
    let prometheus = &reader["pull"]["exporter"]["prometheus"];
    assert_eq!(prometheus["host"], "", "all addresses");
    let port = |endpoint: &Value| {
        // Others than those of the container itself reach all addresses only.
        let port = endpoint.as_str().unwrap().strip_prefix(':').unwrap();
        port.parse::<u64>().unwrap()
    };
    let expected = [
        ("otlp-grpc", port(&protocols["grpc"]["endpoint"])),
        ("otlp-http", port(&protocols["http"]["endpoint"])),
        ("metrics", prometheus["port"].as_u64().unwrap()),
        (
            "health",
            port(&config["extensions"]["health_check"]["endpoint"]),
        ),
    ];
    let template = &manifest["StatefulSet"]["spec"]["template"];
    let container = &template["spec"]["containers"][0];
    for (name, port) in expected {
        assert_eq!(named(&container["ports"], name)["containerPort"], port);
        if name != "health" {
            let service = &manifest["Service"]["spec"]["ports"];
            assert_eq!(named(service, name)["port"], port);
        }
    }
    for probe in ["readinessProbe", "livenessProbe"] {
        let get = &container[probe]["httpGet"];
        assert_eq!(
            (&get["path"], &get["port"]),
            (&"/".into(), &"health".into())
        );
    }
    let scraped = &template["metadata"]["annotations"]["prometheus.io/port"];
    let metrics = prometheus["port"].to_string();
    assert_eq!(*scraped, metrics.as_str());
    let grace = &template["spec"]["terminationGracePeriodSeconds"];
    assert!(grace.as_u64().unwrap() > shutdown_timeout());
    for object in ["Service", "StatefulSet"] {
        let name = &manifest["StatefulSet"]["spec"]["serviceName"];
        assert_eq!(manifest[object]["metadata"]["name"], *name);
    }
}

/// What `--help` says is the default.
fn shutdown_timeout() -> u64 {
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
