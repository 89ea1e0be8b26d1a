//! The configurations of `examples/pipelines`, as they are. What differs on a
//! machine of tests (ports, the authority of the backend) is in a second file,
//! as users would do it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message as _;
use tempfile::TempDir;

use crate::support::intake::tls::Authority;
use crate::support::intake::{Answer, Intake, Protocol, Tls};
use crate::support::linkmend::Linkmend;
use crate::support::sender::{self, Sender};
use crate::support::spans::{Role, linked, number, request, span};
use crate::support::wait;

/// What a file is to do.
struct Example {
    file: &'static str,
    /// Its exporter, and whether that speaks TLS.
    exporter: (&'static str, bool),
    /// What its environment says; `PORT` is that of the backend.
    environment: &'static [(&'static str, &'static str)],
    /// The path that the backend is asked for.
    path: &'static str,
    /// What the backend wants to be told.
    headers: &'static [(&'static str, &'static str)],
}

const GRPC: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const SECRET: &str = "hvVq1dGqLrB0sYc";

const EXAMPLES: &[Example] = &[
    Example {
        file: "all-signals.yaml",
        exporter: ("otlp_grpc", false),
        environment: &[("BACKEND_ENDPOINT", "localhost:PORT")],
        path: GRPC,
        headers: &[],
    },
    Example {
        file: "collector-before.yaml",
        exporter: ("otlp_grpc", false),
        environment: &[("BACKEND_ENDPOINT", "localhost:PORT")],
        path: GRPC,
        headers: &[],
    },
    Example {
        file: "collector-behind.yaml",
        exporter: ("otlp_grpc/collector", false),
        environment: &[("COLLECTOR_ENDPOINT", "localhost:PORT")],
        path: GRPC,
        headers: &[],
    },
    Example {
        file: "datadog.yaml",
        exporter: ("otlp_http/datadog", true),
        environment: &[
            ("DATADOG_ENDPOINT", "https://localhost:PORT/v1/traces"),
            ("DD_API_KEY", SECRET),
        ],
        path: "/v1/traces",
        headers: &[("dd-api-key", SECRET), ("dd-otlp-source", "datadog")],
    },
    Example {
        file: "grafana-cloud.yaml",
        exporter: ("otlp_http/grafana", true),
        environment: &[
            ("GRAFANA_OTLP_ENDPOINT", "https://localhost:PORT/otlp"),
            ("GRAFANA_AUTHORIZATION", "Basic hvVq1dGqLrB0sYc"),
        ],
        path: "/otlp/v1/traces",
        headers: &[("authorization", "Basic hvVq1dGqLrB0sYc")],
    },
    Example {
        file: "honeycomb.yaml",
        exporter: ("otlp_grpc/honeycomb", true),
        environment: &[
            ("HONEYCOMB_ENDPOINT", "localhost:PORT"),
            ("HONEYCOMB_API_KEY", SECRET),
        ],
        path: GRPC,
        headers: &[("x-honeycomb-team", SECRET)],
    },
    Example {
        file: "flows.yaml",
        exporter: ("otlp_grpc", false),
        environment: &[("BACKEND_ENDPOINT", "localhost:PORT")],
        path: GRPC,
        headers: &[],
    },
    Example {
        file: "jaeger.yaml",
        exporter: ("otlp_grpc/jaeger", false),
        environment: &[("JAEGER_ENDPOINT", "localhost:PORT")],
        path: GRPC,
        headers: &[],
    },
    Example {
        file: "lightstep.yaml",
        exporter: ("otlp_grpc/lightstep", true),
        environment: &[
            ("LIGHTSTEP_ENDPOINT", "localhost:PORT"),
            ("LIGHTSTEP_ACCESS_TOKEN", SECRET),
        ],
        path: GRPC,
        headers: &[("lightstep-access-token", SECRET)],
    },
    Example {
        file: "minimal.yaml",
        exporter: ("otlp_grpc", false),
        environment: &[("BACKEND_ENDPOINT", "localhost:PORT")],
        path: GRPC,
        headers: &[],
    },
    Example {
        file: "production.yaml",
        exporter: ("otlp_grpc", false),
        environment: &[
            ("BACKEND_ENDPOINT", "localhost:PORT"),
            ("BACKEND_INSECURE", "true"),
            ("LINKMEND_STATE", "PLACE/state"),
        ],
        path: GRPC,
        headers: &[],
    },
    Example {
        file: "tempo.yaml",
        exporter: ("otlp_grpc/tempo", false),
        environment: &[
            ("TEMPO_ENDPOINT", "localhost:PORT"),
            ("TEMPO_TENANT", "team-a"),
        ],
        path: GRPC,
        headers: &[("x-scope-orgid", "team-a")],
    },
];

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn pipelines() -> PathBuf {
    folder().join("pipelines")
}

#[test]
fn every_file_is_tried_and_listed() {
    let files = std::fs::read_dir(pipelines()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<_> = names
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|kind| kind == "yaml")
        })
        .collect();
    let tried = EXAMPLES.iter().map(|example| example.file.to_owned());
    // That one needs more around it (kafka.rs).
    let tried = tried.chain(["kafka.yaml".to_owned()]);
    assert_eq!(there, tried.collect());
    let readme = std::fs::read_to_string(pipelines().join("README.md")).unwrap();
    for name in there {
        assert!(readme.contains(&format!("[{name}]({name})")), "{name}");
    }
}

#[test]
fn each_sends_mended_traces_as_its_backend_wants_them() {
    // Side by side, since each waits for many small things.
    std::thread::scope(|scope| {
        for example in EXAMPLES {
            let name = example.file.to_owned();
            let try_it = std::thread::Builder::new().name(name);
            try_it.spawn_scoped(scope, || example.try_it()).unwrap();
        }
    });
}

impl Example {
    fn try_it(&self) {
        let place = tempfile::tempdir().unwrap();
        let intake = self.intake(&place);
        let mut linkmend = self.start(place, &intake);
        let sender = Sender::new();
        let grpc = linkmend.addresses.grpc;

        // What is refused for good is told of in the log, without secrets.
        intake.answers_next([Answer::Refuse {
            http: 401,
            grpc: 16,
        }]);
        let _ = sender.grpc(grpc, request(vec![span(9, Role::Plain)]));
        intake.requests_at_least(1, wait::LONG);

        let producer = request(vec![span(1, Role::Sends(1))]);
        let consumer = request(vec![span(2, Role::Receives(1))]);
        sender.grpc(grpc, producer).unwrap();
        if linkmend.addresses.http.port() == 0 {
            sender.grpc(grpc, consumer).unwrap();
        } else {
            let body = consumer.encode_to_vec();
            let answer = sender.http(linkmend.addresses.http, "application/x-protobuf", body);
            assert_eq!(answer.status, 200, "{}", self.file);
        }
        let mut spans = intake.spans_at_least(2, wait::LONG);
        spans.sort_by_key(number);
        let links: Vec<_> = spans.iter().map(linked).collect();
        assert_eq!(links, [vec![], vec![1]], "{}", self.file);

        self.check_requests(&intake);
        if let Some(health) = linkmend.address_of("health_check") {
            assert!(sender::get(health, "/").contains("Server available"));
        } else {
            assert_eq!(self.file, "minimal.yaml", "it has no health check");
        }
        assert_eq!(linkmend.terminate().code(), Some(0), "{}", self.file);
        assert!(!linkmend.log().contains(SECRET), "{}", linkmend.log());
    }

    fn intake(&self, place: &TempDir) -> Intake {
        let (_, is_tls) = self.exporter;
        if !is_tls {
            return Intake::start();
        }
        let authority = Authority::new("public");
        authority.file(place.path());
        Intake::with_tls(Tls::new(&authority.sign(&["localhost"]), None))
    }

    fn start(&self, place: TempDir, intake: &Intake) -> Linkmend {
        let here = place.path().join("here.yaml");
        std::fs::write(&here, self.here(place.path())).unwrap();
        let (port, folder) = (intake.address.port().to_string(), place.path());
        let environment = self.environment.iter().map(|(name, value)| {
            let value = value.replace("PORT", &port);
            let value = value.replace("PLACE", folder.to_str().unwrap());
            ((*name).to_owned(), value)
        });
        let environment = environment.collect();
        Linkmend::start_files(place, vec![pipelines().join(self.file), here], environment)
    }

    /// What differs here.
    fn here(&self, place: &Path) -> String {
        let example = std::fs::read_to_string(pipelines().join(self.file)).unwrap();
        let mut here = String::from(
            "
receivers:
  otlp:
    protocols:
      grpc: {endpoint: '127.0.0.1:0'}
",
        );
        if example.contains("      http:") {
            here += "      http: {endpoint: '127.0.0.1:0'}\n";
        }
        here += "extensions:\n";
        for name in ["health_check", "flows"] {
            if example.contains(&format!("\n  {name}:\n")) {
                let line = format!("  {name}: {{endpoint: '127.0.0.1:0'}}\n");
                here.push_str(&line);
            }
        }
        let (exporter, is_tls) = self.exporter;
        if is_tls {
            let authority = place.join("ca.pem");
            let authority = authority.display();
            let line = format!("exporters: {{{exporter}: {{tls: {{ca_file: {authority}}}}}}}\n");
            here.push_str(&line);
        }
        here + "
service:
  telemetry:
    logs: {encoding: json, level: debug}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}
"
    }

    fn check_requests(&self, intake: &Intake) {
        let (exporter, is_tls) = self.exporter;
        let protocol = if exporter.starts_with("otlp_grpc") {
            Protocol::Grpc
        } else {
            Protocol::HttpProtobuf
        };
        for request in intake.requests() {
            assert_eq!(request.protocol, protocol, "{}", self.file);
            assert_eq!(request.path, self.path, "{}", self.file);
            for (name, value) in self.headers {
                assert_eq!(request.headers[*name], **value, "{}: {name}", self.file);
            }
        }
        let peers = intake.peers();
        assert_eq!(!peers.is_empty(), is_tls, "{}", self.file);
        for peer in peers {
            assert_eq!(peer.server_name.as_deref(), Some("localhost"));
        }
    }
}

/// `LINKMEND_LISTEN` is nothing: all addresses, also for metrics, whose `host`
/// refused it.
#[test]
fn nothing_stands_for_all_addresses() {
    let intake = Intake::start();
    let place = tempfile::tempdir().unwrap();
    let mut text = std::fs::read_to_string(pipelines().join("production.yaml")).unwrap();
    for (port, any) in [
        (":4317\n", ":0\n"),
        (":4318\n", ":0\n"),
        (":13133\n", ":0\n"),
        ("port: 8888\n", "port: 0\n"),
    ] {
        assert_eq!(text.matches(port).count(), 1, "{port}");
        text = text.replace(port, any);
    }
    let config = place.path().join("production.yaml");
    std::fs::write(&config, text).unwrap();
    let state = place.path().join("state").display().to_string();
    let environment = [
        ("LINKMEND_LISTEN", String::new()),
        ("BACKEND_ENDPOINT", intake.address.to_string()),
        ("BACKEND_INSECURE", "true".into()),
        ("LINKMEND_STATE", state),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let linkmend = Linkmend::start_files(place, vec![config], environment.into());
    for what in ["(OTLP/gRPC)", "(OTLP/HTTP)", "metrics", "health_check"] {
        let address = linkmend.address_of(what).unwrap();
        assert!(address.ip().is_unspecified(), "{what}: {address}");
        let here = ([127, 0, 0, 1], address.port()).into();
        std::net::TcpStream::connect::<std::net::SocketAddr>(here).unwrap();
    }
}

#[test]
fn each_is_valid_as_it_is() {
    for example in EXAMPLES {
        let (code, told) = validate(&pipelines().join(example.file), &[]);
        if example.file == "grafana-cloud.yaml" {
            // There is no default for what every user has another of.
            assert_eq!(code, Some(2), "{told}");
            let why = "the environment variable GRAFANA_OTLP_ENDPOINT is not set";
            assert!(told.contains(why), "{told}");
            assert!(!told.contains("is missing"), "{told}");
        } else {
            assert_eq!(code, Some(0), "{}: {told}", example.file);
            assert!(told.contains("valid: traces: otlp"), "{told}");
        }
    }
}

/// What `linkmend validate` answers, with these variables alone, and all that
/// it tells.
pub fn validate(config: &Path, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_linkmend"))
        .args([
            "validate",
            "--code-cache",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/code"),
        ])
        .arg("--config")
        .arg(config)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code(), told.concat())
}
