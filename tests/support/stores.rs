//! Real servers of Redis or Valkey, for tests: started on free ports of the loopback,
//! and stopped when they are dropped.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A server takes less than this to start, and a cluster to agree.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server.
pub struct Store {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    arguments: Vec<String>,
    directory: PathBuf,
    child: Child,
}

/// Six servers, three of which have all keys, and three of which follow them.
pub struct Cluster {
    /// All of them.
    pub stores: Vec<Store>,
}

/// Which of both is installed; when none is, it says what is left out.
#[must_use]
pub fn installed(what: &str) -> Option<&'static str> {
    let found = ["redis-server", "valkey-server"].into_iter().find(|name| {
        let tried = Command::new(name).arg("--version").output();
        tried.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        eprintln!("SKIPPED: {what}: neither redis-server nor valkey-server is installed");
    }
    found
}

impl Store {
    /// Starts one with these arguments, if it is installed.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(what: &str, arguments: &[&str]) -> Option<Self> {
        installed(what)?;
        Some(Self::on(free_port(), arguments))
    }

    /// The same on a port.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn on(port: u16, arguments: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(format!("linkmend-store-{port}"));
        std::fs::create_dir_all(&directory).unwrap();
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        let child = spawn(port, &arguments, &directory);
        Self::waited(Self {
            port,
            arguments,
            directory,
            child,
        })
    }

    /// Starts one that watches over others (a sentinel), if it is installed.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn sentinel(what: &str) -> Option<Self> {
        installed(what)?;
        let port = free_port();
        let directory = std::env::temp_dir().join(format!("linkmend-store-{port}"));
        std::fs::create_dir_all(&directory).unwrap();
        // It writes down there what it knows, and does not start without.
        let file = directory.join("sentinel.conf");
        std::fs::write(&file, "").unwrap();
        let file = file.display().to_string();
        let arguments = vec![file, "--sentinel".to_owned()];
        let child = spawn(port, &arguments, &directory);
        Some(Self::waited(Self {
            port,
            arguments,
            directory,
            child,
        }))
    }

    fn waited(store: Self) -> Self {
        store.wait();
        store
    }

    fn wait(&self) {
        let begun = Instant::now();
        while self.asked(&["PING"]).is_none_or(|answer| answer.is_empty()) {
            assert!(begun.elapsed() < PATIENCE, "no answer of {}", self.port);
            sleep(Duration::from_millis(10));
        }
    }

    /// The URL of it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Stops it where it is: it has its connections, and does not answer.
    pub fn hang(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again where it was.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.port, &self.arguments, &self.directory);
        self.wait();
    }

    /// What it answers to a command, as it comes: it must fit into one read.
    ///
    /// # Panics
    ///
    /// When it does not answer.
    #[must_use]
    pub fn ask(&self, command: &[&str]) -> String {
        self.asked(command).unwrap()
    }

    fn asked(&self, command: &[&str]) -> Option<String> {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        socket.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let mut request = format!("*{}\r\n", command.len());
        for word in command {
            let _ = write!(request, "${}\r\n{word}\r\n", word.len());
        }
        socket.write_all(request.as_bytes()).ok()?;
        let mut answer = vec![0; 1 << 16];
        let length = socket.read(&mut answer).ok()?;
        answer.truncate(length);
        Some(String::from_utf8_lossy(&answer).into_owned())
    }

    /// A number that it tells of itself (`INFO`).
    ///
    /// # Panics
    ///
    /// When it does not tell it.
    #[must_use]
    pub fn info(&self, name: &str) -> f64 {
        let all = self.ask(&["INFO", "everything"]);
        let mut lines = all.lines();
        let value = lines.find_map(|line| line.strip_prefix(&format!("{name}:")));
        value.unwrap().parse().unwrap()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn spawn(port: u16, arguments: &[String], directory: &Path) -> Child {
    let server = installed("a store").unwrap();
    let port = port.to_string();
    // A file comes before all else.
    let (file, arguments) = match arguments.split_first() {
        Some((file, rest)) if !file.starts_with('-') => (Some(file), rest),
        _ => (None, arguments),
    };
    Command::new(server)
        .args(file)
        .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--daemonize", "no", "--dir"])
        .arg(directory)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A port that was free just now, for a server that may have another one 10,000 above.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = 20_000 + std::process::id() % 1_200 * 20;
    loop {
        let next = first + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(20_000 + (next - 20_000) % 25_000).unwrap();
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}

impl Cluster {
    /// Starts one, if it is installed.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(what: &str) -> Option<Self> {
        installed(what)?;
        let arguments = [
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            "1000",
            "--cluster-config-file",
            "nodes.conf",
        ];
        let stores: Vec<Store> = (0..6).map(|_| Store::on(free_port(), &arguments)).collect();
        let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (store, (first, last)) in stores.iter().zip(ranges) {
            let _ = store.ask(&["CLUSTER", "ADDSLOTSRANGE", first, last]);
        }
        let (Some(one), rest) = (stores.first(), stores.iter().skip(1)) else {
            return None;
        };
        for store in rest {
            let _ = store.ask(&["CLUSTER", "MEET", "127.0.0.1", &one.port.to_string()]);
        }
        let cluster = Self { stores };
        cluster.wait(|store| {
            store
                .ask(&["CLUSTER", "INFO"])
                .contains("cluster_known_nodes:6")
        });
        for (leader, follower) in cluster.stores.iter().zip(cluster.stores.iter().skip(3)) {
            let id = leader.ask(&["CLUSTER", "MYID"]);
            let id = id.lines().nth(1).unwrap().to_owned();
            cluster.wait(|_| {
                follower
                    .ask(&["CLUSTER", "REPLICATE", &id])
                    .starts_with("+OK")
            });
        }
        cluster.wait(|store| store.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
        cluster.wait(|store| {
            !store
                .ask(&["INFO", "replication"])
                .contains("link_status:down")
        });
        Some(cluster)
    }

    fn wait(&self, is_there: impl Fn(&Store) -> bool) {
        let begun = Instant::now();
        while !self.stores.iter().all(&is_there) {
            assert!(begun.elapsed() < PATIENCE, "the cluster does not come up");
            sleep(Duration::from_millis(50));
        }
    }
}
