//! A compiler for WebAssembly, where there is one.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::tools::answer;
use crate::workspace::{Workspace, cargo};

/// Components are made of modules for this target: it brings no imports of its
/// own, so that a guest imports what its interface says and nothing else.
const TARGET: &str = "wasm32-unknown-unknown";

/// What to do where no compiler is found.
const NONE_FOUND: &str = "\
nothing here compiles to WebAssembly. Install one of these, and try again:
  rustup target add wasm32-unknown-unknown
  apt-get install --no-install-recommends rustc-web cargo-web rust-web-src lld-22   (Debian)";

/// A compiler that was found.
pub struct Compiler {
    cargo: OsString,
    rustc: OsString,
    /// First line of `rustc --version`.
    version: String,
    standard_library: StandardLibrary,
}

enum StandardLibrary {
    /// Compiled for the target, beside the compiler.
    Installed,
    /// To be compiled from source, and linked with this linker.
    FromSource { linker: PathBuf },
}

impl Compiler {
    /// The toolchain of the workspace when it has the target, or else Debian's.
    pub fn find() -> Result<Self> {
        if let Some(compiler) = Self::of_toolchain()? {
            return Ok(compiler);
        }
        Self::of_debian()?.context(NONE_FOUND)
    }

    fn of_toolchain() -> Result<Option<Self>> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let libraries =
            answer(Command::new(&rustc).args(["--print", "target-libdir", "--target", TARGET]))?;
        if !holds_core(Path::new(libraries.trim())) {
            return Ok(None);
        }
        Ok(Some(Self {
            cargo: cargo(),
            version: version(&rustc)?,
            rustc,
            standard_library: StandardLibrary::Installed,
        }))
    }

    fn of_debian() -> Result<Option<Self>> {
        let (Some(rustc), Some(cargo), Some(linker), Some(_)) = (
            debian_file("rustc-web", "/bin/rustc"),
            debian_file("cargo-web", "/bin/cargo"),
            debian_file("lld-22", "/bin/wasm-ld-22"),
            debian_file("rust-web-src", "/library/std/Cargo.toml"),
        ) else {
            return Ok(None);
        };
        Ok(Some(Self {
            version: version(rustc.as_os_str())?,
            cargo: cargo.into(),
            rustc: rustc.into(),
            standard_library: StandardLibrary::FromSource { linker },
        }))
    }

    /// The compiler in words, with all that may change the result.
    pub fn describe(&self) -> String {
        let library = match self.standard_library {
            StandardLibrary::Installed => "installed",
            StandardLibrary::FromSource { .. } => "from source",
        };
        format!("{}, std {library}", self.version)
    }

    /// Compiles the library of `package` for an engine, and answers with the module.
    pub fn compile(&self, workspace: &Workspace, package: &str, engine: Engine) -> Result<Vec<u8>> {
        let target = match engine {
            Engine::Wasmtime => workspace.guest_target(),
            Engine::Any => workspace.guest_target().join("portable"),
        };
        let mut command = self.command("rustc", engine);
        command
            .current_dir(workspace.root())
            .args(["--locked", "--profile", "guest"])
            .args(["--target", TARGET, "--package", package, "--lib"])
            // Only this crate type: link-time optimisation is left out
            // where a library is built as something else beside.
            .args(["--crate-type", "cdylib"])
            // No path of this machine gets into the module.
            .args(["-Ztrim-paths", "--config"])
            .arg("profile.guest.trim-paths=\"all\"")
            .env("CARGO_TARGET_DIR", &target);
        let status = command.status().context("cannot start cargo")?;
        ensure!(status.success(), "the module was not built ({status})");
        let module = target
            .join(TARGET)
            .join("guest")
            .join(package.replace('-', "_"))
            .with_extension("wasm");
        fs::read(&module).with_context(|| format!("cannot read {}", module.display()))
    }

    /// A command of cargo with this compiler, and without what the environment
    /// wants of other builds.
    fn command(&self, name: &str, engine: Engine) -> Command {
        let mut command = Command::new(&self.cargo);
        command
            .arg(name)
            .env("RUSTC", &self.rustc)
            // The -Z options are those of nightly, the compiler is not.
            .env("RUSTC_BOOTSTRAP", "1")
            // Wins over every other place for flags.
            .env("CARGO_ENCODED_RUSTFLAGS", engine.flags().join("\x1f"));
        if let StandardLibrary::FromSource { linker } = &self.standard_library {
            command
                .arg("-Zbuild-std=std,panic_abort")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                // Names the libraries of the toolchain that runs xtask.
                .env_remove("LD_LIBRARY_PATH");
        }
        command
    }
}

/// What a module is to run in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Engine {
    /// wasmtime, as linkmend has it.
    Wasmtime,
    /// Every engine of WebAssembly 2.0, wazero among them.
    Any,
}

impl Engine {
    /// How guests are compiled.
    fn flags(self) -> [&'static str; 2] {
        // A guest that panics traps without a word: the places of panics are dead weight.
        const PANICS: &str = "-Zlocation-detail=none";
        match self {
            // Wasmtime has both on every machine: records are copied in wider pieces, and
            // the hash of a message key takes a fifth of the instructions.
            Self::Wasmtime => [PANICS, "-Ctarget-feature=+simd128,+wide-arithmetic"],
            Self::Any => [PANICS, "-Ctarget-feature=+simd128"],
        }
    }
}

/// Whether `libraries` is a standard library and not just a folder's name.
fn holds_core(libraries: &Path) -> bool {
    fs::read_dir(libraries).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

/// The file of a Debian package whose path ends like this; the shortest, where
/// several do. None where there is no such package, or no Debian.
fn debian_file(package: &str, ending: &str) -> Option<PathBuf> {
    let files = answer(Command::new("dpkg").args(["--listfiles", package])).ok()?;
    files
        .lines()
        .filter(|path| path.ends_with(ending))
        .min_by_key(|path| path.len())
        .map(PathBuf::from)
        .filter(|path| path.exists())
}

fn version(rustc: &OsStr) -> Result<String> {
    let mut command = Command::new(rustc);
    let told = answer(command.arg("--version").env_remove("LD_LIBRARY_PATH"))?;
    Ok(told.trim().into())
}
