//! `linkmend run` as a process.

use std::fmt::Write as _;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::intake::Intake;
use super::{ports, sender, wait};

/// What all configurations here begin with.
const BASE: &str = "
receivers:
  otlp:
    protocols:
      grpc: {endpoint: '127.0.0.1:0'}
      http: {endpoint: '127.0.0.1:0'}
processors:
  linkmend:
service:
  telemetry:
    logs: {encoding: json}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}
";

/// The address of what does not listen: nobody can connect to port 0.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A linkmend that runs, or did. What is left of it ends with the test.
pub struct Linkmend {
    place: TempDir,
    configs: Vec<PathBuf>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    child: Option<Child>,
    starts: usize,
    pub addresses: Addresses,
}

/// Where it listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    pub grpc: SocketAddr,
    pub http: SocketAddr,
    pub metrics: SocketAddr,
}

/// The exporter `otlp_grpc` to an intake, with more keys: `timeout: 1s, `.
pub fn by_grpc(intake: &Intake, more: &str) -> String {
    let keys = format!(
        "endpoint: '{}', tls: {{insecure: true}}, {more}",
        intake.address
    );
    exporter("otlp_grpc", &keys)
}

/// The exporter `otlp_http` to an intake, with more keys.
pub fn by_http(intake: &Intake, more: &str) -> String {
    exporter(
        "otlp_http",
        &format!("endpoint: '{}', {more}", intake.url()),
    )
}

/// The pipeline with this exporter.
pub fn exporter(name: &str, keys: &str) -> String {
    format!(
        "
exporters:
  {name}: {{{keys}}}
service:
  pipelines:
    traces: {{receivers: [otlp], processors: [linkmend], exporters: [{name}]}}
"
    )
}

impl Linkmend {
    /// Starts it with what [`BASE`] and these say, the later ones before the
    /// earlier ones.
    pub fn start(configs: &[&str]) -> Self {
        Self::start_with(&[], configs)
    }

    /// With more arguments.
    pub fn start_with(arguments: &[&str], configs: &[&str]) -> Self {
        let mut linkmend = Self::new(tempfile::tempdir().unwrap(), configs);
        linkmend.arguments = arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect();
        linkmend.restart();
        linkmend
    }

    /// In a folder that is there; what the configurations call `PLACE` is it.
    pub fn start_in(place: TempDir, configs: &[&str]) -> Self {
        let mut linkmend = Self::new(place, configs);
        linkmend.restart();
        linkmend
    }

    /// As somebody else: with another environment.
    pub fn start_as(environment: &[(&str, &str)], configs: &[&str]) -> Self {
        let mut linkmend = Self::new(tempfile::tempdir().unwrap(), configs);
        let environment = environment.iter();
        linkmend.environment = environment
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        linkmend.restart();
        linkmend
    }

    /// With these files alone, and what they ask the environment for. Its log
    /// must be JSON.
    pub fn start_files(
        place: TempDir,
        configs: Vec<PathBuf>,
        environment: Vec<(String, String)>,
    ) -> Self {
        let mut linkmend = Self::without_files(place);
        linkmend.configs = configs;
        linkmend.environment = environment;
        linkmend.restart();
        linkmend
    }

    /// At addresses that are known before, and the same after a restart.
    pub fn start_at(addresses: Addresses, configs: &[&str]) -> Self {
        Self::start_at_with(addresses, &[], configs)
    }

    /// The same, with more arguments.
    pub fn start_at_with(addresses: Addresses, arguments: &[&str], configs: &[&str]) -> Self {
        let mut linkmend = Self::new(tempfile::tempdir().unwrap(), configs);
        linkmend.arguments = arguments.iter().map(ToString::to_string).collect();
        linkmend.configure_addresses(addresses);
        linkmend.restart();
        linkmend
    }

    fn without_files(place: TempDir) -> Self {
        Self {
            place,
            configs: Vec::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            child: None,
            starts: 0,
            addresses: Addresses {
                grpc: NOWHERE,
                http: NOWHERE,
                metrics: NOWHERE,
            },
        }
    }

    fn new(place: TempDir, configs: &[&str]) -> Self {
        let mut linkmend = Self::without_files(place);
        linkmend.configure("0.yaml", BASE);
        for (number, config) in configs.iter().enumerate() {
            linkmend.configure(&format!("{}.yaml", number + 1), config);
        }
        linkmend
    }

    fn configure(&mut self, name: &str, text: &str) {
        let path = self.path(name);
        let place = self.place.path().to_str().unwrap();
        std::fs::write(&path, text.replace("PLACE", place)).unwrap();
        self.configs.push(path);
    }

    fn configure_addresses(&mut self, addresses: Addresses) {
        let Addresses {
            grpc,
            http,
            metrics,
        } = addresses;
        let port = metrics.port();
        self.configure(
            "addresses.yaml",
            &format!(
                "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '{grpc}'}}, http: {{endpoint: '{http}'}}}}}}}}
service:
  telemetry:
    metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {port}}}}}}}}}]}}
"
            ),
        );
    }

    /// Starts the process, and waits until it is ready.
    fn run(&mut self) -> Addresses {
        self.starts += 1;
        let log = File::create(self.log_path()).unwrap();
        let child = Command::new(program())
            .arg("run")
            .args(
                self.configs
                    .iter()
                    .flat_map(|path| [Path::new("--config"), path]),
            )
            // Shared, so that rules are compiled once.
            .args([
                "--code-cache",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/code"),
            ])
            .args(["--threads", "2"])
            // Not that of who runs the tests.
            .env("STATE_DIRECTORY", self.path("state"))
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        wait::until("linkmend is ready", wait::LONG, || {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}\n{}", self.log());
            let log = self.log();
            log.contains("everything is ready")
                .then(|| Addresses::told(&log))
        })
    }

    /// After its end: again.
    pub fn restart(&mut self) {
        assert!(self.child.is_none(), "it still runs");
        self.addresses = self.run();
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Of the process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// SIGTERM, and waits for the end.
    pub fn terminate(&mut self) -> ExitStatus {
        self.ask_to_end();
        self.wait_for_end(Duration::from_secs(40))
    }

    /// SIGTERM.
    pub fn ask_to_end(&self) {
        self.signal("TERM");
    }

    pub fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("it runs");
        let kill = Command::new("kill")
            .args(["-s", name, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }

    pub fn wait_for_end(&mut self, limit: Duration) -> ExitStatus {
        let status = wait::until("linkmend ends", limit, || {
            self.child.as_mut().expect("it runs").try_wait().unwrap()
        });
        self.child = None;
        status
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn log_path(&self) -> PathBuf {
        self.path(&format!("log-{}", self.starts))
    }

    /// Where something listens that has this in the name that the log gives it.
    pub fn address_of(&self, what: &str) -> Option<SocketAddr> {
        told(&self.log(), what)
    }

    /// What it has written since its last start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The sum of a metric over all series whose labels have these texts.
    pub fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let text = sender::get(self.addresses.metrics, "/metrics");
        let lines = text.lines().filter(|line| {
            let series = line.split([' ', '{']).next().unwrap();
            (series == name || series == format!("{name}_total"))
                && labels.iter().all(|label| line.contains(label))
        });
        let values = lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap());
        values.sum()
    }
}

/// The one that was built with these tests, unless another is to be tried: what
/// a test is there for is seen on the version before.
pub fn program() -> PathBuf {
    let other = std::env::var_os("LINKMEND_UNDER_TEST");
    other.map_or_else(|| env!("CARGO_BIN_EXE_linkmend").into(), PathBuf::from)
}

impl Drop for Linkmend {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
        if std::thread::panicking() {
            for start in 1..=self.starts {
                let log = std::fs::read_to_string(self.path(&format!("log-{start}")));
                let mut told = format!("--- log of start {start}\n");
                let log = log.unwrap_or_default();
                let lines: Vec<_> = log.lines().collect();
                for line in &lines[lines.len().saturating_sub(60)..] {
                    writeln!(told, "{line}").unwrap();
                }
                eprintln!("{told}");
            }
        }
    }
}

impl Addresses {
    /// Free ones, also after a kill.
    pub fn free() -> Self {
        Self {
            grpc: ports::free(),
            http: ports::free(),
            metrics: ports::free(),
        }
    }

    /// Those that the log tells; not every configuration has both protocols.
    fn told(log: &str) -> Self {
        let find = |what: &str| told(log, what).unwrap_or(NOWHERE);
        Self {
            grpc: find("(OTLP/gRPC) listens"),
            http: find("(OTLP/HTTP) listens"),
            metrics: find("metrics"),
        }
    }
}

fn told(log: &str, what: &str) -> Option<SocketAddr> {
    let mut lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line =
        lines.find(|line| line["address"].is_string() && line["msg"].to_string().contains(what))?;
    Some(line["address"].as_str()?.parse().unwrap())
}
