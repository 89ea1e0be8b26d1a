//! Servers and clients that are not ours (`tests/peers`): a Collector, and what
//! is made with grpc-go.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use tempfile::TempDir;

use super::{clients, ports, wait};

/// Where they are; without them a test is skipped, and says so.
pub fn built() -> Option<PathBuf> {
    let folder = std::env::var_os("LINKMEND_PEERS").map(PathBuf::from);
    if folder.is_none() {
        clients::skipped("LINKMEND_PEERS is not set, see tests/peers/set-up (Go is needed)");
    }
    folder.inspect(|folder| assert!(folder.is_absolute(), "LINKMEND_PEERS must be absolute"))
}

/// A process that ends with the test, and what it prints.
pub struct Peer {
    place: TempDir,
    child: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- printed by a peer\n{}", self.printed());
        }
    }
}

impl Peer {
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), name, arguments)
    }

    fn start_in(place: TempDir, name: &str, arguments: &[&str]) -> Self {
        let printed = File::create(place.path().join("printed")).unwrap();
        let child = Command::new(built().unwrap().join(name))
            .args(arguments)
            .current_dir(place.path())
            .stdin(Stdio::null())
            .stdout(printed.try_clone().unwrap())
            .stderr(printed)
            .spawn()
            .unwrap();
        Self { place, child }
    }

    pub fn printed(&self) -> String {
        std::fs::read_to_string(self.place.path().join("printed")).unwrap()
    }

    /// Where it says that it listens.
    fn address(&self) -> SocketAddr {
        wait::until("the server listens", wait::LONG, || {
            let printed = self.printed();
            let line: Value = serde_json::from_str(printed.lines().next()?).ok()?;
            line["listening"].as_str()?.parse().ok()
        })
    }

    /// Waits until it has ended by itself.
    pub fn end(&mut self) -> String {
        wait::until("the peer ends", wait::LONG, || {
            self.child.try_wait().unwrap()
        });
        self.printed()
    }
}

/// The bare server of grpc-go.
pub struct Server {
    pub address: SocketAddr,
    peer: Peer,
}

impl Server {
    pub fn start(arguments: &[&str]) -> Self {
        let peer = Peer::start("server", arguments);
        let address = peer.address();
        Self { address, peer }
    }

    /// What it got: the signal, and how many items.
    pub fn received(&self) -> Vec<(String, u64)> {
        let printed = self.peer.printed();
        let lines = printed.lines().skip(1);
        lines
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                let signal = line["signal"].as_str().unwrap().to_owned();
                (signal, line["items"].as_u64().unwrap())
            })
            .collect()
    }
}

/// A Collector, of the newest version.
pub struct Collector {
    pub grpc: SocketAddr,
    peer: Peer,
}

impl Collector {
    /// One that hands on all signals to an exporter with these keys.
    pub fn start(exporter: &str, keys: &str) -> Self {
        Self::start_with("", exporter, keys)
    }

    /// With more keys for its receiver.
    pub fn start_with(receiver: &str, exporter: &str, keys: &str) -> Self {
        let grpc = ports::free();
        let config = format!(
            "
receivers:
  otlp: {{protocols: {{grpc: {{endpoint: '{grpc}', {receiver}}}}}}}
exporters:
  {exporter}: {{{keys}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [{exporter}]}}
    metrics: {{receivers: [otlp], exporters: [{exporter}]}}
    logs: {{receivers: [otlp], exporters: [{exporter}]}}
"
        );
        Self::of(grpc, &config)
    }

    /// One with this configuration, which takes spans at an address.
    pub fn of(grpc: SocketAddr, config: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("collector.yaml"), config).unwrap();
        let peer = Peer::start_in(place, "collector", &["--config", "collector.yaml"]);
        wait::until_true("the Collector is ready", wait::LONG, || {
            peer.printed().contains("Everything is ready")
        });
        Self { grpc, peer }
    }

    /// Whether a configuration is valid, by its own word; otherwise what it says.
    pub fn validate(config: &str) -> Result<(), String> {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("collector.yaml"), config).unwrap();
        let done = Command::new(built().unwrap().join("collector"))
            .args(["validate", "--config", "collector.yaml"])
            .current_dir(place.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        done.status.success().then_some(()).ok_or(said)
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.peer.printed()
    }
}

/// What stands between two others, and sees all exports that pass.
pub struct Tap {
    pub address: SocketAddr,
    peer: Peer,
}

/// An export that passed: where to, and its message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Export {
    pub signal: &'static str,
    pub message: Vec<u8>,
}

impl Tap {
    /// In front of a server.
    pub fn start(to: SocketAddr) -> Self {
        let peer = Peer::start("tap", &["-to", &to.to_string()]);
        let address = peer.address();
        Self { address, peer }
    }

    /// What passed.
    pub fn exports(&self) -> Vec<Export> {
        let printed = self.peer.printed();
        // The last line may be written just now.
        let (whole, _) = printed.rsplit_once('\n').unwrap_or_default();
        let lines = whole.lines().skip(1);
        lines
            .map(|line| Export::of(&serde_json::from_str(line).unwrap()))
            .collect()
    }
}

impl Export {
    fn of(line: &Value) -> Self {
        let text = |name: &str| {
            line[name]
                .as_str()
                .unwrap_or_else(|| panic!("a tap: {line}"))
        };
        let signals = ["trace", "metric", "log"];
        let path = text("path").to_lowercase();
        let signal = signals.into_iter().find(|signal| path.contains(signal));
        let message = BASE64.decode(text("message")).unwrap();
        Self {
            signal: signal.unwrap(),
            message,
        }
    }
}
