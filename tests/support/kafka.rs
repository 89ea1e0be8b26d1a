//! A real Kafka, for tests: one broker on free ports of the loopback, started from what
//! `tests/kafka/set-up` fetches, and stopped when it is dropped.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fmt::Write as _;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A broker takes a few seconds to start, and more on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(2);

/// What keeps a broker of tests small and quick to start.
const JAVA: [&str; 4] = [
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xms64m",
    "-Xmx384m",
];

/// A broker.
pub struct Kafka {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    directory: PathBuf,
    child: Option<Child>,
}

/// How it is spoken to.
#[derive(Debug, Clone, Default)]
pub struct Secured {
    /// A name and a password (SASL/PLAIN).
    pub login: Option<(String, String)>,
    /// A certificate with its key, and its authority, all as PEM.
    pub tls: Option<(String, String)>,
}

/// Where its libraries are; when they are not, it says what is left out.
#[must_use]
pub fn installed(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("LINKMEND_KAFKA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!(
            "SKIPPED: {what}: LINKMEND_KAFKA is not set, see tests/kafka/set-up (Java is needed)"
        );
    }
    folder.map(|folder| folder.join("lib"))
}

impl Kafka {
    /// Starts one that anybody may use, if it is there. Topics have so many partitions.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(what: &str, partitions: u32) -> Option<Self> {
        Self::start_secured(what, partitions, &Secured::default())
    }

    /// Starts one.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start_secured(what: &str, partitions: u32, secured: &Secured) -> Option<Self> {
        installed(what)?;
        let [port, controller] = free_ports();
        let directory = std::env::temp_dir().join(format!("linkmend-kafka-{port}"));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        let properties = properties(port, controller, partitions, &directory, secured);
        std::fs::write(directory.join("server.properties"), properties).unwrap();
        let mut kafka = Self {
            port,
            directory,
            child: None,
        };
        let id = ["-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", "server.properties"];
        let formatted = kafka
            .java("kafka.tools.StorageTool", "format")
            .arg("format")
            .args(id)
            .status();
        assert!(formatted.unwrap().success(), "{}", kafka.log("format"));
        kafka.restart();
        Some(kafka)
    }

    fn java(&self, class: &str, log: &str) -> Command {
        let log = File::create(self.directory.join(log)).unwrap();
        let mut command = Command::new("java");
        command
            .args(JAVA)
            .arg("-cp")
            .arg(installed("Kafka").unwrap().join("*"))
            .arg(class)
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command
    }

    fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.join(name)).unwrap_or_default()
    }

    /// `host:port` of it.
    #[must_use]
    pub fn broker(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it at once: what it has is on disk.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it where it was, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&mut self) {
        self.kill();
        let mut server = self.java("kafka.Kafka", "log");
        self.child = Some(server.arg("server.properties").spawn().unwrap());
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self
                .child
                .as_mut()
                .and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none(), "{ended:?}: {}", self.log("log"));
            assert!(begun.elapsed() < PATIENCE, "it does not listen");
            sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn properties(
    port: u16,
    controller: u16,
    partitions: u32,
    directory: &Path,
    secured: &Secured,
) -> String {
    let protocol = match (&secured.login, &secured.tls) {
        (None, None) => "PLAINTEXT",
        (None, Some(_)) => "SSL",
        (Some(_), None) => "SASL_PLAINTEXT",
        (Some(_), Some(_)) => "SASL_SSL",
    };
    let mut text = format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENTS://127.0.0.1:{port}
listener.security.protocol.map=CLIENTS:{protocol},CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENTS
log.dirs={}
num.partitions={partitions}
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
",
        directory.join("data").display()
    );
    if let Some((name, password)) = &secured.login {
        let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
        let _ = write!(
            text,
            "sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.clients.plain.sasl.jaas.config={module} required username=\"{name}\" \
             password=\"{password}\" user_{name}=\"{password}\";
"
        );
    }
    if let Some((identity, authority)) = &secured.tls {
        let write = |name: &str, pem: &str| {
            let path = directory.join(name);
            std::fs::write(&path, pem).unwrap();
            path.display().to_string()
        };
        let _ = write!(
            text,
            "ssl.keystore.type=PEM
ssl.keystore.location={}
ssl.truststore.type=PEM
ssl.truststore.location={}
",
            write("identity.pem", identity),
            write("authority.pem", authority)
        );
    }
    text
}

/// Two ports that were free just now.
fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
