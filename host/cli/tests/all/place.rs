//! A folder, and the command that is run in it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of its own for a test.
pub struct Place(TempDir);

/// How a command ended.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With one file.
    pub fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let place = Self::new();
        place.write(name, content);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn folder(&self, name: &str) {
        std::fs::create_dir(self.path(name)).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The names of all files, temporary ones too.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// `linkmend process`, not run yet.
    pub fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        self.linkmend("process", arguments)
    }

    /// `linkmend` with a command of its own, not run yet.
    pub fn linkmend<'a>(
        &self,
        name: &str,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linkmend"));
        command
            .arg(name)
            .args(arguments)
            .current_dir(self.0.path())
            // Compiling the built-in rule takes longest.
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// `linkmend process` with these arguments, parted by blanks.
    pub fn process(&self, arguments: &str) -> Done {
        Done::of(self.command(arguments.split_whitespace()))
    }

    /// The same with something on standard input.
    pub fn process_stdin(&self, arguments: &str, stdin: &[u8]) -> Done {
        let mut command = self.command(arguments.split_whitespace());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // It may end before it has read all.
            scope.spawn(move || pipe.write_all(stdin));
            child.wait_with_output().unwrap().into()
        })
    }

    /// `linkmend validate` of a configuration.
    pub fn validate(&self, config: &str) -> Done {
        Done::of(self.linkmend("validate", ["--config", config]))
    }

    /// `linkmend rule` with these arguments, parted by blanks.
    pub fn rule(&self, arguments: &str) -> Done {
        Done::of(self.linkmend("rule", arguments.split_whitespace()))
    }

    /// The figures that `process` writes for these arguments.
    pub fn figures(&self, arguments: &str) -> Value {
        let done = self.process(&format!("{arguments} --summary figures.json"));
        assert!(self.has("figures.json"), "{done:?}");
        serde_json::from_slice(&self.read("figures.json")).unwrap()
    }
}

impl Done {
    /// What it printed.
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// What it printed, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn of(mut command: Command) -> Self {
        command.output().unwrap().into()
    }

    /// All went well, and nothing else is said than the figures.
    #[track_caller]
    pub fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        assert!(!self.stderr.contains("linkmend:"), "{}", self.stderr);
        self
    }

    /// It ended with this code and said this.
    #[track_caller]
    pub fn fails(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "no `{part}` in:\n{}",
                self.stderr
            );
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }
}

impl From<std::process::Output> for Done {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
