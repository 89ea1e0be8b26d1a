//! The arguments of `linkmend flows`.

use std::path::PathBuf;

use clap::Args;

use crate::compiler::CompileArguments;
use crate::units;

const EXAMPLES: &str = "\
Examples:
  See who sends what to whom, and how long it waits:
    linkmend flows traces.jsonl -o flows.html

  Of several services, each in its own file:
    linkmend flows api.jsonl.gz worker.jsonl.gz -o flows.html

  All flows as JSON, for other programs:
    linkmend flows --json traces.jsonl | jq '.edges'

Exit codes:
  0    all done
  1    some input could not be read (the rest is on the page), or the page could not be written
  2    wrong arguments or configuration; nothing was done
  4    a rule failed on a batch, whose spans are on the page as they came
  130  ended by SIGINT, SIGTERM or SIGHUP; nothing was written";

/// The arguments of `linkmend flows`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, after_help = "`linkmend flows --help` has examples and exit codes.")]
pub struct FlowsArguments {
    /// Trace files, in any format that `process` reads; `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// Where to write it; `-` is standard output [default: flows.html; with --json: -]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write JSON instead of a page: all flows, edges, destinations, and what has no link
    #[arg(long)]
    pub json: bool,

    /// A rule: `builtin`, or a file with a WebAssembly component. May be given several times; each rule
    /// sees the edits of those before it
    #[arg(long = "rule", value_name = "RULE", default_value = "builtin")]
    pub rules: Vec<String>,

    /// The configuration of a rule, a file of YAML or JSON; the first one is for the first rule, and so on
    #[arg(long = "rule-config", value_name = "FILE")]
    pub rule_configs: Vec<PathBuf>,

    /// How many spans to look at, about 300 bytes of memory each; the rest of the input is left out,
    /// and the page says so
    #[arg(long, value_name = "COUNT", default_value = "2000000")]
    pub max_spans: usize,

    /// The longest line, frame or resourceSpans element that is read, such as `256MiB`
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = units::size)]
    pub max_batch_bytes: usize,

    /// How many producers to remember, 84 bytes each at most; the oldest are forgotten first
    #[arg(long, value_name = "COUNT", default_value = "4000000")]
    pub max_index_entries: usize,

    /// How many threads to use [default: as many as there are processors]
    #[arg(short = 'j', long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    #[command(flatten)]
    pub compiling: CompileArguments,

    /// Report only what went wrong
    #[arg(short, long)]
    pub quiet: bool,
}
