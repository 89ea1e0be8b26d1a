//! A real registry: distribution's `registry`, which `tests/peers/set-up` builds. And
//! machines that push to it and pull from it: each has a home of its own.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tempfile::TempDir;

use super::linkmend::program;
use super::{clients, peers, ports, wait};

/// Who may use a registry that asks.
pub const NAME: &str = "team";
/// With this.
pub const PASSWORD: &str = "team's:own";
/// The same, as a file of htpasswd has it.
const HASHED: &str = "team:$2a$05$7q5SKdco3rgpeqjhUCgo3eKFVHVS3NTWu2Nk2tNgZ9YIYd.bxrUjK\n";

/// A registry, which keeps what it has when it ends.
pub struct Registry {
    place: TempDir,
    child: Option<Child>,
    pub address: SocketAddr,
}

/// A program that `tests/peers/set-up` builds; without it a test is skipped, and says so.
pub fn built(name: &str) -> Option<PathBuf> {
    let program = peers::built()?.join(name);
    if !program.exists() {
        clients::skipped(&format!(
            "there is no {name} in LINKMEND_PEERS, see tests/peers/set-up"
        ));
    }
    Some(program).filter(|program| program.exists())
}

impl Registry {
    /// Everybody may pull and push.
    pub fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// Those who have a name and a password may.
    pub fn start_with_passwords() -> Option<Self> {
        Self::start_with("auth: {htpasswd: {realm: rules, path: PLACE/passwords}}")
    }

    /// With more of its configuration, where `PLACE` is its folder.
    pub fn start_with(more: &str) -> Option<Self> {
        built("registry")?;
        let place = tempfile::tempdir().unwrap();
        let address = ports::free();
        let config = format!(
            "version: 0.1
log: {{level: warn}}
storage: {{filesystem: {{rootdirectory: PLACE/data}}, delete: {{enabled: true}}}}
http: {{addr: '{address}', secret: of this test}}
{more}
"
        );
        let config = config.replace("PLACE", place.path().to_str().unwrap());
        fs::write(place.path().join("config.yml"), config).unwrap();
        fs::write(place.path().join("passwords"), HASHED).unwrap();
        let mut registry = Self {
            place,
            child: None,
            address,
        };
        registry.come_back();
        Some(registry)
    }

    pub fn come_back(&mut self) {
        let printed = File::create(self.path("printed")).unwrap();
        let child = Command::new(built("registry").unwrap())
            .args(["serve", "config.yml"])
            .current_dir(self.place.path())
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(printed.try_clone().unwrap())
            .stderr(printed)
            .spawn()
            .unwrap();
        self.child = Some(child);
        wait::until_true("the registry listens", wait::LONG, || {
            TcpStream::connect(self.address).is_ok()
        });
    }

    /// Ends it.
    pub fn leave(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// `oci://…/NAME`
    pub fn name(&self, name: &str) -> String {
        format!("oci://{}/{name}", self.address)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.leave();
        }
        if std::thread::panicking() {
            let printed = fs::read_to_string(self.path("printed"));
            eprintln!(
                "--- printed by the registry\n{}",
                printed.unwrap_or_default()
            );
        }
    }
}

/// A machine: a home, with what is kept there.
pub struct Machine {
    home: TempDir,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub said: String,
    pub told: String,
}

impl Machine {
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home }
    }

    /// `docker login`
    pub fn log_in(&self, registry: &Registry, name: &str, password: &str) {
        let auth = BASE64.encode(format!("{name}:{password}"));
        let text = format!(
            r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#,
            registry.address
        );
        self.write(".docker/config.json", &text);
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// What distinguishes it.
    pub fn environment(&self) -> [(&str, &str); 3] {
        let home = self.home.path().to_str().unwrap();
        [
            ("HOME", home),
            ("XDG_CACHE_HOME", ""),
            ("DOCKER_CONFIG", ""),
        ]
    }

    /// Runs a command of linkmend in its home.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        // Programs of its own come first.
        let own = self.home.path().join("bin");
        let path = std::env::var("PATH").unwrap();
        let output = Command::new(program())
            .args(arguments)
            // Shared, so that rules are compiled once.
            .args([
                "--code-cache",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/code"),
            ])
            .current_dir(self.home.path())
            .envs(self.environment())
            .env("PATH", format!("{}:{path}", own.display()))
            .output()
            .unwrap();
        Ended {
            code: output.status.code(),
            said: String::from_utf8(output.stdout).unwrap(),
            told: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Pushes a file of its home; answers with the name that pins it.
    pub fn push(&self, file: &str, name: &str) -> String {
        let ended = self.run(&["rule", "push", file, name]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.said.trim().to_owned()
    }

    /// `linkmend validate` of a configuration with this rule.
    pub fn validate(&self, rule: &str) -> Ended {
        let config = format!(
            "receivers:
  otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}
processors:
  linkmend:
    {rule}
exporters:
  debug:
service:
  pipelines:
    traces: {{receivers: [otlp], processors: [linkmend], exporters: [debug]}}
"
        );
        self.write("linkmend.yaml", config);
        self.run(&["validate", "--config", "linkmend.yaml"])
    }
}
