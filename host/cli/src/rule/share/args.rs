//! The arguments of `linkmend rule push` and `linkmend rule pull`.

use std::path::PathBuf;

use clap::Args;

use crate::compiler::CompileArguments;

pub const PUSH_EXAMPLES: &str = "\
Examples:
  linkmend rule push team-links.wasm oci://registry.example/team/links:1.2

  Signed by minisign, whose signature is beside the file:
    minisign -Sm team-links.wasm
    linkmend rule push team-links.wasm oci://registry.example/team/links:1.2

Exit codes:
  0  the registry has it; its pinned name is printed
  1  the registry does not take it
  2  wrong arguments, or there is no such file
  3  it is no rule that can be loaded; nothing is pushed";

pub const PULL_EXAMPLES: &str = "\
Examples:
  linkmend rule pull oci://registry.example/team/links:1.2
  linkmend rule pull oci://registry.example/team/links:1.2 -o links.wasm --public-key minisign.pub

Exit codes:
  0  it is there; its pinned name is printed
  1  the registry does not have it, or it is not the one that is meant
  2  wrong arguments";

/// The arguments of `linkmend rule push`.
#[derive(Debug, Args)]
pub struct PushArguments {
    /// The rule: a file with a WebAssembly component
    pub rule: PathBuf,

    /// What it is called in the registry: `oci://HOST/NAME:TAG`
    #[arg(value_name = "NAME")]
    pub reference: String,

    /// A signature of it by minisign [default: RULE.minisig, where there is one]
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,

    #[command(flatten)]
    pub compiling: CompileArguments,
}

/// The arguments of `linkmend rule pull`.
#[derive(Debug, Args)]
pub struct PullArguments {
    /// What it is called in the registry: `oci://HOST/NAME:TAG`, or with `@sha256:DIGEST`
    #[arg(value_name = "NAME")]
    pub reference: String,

    /// Where it goes [default: the last part of NAME, with the ending `.wasm`]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Who must have signed it: a public key of minisign, or a file with one
    #[arg(long, value_name = "KEY")]
    pub public_key: Option<String>,

    #[command(flatten)]
    pub compiling: CompileArguments,
}
