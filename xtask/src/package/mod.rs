//! `cargo xtask package`: a Debian package, and the archive that `cargo binstall`
//! looks for, of a binary that is built already.
//!
//! - [`tree`] lays out what is installed
//! - [`debian`] makes a package of it
//! - [`licenses`] gathers the licences of what is linked into the binary

mod debian;
mod licenses;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use crate::tools::{answer, sha256};
use crate::workspace::Workspace;

/// Make a Debian package and an archive of a binary of linkmend.
///
/// Needs `dpkg-deb`, `tar` and `gzip`. Completions and manual pages are those that
/// the binary writes itself.
#[derive(Args)]
pub struct Options {
    /// The binary, such as target/dist/linkmend.
    binary: PathBuf,
    /// The folder for the packages [default: target/package].
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// What is packaged.
struct Binary {
    path: PathBuf,
    version: String,
    /// Of the compiler, such as `x86_64-unknown-linux-gnu`.
    target: String,
}

/// Makes both, and prints where they are.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let binary = Binary::look_at(&options.binary)?;
    let output = match &options.output {
        Some(output) => output.clone(),
        None => workspace.target().join("package"),
    };
    fs::create_dir_all(&output).with_context(|| format!("cannot create {}", output.display()))?;
    let licenses = licenses::of_dependencies(workspace.root(), &binary.target)?;
    for package in [
        debian::package(workspace.root(), &binary, &licenses, &output)?,
        archive(workspace.root(), &binary, &licenses, &output)?,
    ] {
        let sum = sha256(&fs::read(&package)?);
        let name = package.file_name().unwrap_or_default().display();
        fs::write(
            package.with_added_extension("sha256"),
            format!("{sum}  {name}\n"),
        )?;
        println!("{}", package.display());
    }
    Ok(ExitCode::SUCCESS)
}

impl Binary {
    fn look_at(path: &Path) -> Result<Self> {
        let path = fs::canonicalize(path)
            .with_context(|| format!("cannot find the binary {}", path.display()))?;
        let told = answer(Command::new(&path).arg("--version"))?;
        let version = told.trim().strip_prefix("linkmend ").with_context(|| {
            format!(
                "{} is not linkmend: it calls itself `{told}`",
                path.display()
            )
        })?;
        let rustc = answer(Command::new("rustc").args(["--version", "--verbose"]))?;
        let target = rustc.lines().find_map(|line| line.strip_prefix("host: "));
        Ok(Self {
            version: version.to_owned(),
            target: target.context("rustc does not say its host")?.to_owned(),
            path,
        })
    }
}

/// `linkmend-VERSION-TARGET.tar.gz`, with all in a folder of that name.
fn archive(root: &Path, binary: &Binary, licenses: &str, output: &Path) -> Result<PathBuf> {
    let name = format!("linkmend-{}-{}", binary.version, binary.target);
    let stage = output.join("stage-archive");
    let folder = stage.join(&name);
    tree::fresh(&stage)?;
    tree::copy(&binary.path, &folder.join("linkmend"), 0o755)?;
    for file in ["README.md", "LICENSE", "CHANGELOG.md"] {
        tree::copy(&root.join(file), &folder.join(file), 0o644)?;
    }
    tree::write(&folder.join("THIRD-PARTY-LICENSES"), licenses, 0o644)?;
    tree::completions(&binary.path, &folder.join("completions"))?;
    tree::manual(&binary.path, &folder.join("man/man1"))?;
    let package = output.join(format!("{name}.tar.gz"));
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"])
        .args(["--gzip", "--create", "--file"])
        .arg(&package)
        .arg("--directory")
        .arg(&stage)
        .arg(&name);
    answer(&mut tar)?;
    fs::remove_dir_all(&stage)?;
    Ok(package)
}
