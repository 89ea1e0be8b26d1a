//! The Helm chart of `examples/deploy/helm`: its configuration is held against
//! `linkmend validate` always; where Helm is there (in `LINKMEND_PEERS`, or on the
//! path) what it renders is, too. No cluster is asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Map, Value};

use crate::deploy::shutdown_timeout;
use crate::examples::{folder, validate};

const ENVIRONMENT: [(&str, &str); 3] = [
    ("BACKEND_ENDPOINT", "tempo:4317"),
    ("BACKEND_INSECURE", "true"),
    ("VALKEY_PASSWORD", "open sesame"),
];

fn chart() -> PathBuf {
    folder().join("deploy/helm/linkmend")
}

fn read(text: &str) -> Value {
    let read: Map<String, Value> = linkmend_config::read(text).unwrap().into_value();
    Value::Object(read)
}

fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    let mut elements = list.as_array().unwrap().iter();
    let found = elements.find(|element| element["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))
}

fn assert_valid(config: &str) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("linkmend.yaml");
    fs::write(&path, config).unwrap();
    let (code, told) = validate(&path, &ENVIRONMENT);
    assert_eq!(code, Some(0), "{told}\n{config}");
    assert!(!told.contains("warning"), "{told}\n{config}");
}

#[test]
fn the_configuration_in_its_values_is_valid() {
    let values = read(&fs::read_to_string(chart().join("values.yaml")).unwrap());
    assert_valid(&values["config"].to_string());
    let seconds = values["shutdownSeconds"].as_u64().unwrap();
    assert_eq!(seconds, shutdown_timeout());
}

/// Its version is that of the program.
#[test]
fn its_version_is_that_of_linkmend() {
    let read = read(&fs::read_to_string(chart().join("Chart.yaml")).unwrap());
    assert_eq!(read["appVersion"], env!("CARGO_PKG_VERSION"));
}

/// Runs Helm on the chart; nothing where there is none.
fn helm(command: &[&str], more: &[&str]) -> Option<Output> {
    let peers = std::env::var_os("LINKMEND_PEERS").map(|peers| Path::new(&peers).join("helm"));
    let program = peers.filter(|path| path.exists());
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(program.unwrap_or_else(|| "helm".into()))
        .args(command)
        // Of which cluster: a Helm that is built from its module knows a release of
        // Kubernetes of years ago by itself.
        .args(["--kube-version", "1.31.0"])
        .arg(chart())
        .args(more)
        .env("HOME", home.path())
        .output();
    if output.is_err() {
        eprintln!("SKIPPED: there is no helm (tests/peers/set-up builds it, where Go is there)");
    }
    output.ok()
}

/// What is rendered with one of the files of values in `ci/`, by kind.
fn rendered(values: &str) -> Option<BTreeMap<String, Value>> {
    let values = chart().join("ci").join(values).display().to_string();
    let lint = helm(&["lint", "--strict"], &["--values", &values])?;
    assert!(
        lint.status.success(),
        "{}",
        String::from_utf8_lossy(&lint.stdout)
    );
    let output = helm(&["template", "mender"], &["--values", &values])?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let documents = text
        .split("---\n")
        .filter(|document| !document.trim().is_empty());
    let documents = documents.map(|document| {
        let document = read(document);
        (document["kind"].as_str().unwrap().to_owned(), document)
    });
    Some(documents.collect())
}

#[test]
fn what_helm_renders_fits_together() {
    for (values, kinds) in [
        (
            "backend-values.yaml",
            &["ConfigMap", "PodDisruptionBudget", "Service", "StatefulSet"][..],
        ),
        (
            "all-values.yaml",
            &[
                "ConfigMap",
                "NetworkPolicy",
                "PodDisruptionBudget",
                "Service",
                "ServiceMonitor",
                "StatefulSet",
            ],
        ),
        (
            "http-values.yaml",
            &["ConfigMap", "PodDisruptionBudget", "Service", "StatefulSet"],
        ),
        (
            "fleet-values.yaml",
            &[
                "ConfigMap",
                "PodDisruptionBudget",
                "PrometheusRule",
                "Service",
                "StatefulSet",
            ],
        ),
    ] {
        let Some(rendered) = rendered(values) else {
            return;
        };
        assert!(rendered.keys().eq(kinds), "{values}: {:?}", rendered.keys());
        check(values, &rendered);
    }
}

fn check(values: &str, rendered: &BTreeMap<String, Value>) {
    let text = rendered["ConfigMap"]["data"]["linkmend.yaml"]
        .as_str()
        .unwrap();
    assert_valid(text);
    let config = read(text);
    let set = &rendered["StatefulSet"]["spec"];
    let pod = &set["template"]["spec"];
    let container = &pod["containers"][0];

    // Each port is that of the configuration, and all refer to it by its name.
    let ports = ports(&config);
    let service = &rendered["Service"]["spec"]["ports"];
    assert_eq!(
        container["ports"].as_array().unwrap().len(),
        ports.len(),
        "{values}"
    );
    for (name, port) in &ports {
        assert_eq!(
            named(&container["ports"], name)["containerPort"],
            *port,
            "{values}: {name}"
        );
        assert_eq!(named(service, name)["port"], *port, "{values}: {name}");
    }
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let get = &container[probe]["httpGet"];
        assert_eq!(
            (&get["path"], &get["port"]),
            (&"/".into(), &"health".into())
        );
    }

    // What is kept lies on the volume; the rest of the system cannot be written.
    let mounts = &container["volumeMounts"];
    let state = named(mounts, "state")["mountPath"].as_str().unwrap();
    if let Some(storage) = config["extensions"]["file_storage"]["directory"].as_str() {
        assert!(Path::new(storage).starts_with(state), "{values}: {storage}");
    }
    let arguments: Vec<_> = container["args"].as_array().unwrap().iter().collect();
    let arguments: Vec<_> = arguments
        .iter()
        .map(|argument| argument.as_str().unwrap())
        .collect();
    let [
        run,
        c,
        file,
        s,
        held,
        cache,
        code,
        pulled,
        rules,
        t,
        seconds,
    ] = arguments[..]
    else {
        panic!("{arguments:?}");
    };
    assert_eq!(
        [run, c, s, cache, pulled, t],
        [
            "run",
            "--config",
            "--state-dir",
            "--code-cache",
            "--rule-cache",
            "--shutdown-timeout"
        ]
    );
    let configured = named(mounts, "config")["mountPath"].as_str().unwrap();
    assert_eq!(file, format!("{configured}/linkmend.yaml"));
    assert!(Path::new(held).starts_with(state));
    // Below the mount: others can reach into that, and what is cached is run.
    let cached = named(mounts, "cache")["mountPath"].as_str().unwrap();
    assert_eq!(code, format!("{cached}/code"));
    assert_eq!(rules, format!("{cached}/rules"));
    let seconds: u64 = seconds.strip_suffix('s').unwrap().parse().unwrap();
    assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > seconds);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);

    // Several share what they know; and all select the same.
    let is_shared = config["processors"]["linkmend"]["index"]["redis"].is_object();
    assert_eq!(set["replicas"], if is_shared { 2 } else { 1 }, "{values}");
    let policy = &set["podManagementPolicy"];
    let is_ordered = values == "all-values.yaml";
    assert_eq!(
        *policy,
        ["Parallel", "OrderedReady"][usize::from(is_ordered)]
    );
    assert_eq!(rendered["Service"]["metadata"]["name"], set["serviceName"]);
    let labels = &set["selector"]["matchLabels"];
    assert_eq!(rendered["Service"]["spec"]["selector"], *labels);
    assert_eq!(
        rendered["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        *labels
    );
    for (name, value) in labels.as_object().unwrap() {
        assert_eq!(
            set["template"]["metadata"]["labels"][name], *value,
            "{values}: {name}"
        );
    }
}

/// Alerts are on metrics that there are; where an index is shared, on those of it, too.
#[test]
fn alerts_are_on_metrics_of_the_manual() {
    let Some(rendered) = rendered("fleet-values.yaml") else {
        return;
    };
    let manual = fs::read_to_string(folder().join("../docs/operation.md")).unwrap();
    let rules = &rendered["PrometheusRule"]["spec"]["groups"][0]["rules"];
    let mut of_the_store = 0;
    for rule in rules.as_array().unwrap() {
        let expression = rule["expr"].as_str().unwrap();
        of_the_store += usize::from(expression.contains("linkmend_shared_index_"));
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut words = expression.split(|c| !is_of_name(c));
        let metric =
            words.find(|word| word.starts_with("linkmend_") || word.starts_with("otelcol_"));
        let metric = metric.unwrap().trim_end_matches("_bucket");
        assert!(manual.contains(&format!("`{metric}`")), "{metric}");
        let said = rule["annotations"]["summary"].as_str().unwrap();
        assert!(said.ends_with('.'), "{said}");
    }
    assert_eq!(of_the_store, 3);
}

/// The ports that a configuration opens, by the names that the chart gives them.
fn ports(config: &Value) -> BTreeMap<&'static str, u64> {
    let port = |endpoint: &Value| {
        let (_, port) = endpoint.as_str()?.rsplit_once(':')?;
        port.parse::<u64>().ok()
    };
    let protocols = &config["receivers"]["otlp"]["protocols"];
    let reader = &config["service"]["telemetry"]["metrics"]["readers"][0];
    [
        ("otlp-grpc", port(&protocols["grpc"]["endpoint"])),
        ("otlp-http", port(&protocols["http"]["endpoint"])),
        (
            "metrics",
            reader["pull"]["exporter"]["prometheus"]["port"].as_u64(),
        ),
        (
            "health",
            port(&config["extensions"]["health_check"]["endpoint"]),
        ),
    ]
    .into_iter()
    .filter_map(|(name, port)| Some((name, port?)))
    .collect()
}

#[test]
fn wrong_values_are_refused_with_a_way_out() {
    let backend = "backend.endpoint=tempo:4317";
    for (set, said) in [
        (&[][..], "backend.endpoint is not set"),
        (&["backend.endpoint=tempo"], "/backend/endpoint"),
        (&[backend, "replicaCount=2"], "replicaCount"),
        (
            &[backend, "replicas=2"],
            "config.processors.linkmend has no index.redis",
        ),
        (
            &[
                backend,
                "config.receivers.otlp.protocols.grpc.endpoint=localhost:4317",
            ],
            "which nobody outside of the pod can reach",
        ),
        (
            &[backend, "config.service.extensions=null"],
            "has no health_check",
        ),
        (
            &[
                backend,
                "serviceMonitor.enabled=true",
                "config.service.telemetry=null",
            ],
            "no Prometheus endpoint to scrape",
        ),
    ] {
        let arguments: Vec<_> = set.iter().flat_map(|value| ["--set", value]).collect();
        let Some(output) = helm(&["template", "mender"], &arguments) else {
            return;
        };
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{set:?}");
        assert!(told.contains(said), "{set:?}: {told}");
    }
}
