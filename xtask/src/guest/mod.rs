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
use std::time::Instant;

use anyhow::{Context, Result};
use linkmend_component::Interface;

use crate::tools::sha256;
use crate::workspace::Workspace;
use compiler::Compiler;
use dist::{Dist, Record};

/// The packages whose components are committed.
const COMMITTED: [&str; 3] = [
    // The rule that is built into linkmend.
    "linkmend-repair",
    // One rule over bytes and over records: what a world costs.
    "linkmend-boundary-bytes",
    "linkmend-boundary-records",
];

/// Build the rules that are WebAssembly components, into `guest/dist`.
///
/// The components of the built-in rule and of those that measure the boundary of
/// the sandbox are committed, so that linkmend builds, and its tests and
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
/// packages, such as the examples in `examples/rules`, are there only. The test
/// suite takes the built-in rule from there instead of `guest/dist` when it is
/// told to:
///
///     LINKMEND_BUILTIN_COMPONENT=$PWD/target/guest/linkmend-repair.wasm cargo test --workspace
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Options {
    /// Build, but leave `guest/dist` as it is and compare with it.
    ///
    /// Fails when it is older than its sources, or when the same compiler
    /// makes something else of the same sources. Another compiler is no
    /// failure: versions and sizes are printed.
    #[arg(long)]
    check: bool,

    /// Packages of the workspace to build, each a library that is a rule.
    /// Without any, those whose components are committed.
    #[arg(value_name = "PACKAGE", default_values = COMMITTED, hide_default_value = true)]
    packages: Vec<String>,
}

/// Runs the task.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let compiler = Compiler::find()?;
    println!("{}", compiler.describe());
    let mut code = ExitCode::SUCCESS;
    for package in &options.packages {
        let started = Instant::now();
        let (component, record) =
            build(workspace, &compiler, package).with_context(|| format!("package {package}"))?;
        println!(
            "{package}: {} bytes, sha256 {}, {:.1} s",
            record.bytes,
            record.sha256,
            started.elapsed().as_secs_f32()
        );
        if !COMMITTED.contains(&&**package) {
            println!("{}: written", component_file(workspace, package).display());
            continue;
        }
        let dist = Dist::new(workspace, package);
        if options.check {
            let standing = dist.standing(&record)?;
            println!("{}: {standing}", dist.name());
            if standing.is_failure() {
                code = ExitCode::FAILURE;
            }
        } else {
            dist.write(&component, &record)?;
            println!("{}: written", dist.name());
        }
    }
    Ok(code)
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

/// Builds one package; the component lies in the target directory as well.
fn build(workspace: &Workspace, compiler: &Compiler, package: &str) -> Result<(Vec<u8>, Record)> {
    let sources = sources::digest(workspace, package)?;
    let module = compiler.compile(workspace, package)?;
    let component = rule_of(&module)?;
    fs::write(component_file(workspace, package), &component)?;
    let record = Record {
        package: package.into(),
        sha256: sha256(&component),
        bytes: component.len(),
        compiler: compiler.describe(),
        sources_sha256: sources,
    };
    Ok((component, record))
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
        for package in COMMITTED {
            let sources = sources::digest(&workspace, package)?;
            let record = Dist::new(&workspace, package).record()?;
            assert!(
                record.is_some_and(|record| record.sources_sha256 == sources),
                "{package}: {}",
                Standing::Stale
            );
        }
        Ok(())
    }
}
