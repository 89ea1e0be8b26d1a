//! Makes the bindings of the rule interface for C, as `wit-bindgen c` does: for
//! those who have this repository, and not that command.
//!
//! A crate of its own, so that building a guest does not build a generator of
//! bindings first.
#![allow(
    clippy::print_stdout,
    reason = "a command line: what it prints is what it is for"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;

/// Make the bindings of the rule interface for C: a header, a source, and an
/// object file with the types.
#[derive(Parser)]
#[command(name = "cargo xtask c-bindings", bin_name = "cargo xtask c-bindings")]
struct Options {
    /// The world that the rule implements: `span-rule` or `batch-rule`
    #[arg(long, value_name = "NAME", default_value = "span-rule")]
    world: String,

    /// The folder that the files are written to; it is made when it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The folder of the interface [default: the one of this repository]
    #[arg(long, value_name = "DIR")]
    wit: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let ours = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit"));
    let files = bindings(options.wit.as_deref().unwrap_or(ours), &options.world)?;
    let folder = &options.out;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, content) in files.iter() {
        let path = folder.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

fn bindings(wit: &Path, world: &str) -> Result<Files> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit)?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator.generate(&mut resolve, world, &mut files)?;
    Ok(files)
}
