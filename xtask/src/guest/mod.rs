//! `cargo xtask build-guest`: the rules that are components, and `guest/dist`.
//!
//! # Layout
//!
//! - [`compiler`] finds a compiler for WebAssembly, and makes a module
//! - `linkmend_component` makes a component of a module, and looks at its interface
//! - [`sources`] is one digest over all that a guest is built from
//! - [`dist`] is what is committed: the component, and the record beside it

mod compiler;
mod dist;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use linkmend_component::Interface;

use crate::tools::sha256;
use crate::workspace::Workspace;
use compiler::{Compiler, Engine};
use dist::{Dist, Record};

/// What is built of a package, and committed.
#[derive(Clone, Copy)]
struct Artifact {
    /// The package's.
    package: &'static str,
    form: Form,
    engine: Engine,
    /// Where it is committed: the folder, and the name of the file without its ending.
    place: (&'static str, &'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A rule.
    Component,
    /// A core module.
    Module,
}

const GUESTS: &str = "guest/dist";
const COLLECTOR: &str = "collector/internal/embedded";

const COMMITTED: [Artifact; 5] = [
    // The rule that is built into linkmend.
    component("linkmend-repair"),
    // One rule over bytes and over records: what a world costs.
    component("linkmend-boundary-bytes"),
    component("linkmend-boundary-records"),
    // The built-in rule once more, and the engine: what the Collector embeds.
    Artifact {
        engine: Engine::Any,
        place: (COLLECTOR, "repair"),
        ..component("linkmend-repair")
    },
    Artifact {
        form: Form::Module,
        engine: Engine::Any,
        place: (COLLECTOR, "kernel"),
        ..component("linkmend-kernel")
    },
];

/// A rule for linkmend itself.
const fn component(package: &'static str) -> Artifact {
    Artifact {
        package,
        form: Form::Component,
        engine: Engine::Wasmtime,
        place: (GUESTS, package),
    }
}

/// Build what is WebAssembly, into `guest/dist` and `collector/internal/embedded`.
///
/// The components of the built-in rule and of those that measure the boundary of
/// the sandbox are committed, and the kernel for the Collector, so that linkmend builds, and its tests and
/// benchmarks run, where nothing can compile to WebAssembly. Run this after a
/// change of their sources (a test says when), and commit both files of each:
/// the component, and the record (.json) that says what it was built from, and
/// with what.
///
/// It takes what it finds: the target wasm32-unknown-unknown of the Rust
/// toolchain (`rustup target add wasm32-unknown-unknown`), or else Debian's
/// compiler, which builds the standard library from source. The result does
/// not depend on the folder that it is built in, only on the compiler.
///
/// Every build also leaves the component in `target/guest`; those of other
/// packages, such as the examples in `examples/rules`, are there only, and run in the
/// Collector, too (the built-in rule has a build of its own for that). The test
/// suite takes the built-in rule from there instead of `guest/dist` when it is
/// told to:
///
///     LINKMEND_BUILTIN_COMPONENT=$PWD/target/guest/linkmend-repair.wasm cargo test --workspace --test suite
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Options {
    /// Build, but leave what is committed as it is and compare with it.
    ///
    /// Fails when it is older than its sources, or when the same compiler
    /// makes something else of the same sources. Another compiler is no
    /// failure: versions and sizes are printed.
    #[arg(long)]
    check: bool,

    /// Packages of the workspace to build, each a library that is a rule, or the
    /// kernel. Without any, those of which something is committed.
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
}

/// Runs the task.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let compiler = Compiler::find()?;
    println!("{}", compiler.describe());
    let mut code = ExitCode::SUCCESS;
    for artifact in COMMITTED {
        if !options.packages.is_empty() && !options.wants(artifact.package) {
            continue;
        }
        let built = Built::of(workspace, &compiler, artifact)?;
        let (folder, name) = artifact.place;
        let dist = Dist::new(workspace, folder, name);
        built.tell(dist.name());
        if options.check {
            let standing = dist.standing(&built.record)?;
            println!("{}: {standing}", dist.name());
            if standing.is_failure() {
                code = ExitCode::FAILURE;
            }
        } else {
            dist.write(&built.bytes, &built.record)?;
        }
    }
    // Of others nothing is committed; and they are for everyone who runs rules, the Collector
    // among them.
    for package in &options.packages {
        if COMMITTED.iter().all(|artifact| artifact.package != package) {
            let component = Artifact {
                package: String::leak(package.clone()),
                engine: Engine::Any,
                ..component("")
            };
            let built = Built::of(workspace, &compiler, component)?;
            let file = component_file(workspace, package);
            built.tell(&file.display().to_string());
        }
    }
    Ok(code)
}

impl Options {
    fn wants(&self, package: &str) -> bool {
        self.packages.iter().any(|wanted| wanted == package)
    }
}

/// Makes a component of a module that another compiler made.
pub fn make_component(module: &Path, output: &Path) -> Result<()> {
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let component = rule_of(&bytes)?;
    fs::write(output, component).with_context(|| format!("cannot write {}", output.display()))
}

/// The component of a module: a rule that asks for nothing else than rules get.
fn rule_of(module: &[u8]) -> Result<Vec<u8>> {
    let component = linkmend_component::from_module(module)?;
    let interface = Interface::of(&component)?;
    interface.check_imports()?;
    interface.check_exports()?;
    Ok(component)
}

/// What was built.
struct Built {
    bytes: Vec<u8>,
    record: Record,
    took: Duration,
}

impl Built {
    /// Builds one; a component for linkmend lies in the target directory as well.
    fn of(workspace: &Workspace, compiler: &Compiler, artifact: Artifact) -> Result<Self> {
        let package = artifact.package;
        Self::build(workspace, compiler, artifact).with_context(|| format!("package {package}"))
    }

    fn build(workspace: &Workspace, compiler: &Compiler, artifact: Artifact) -> Result<Self> {
        let Artifact {
            package,
            form,
            engine,
            place: (folder, _),
        } = artifact;
        let started = Instant::now();
        let sources = sources::digest(workspace, package)?;
        let module = compiler.compile(workspace, package, engine)?;
        let bytes = match form {
            Form::Component => rule_of(&module)?,
            Form::Module => module,
        };
        if folder == GUESTS {
            fs::write(component_file(workspace, package), &bytes)?;
        }
        let record = Record {
            package: package.into(),
            sha256: sha256(&bytes),
            bytes: bytes.len(),
            compiler: compiler.describe(),
            sources_sha256: sources,
        };
        let took = started.elapsed();
        Ok(Self {
            bytes,
            record,
            took,
        })
    }

    fn tell(&self, name: &str) {
        let Record { bytes, sha256, .. } = &self.record;
        let seconds = self.took.as_secs_f32();
        println!("{name}: {bytes} bytes, sha256 {sha256}, {seconds:.1} s");
    }
}

/// Where every build leaves the component.
fn component_file(workspace: &Workspace, package: &str) -> PathBuf {
    workspace.guest_target().join(format!("{package}.wasm"))
}

#[cfg(test)]
mod tests {
    use super::dist::Standing;
    use super::*;

    /// Scenario: a source of a committed component changed, and it was not
    /// built anew.
    /// Guarantees: nobody ships a component that is not what the sources say.
    #[test]
    fn the_committed_components_are_as_new_as_their_sources() -> Result<()> {
        let workspace = Workspace::load()?;
        for artifact in COMMITTED {
            let (folder, name) = artifact.place;
            let sources = sources::digest(&workspace, artifact.package)?;
            let record = Dist::new(&workspace, folder, name).record()?;
            assert!(
                record.is_some_and(|record| record.sources_sha256 == sources),
                "{folder}/{name}: {}",
                Standing::Stale
            );
        }
        Ok(())
    }
}
