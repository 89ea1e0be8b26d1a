//! What makes rules, and folders in which it does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

/// A rule of `examples/rules`, built in a folder of its own.
pub struct Example {
    folder: TempDir,
    pub name: &'static str,
}

static DATABASE_CONTEXT: LazyLock<Option<Example>> =
    LazyLock::new(|| Example::built("database-context"));
static EVENT_FAN_OUT: LazyLock<Option<Example>> = LazyLock::new(|| Example::built("event-fan-out"));

/// The rule in Python; without its toolchain none.
pub fn database_context() -> Option<&'static Example> {
    DATABASE_CONTEXT.as_ref()
}

/// The rule in JavaScript; without its toolchain none.
pub fn event_fan_out() -> Option<&'static Example> {
    EVENT_FAN_OUT.as_ref()
}

/// Where the toolchains are installed.
pub fn installed() -> Option<PathBuf> {
    let folder = std::env::var_os("LINKMEND_RULE_TOOLCHAINS").map(PathBuf::from);
    let Some(folder) = folder else {
        eprintln!("SKIPPED: LINKMEND_RULE_TOOLCHAINS is not set, see tests/rules/set-up");
        return None;
    };
    assert!(
        folder.is_absolute() && folder.is_dir(),
        "LINKMEND_RULE_TOOLCHAINS must be a folder, and absolute: {}",
        folder.display()
    );
    Some(folder)
}

/// A file or folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// A copy of a folder, with files in place of links to them.
pub fn copy(path: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .arg("-RL")
        .arg(repository(path).join("."))
        .arg(folder.path())
        .status();
    assert!(copied.unwrap().success(), "{path}");
    folder
}

/// `build` of a folder, with the toolchains that are there.
pub fn build(folder: &Path, toolchains: &Path) -> Output {
    Command::new(folder.join("build"))
        .env("VIRTUAL_ENV", toolchains.join("python"))
        .env("LINKMEND", env!("CARGO_BIN_EXE_linkmend"))
        .env(
            "LINKMEND_NODE_MODULES",
            toolchains.join("javascript/node_modules"),
        )
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

impl Example {
    fn built(name: &'static str) -> Option<Self> {
        let toolchains = installed()?;
        let folder = copy(&format!("examples/rules/{name}"));
        let built = build(folder.path(), &toolchains);
        assert!(built.status.success(), "{name}: {built:?}");
        Some(Self { folder, name })
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// `linkmend` in the folder of the rule.
    pub fn linkmend(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_linkmend"))
            .args(arguments)
            .current_dir(self.folder.path())
            // Compiling a whole interpreter takes longest.
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// `linkmend process` with the rule alone; what it wrote to a file.
    pub fn process(&self, input: &Path) -> Vec<u8> {
        let rule = format!("{}.wasm", self.name);
        let output = tempfile::NamedTempFile::new().unwrap();
        let paths = [input, output.path()].map(|path| path.to_str().unwrap());
        let done = self.linkmend(&["process", "--rule", &rule, paths[0], "-o", paths[1]]);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}");
        assert!(!said.contains("failed"), "{said}");
        std::fs::read(output.path()).unwrap()
    }
}
