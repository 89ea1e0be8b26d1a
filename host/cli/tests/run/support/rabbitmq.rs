//! A broker of a test's own, `RabbitMQ`: on ports, in folders and with a name that no
//! other has.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::clients::skipped;
use super::{ports, wait};

/// Not the one of the path, which is for the service of the system.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A broker that runs, and ends with the test.
pub struct RabbitMq {
    pub port: u16,
    broker: Child,
    /// Where the nodes of Erlang find each other.
    names: Child,
    place: TempDir,
}

impl RabbitMq {
    /// Starts it; none, and a word about it, where it is not installed.
    pub fn start() -> Option<Self> {
        if !Path::new(SERVER).exists() {
            skipped(&format!("there is no {SERVER} (Debian: rabbitmq-server)"));
            return None;
        }
        let place = tempfile::tempdir().unwrap();
        let [port, distribution, names_port] = std::array::from_fn(|_| ports::free().port());
        let names = Command::new("epmd")
            .args(["-address", "127.0.0.1", "-port", &names_port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let log = File::create(place.path().join("log")).unwrap();
        let inside = |name: &str| place.path().join(name);
        let broker = Command::new(SERVER)
            // A group of its own, to end all of it.
            .process_group(0)
            .env("HOME", place.path())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_EPMD_PORT", names_port.to_string())
            .env("RABBITMQ_NODENAME", format!("linkmend-{port}@localhost"))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", port.to_string())
            .env("RABBITMQ_DIST_PORT", distribution.to_string())
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_CONFIG_FILE", inside("none"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", inside("plugins"))
            .env("RABBITMQ_MNESIA_BASE", inside("data"))
            .env("RABBITMQ_LOG_BASE", place.path())
            .env("RABBITMQ_LOGS", "-")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut started = Self {
            port,
            broker,
            names,
            place,
        };
        started.wait();
        Some(started)
    }

    fn wait(&mut self) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        wait::until_true("RabbitMQ is ready", Duration::from_mins(2), || {
            let ended = self.broker.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}\n{}", self.log());
            self.log().contains("Server startup complete") && TcpStream::connect(address).is_ok()
        });
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.place.path().join("log")).unwrap_or_default()
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        // Nothing in it is to be kept.
        let group = format!("-{}", self.broker.id());
        let ended = Command::new("kill")
            .args(["-s", "KILL", "--", &group])
            .status();
        assert!(ended.unwrap().success(), "the broker ends");
        self.broker.wait().unwrap();
        self.names.kill().unwrap();
        self.names.wait().unwrap();
    }
}
