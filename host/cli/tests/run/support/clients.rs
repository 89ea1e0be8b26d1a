//! SDKs of OpenTelemetry as applications have them (`tests/clients`).

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::linkmend::Addresses;

/// A client, and the protocol that it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    pub language: Language,
    pub protocol: &'static str,
    pub compression: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Python,
    JavaScript,
}

/// A client that runs.
pub struct Running {
    what: String,
    child: Child,
}

/// What a client reports of itself.
#[derive(Debug)]
pub struct Report {
    /// How each export ended for the SDK.
    pub results: Vec<String>,
    /// How long each took.
    pub seconds: Vec<f64>,
    pub spans: Vec<Made>,
    /// What it logged.
    pub log: String,
}

/// A span that a client made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub trace_id: String,
    pub span_id: String,
    pub parent_id: Option<String>,
    pub kind: String,
    pub message: Option<String>,
}

/// Where the clients in Python and JavaScript are installed; without them a test is
/// skipped, and says so.
pub fn installed() -> Option<PathBuf> {
    folder().filter(|folder| ["python", "javascript"].iter().all(|one| has(folder, one)))
}

/// Whether there are clients in a language; it is said if not.
pub fn has(folder: &Path, language: &str) -> bool {
    let is_there = folder.join(language).join("made-from").exists();
    if !is_there {
        skipped(&format!(
            "there are no clients in {language}, see tests/clients/set-up"
        ));
    }
    is_there
}

/// Where clients are installed, in those languages whose tools were there.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("LINKMEND_CLIENTS").map(PathBuf::from);
    if folder.is_none() {
        skipped("LINKMEND_CLIENTS is not set, see tests/clients/set-up");
    }
    folder.inspect(|folder| assert!(folder.is_absolute(), "LINKMEND_CLIENTS must be absolute"))
}

/// Says it past the capture of what tests print.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// The folder of what clients run.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients")
}

/// A script of `tests/clients/python`.
pub fn python(installed: &Path, script: &str) -> Command {
    let mut command = Command::new(installed.join("python/bin/python"));
    // No compiled files beside the sources.
    command.arg("-B").arg(sources().join("python").join(script));
    command
}

fn javascript(installed: &Path, script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(sources().join("javascript").join(script));
    command.env("NODE_PATH", installed.join("javascript/node_modules"));
    command
}

impl Client {
    pub const fn new(
        language: Language,
        protocol: &'static str,
        compression: &'static str,
    ) -> Self {
        Self {
            language,
            protocol,
            compression,
        }
    }

    fn is_grpc(self) -> bool {
        self.protocol == "grpc"
    }

    /// Where it sends to.
    pub fn address(self, addresses: Addresses) -> SocketAddr {
        if self.is_grpc() {
            addresses.grpc
        } else {
            addresses.http
        }
    }

    /// Sends spans of a role, with more arguments.
    pub fn begin(self, installed: &Path, to: SocketAddr, role: &str, more: &[&str]) -> Running {
        let command = match self.language {
            Language::Python => python(installed, "send.py"),
            Language::JavaScript => javascript(installed, "send.js"),
        };
        let mut command = { command };
        command.args([
            "--protocol",
            self.protocol,
            "--compression",
            self.compression,
        ]);
        command.args(["--endpoint", &format!("http://{to}"), "--role", role]);
        command.args(more);
        Running::start(format!("{self}, {role}"), command)
    }

    /// The same, and waits for the end.
    pub fn send(self, installed: &Path, to: SocketAddr, role: &str, more: &[&str]) -> Report {
        self.begin(installed, to, role, more).end()
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} by {} ({})",
            self.language, self.protocol, self.compression
        )
    }
}

impl Running {
    pub fn start(what: String, command: Command) -> Self {
        Self::start_with(what, command, |_| {})
    }

    /// With more that is set for it.
    pub fn start_with(what: String, mut command: Command, set: impl FnOnce(&mut Command)) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // What is set for the machine is not meant for the clients.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy().to_lowercase();
            if text.starts_with("otel_") || text.ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        set(&mut command);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        Self { what, child }
    }

    /// Waits for the end, and for what it logged.
    pub fn finish(self) -> String {
        let output = self.child.wait_with_output().unwrap();
        let log = [&output.stderr, &output.stdout].map(|log| String::from_utf8_lossy(log));
        let log = log.join("\n");
        assert!(
            output.status.success(),
            "{}: {}\n{log}",
            self.what,
            output.status
        );
        log
    }

    /// Waits for the end, and for the report.
    pub fn end(self) -> Report {
        let what = self.what.clone();
        let log = self.finish();
        // The loggers of some SDKs write to stdout, too.
        let report: Option<Value> = log
            .lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok());
        let report = report.unwrap_or_else(|| panic!("{what}: no report\n{log}"));
        Report::new(&report, log)
    }
}

impl Report {
    fn new(report: &Value, log: String) -> Self {
        let list = |name: &str| report[name].as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            results: list("results").iter().map(text).collect(),
            seconds: list("seconds")
                .iter()
                .map(|value| value.as_f64().unwrap())
                .collect(),
            spans: list("spans")
                .iter()
                .map(|span| Made {
                    trace_id: text(&span["trace_id"]),
                    span_id: text(&span["span_id"]),
                    parent_id: span["parent_id"].as_str().map(str::to_owned),
                    kind: text(&span["kind"]),
                    message: span["message"].as_str().map(str::to_owned),
                })
                .collect(),
            log,
        }
    }

    /// Whether the SDK took all as sent.
    pub fn succeeded(&self) -> bool {
        !self.results.is_empty() && self.results.iter().all(|result| result == "success")
    }
}
