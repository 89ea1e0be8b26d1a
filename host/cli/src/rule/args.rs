//! The arguments of `linkmend rule`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use linkmend_workbench::new::{Language, RuleName};

use super::share::args::{PULL_EXAMPLES, PUSH_EXAMPLES, PullArguments, PushArguments};
use crate::compiler::CompileArguments;
use crate::units;

/// What a rule author does.
#[derive(Debug, Subcommand)]
pub enum RuleCommand {
    /// Write a folder with a rule to start from: source, golden cases, README, build script
    #[command(after_help = NEW_EXAMPLES)]
    New(NewArguments),
    /// Build a rule and run its cases whenever its source changes
    ///
    /// Runs `build` of the folder, then the golden cases in `tests`, and shows what came
    /// out: links that are missing (-) and links that are new (+). With --traces, the rule
    /// mends the author's own traces, too, and what it makes of them is compared with what
    /// it made of them before the change.
    #[command(after_help = DEV_EXAMPLES)]
    Dev(DevArguments),
    /// Check a rule: its interface, what it selects, and that it stays within its limits
    ///
    /// Runs it in the sandbox over conformance traces, with the attributes that it
    /// asks for: fields at their limits, values of every type, hostile values,
    /// messages, a batch of 8,192 spans; in both field orders, and with all tasks
    /// that linkmend gives to rules.
    #[command(after_help = CHECK_EXIT)]
    Check(CheckArguments),
    /// Run golden cases: traces before and after
    ///
    /// A case is a folder in --cases with `before.jsonl` (any format that `linkmend
    /// process` reads, with any ending), `after.jsonl`, and perhaps the rule's
    /// configuration in `rule.yaml` or `rule.json`, which replaces --config. It is
    /// run as by `linkmend process`; all links of all spans are compared, as are
    /// `dropped_links_count` and everything else that a span has.
    #[command(after_help = TEST_EXAMPLES)]
    Test(TestArguments),
    /// Measure a rule, on files or on a generated load
    ///
    /// Prints nanoseconds a span and spans a second on one thread: the native walk
    /// (scan, select, check, splice) and the calls of the rule in the sandbox
    /// apart, and what the rule adds over the built-in rule. The rule alone, the
    /// built-in rule alone, and the rule behind the built-in rule are measured in
    /// turn in one process; figures are medians over the rounds.
    ///
    /// Generated loads are batches of 8,192 spans of 350 bytes, and the method is
    /// that of `cargo xtask bench`.
    #[command(after_help = BENCH_EXAMPLES)]
    Bench(BenchArguments),
    /// Describe a rule: name, version, world, imports, selector, size, SHA-256
    #[command(after_help = INSPECT_EXIT)]
    Inspect(InspectArguments),
    /// Make a component from a core module that contains the types of its interface
    ///
    /// Compilers make core modules; wit-bindgen puts the types of the interface
    /// into them, or --wit names the interface. A module that needs WASI (preview 1:
    /// Go, wasm32-wasip1, C with wasi-libc) gets one with nothing in it but a way out
    /// for what is printed. The result is checked to be a rule.
    #[command(after_help = COMPONENT_EXAMPLES)]
    Component(ComponentArguments),
    /// Push a rule to a registry, for others to run
    ///
    /// Prints the name that pins it, for `rule:` in configurations and for `--rule`. It is
    /// laid out as the CNCF's Wasm artifacts are, so that any OCI registry takes it. Who
    /// pushes is read as Docker does it: `docker login` writes ~/.docker/config.json, and
    /// credential helpers are run. Registries are spoken to by HTTPS, but for one on this
    /// machine.
    #[command(after_help = PUSH_EXAMPLES)]
    Push(PushArguments),
    /// Pull a rule from a registry into a file
    ///
    /// Prints the name that pins it. What is pulled is held against the digests of the
    /// registry, and against a signature if a public key is given.
    #[command(after_help = PULL_EXAMPLES)]
    Pull(PullArguments),
}

const NEW_EXAMPLES: &str = "\
Examples:
  linkmend rule new --lang rust team-links
  linkmend rule new --lang python --into rules team-links
  linkmend rule new --lang go team-links --from traces.jsonl --span 00f067aa0ba902b7

The helpers of each language come with linkmend and are written into the folder; with \
LINKMEND_REPO=PATH the Rust template takes its own from a checkout of linkmend.

Exit codes:
  0  the folder is written
  1  it could not be written
  2  wrong arguments, or the folder exists already";

const DEV_EXAMPLES: &str = "\
Examples:
  linkmend rule dev
  linkmend rule dev team-links/rule.py --traces traces.jsonl

Exit codes:
  0    with --once: it was built and run, whatever came of it
  2    wrong arguments or configuration, or there is no `build`
  130  it was ended by Ctrl-C";

const CHECK_EXIT: &str = "\
JSON (--json): {rule, ok, checks: [{id, outcome: ok|note|failed|skipped, reason, way_out}], \
longest_call_ns, call_time_limit_ns, memory, memory_limit, said}, where said is {lines: [{level, text, times}], left_out}

Exit codes:
  0  all checks passed
  1  a check failed
  2  wrong arguments or configuration, or there is no such file";

const TEST_EXAMPLES: &str = "\
Examples:
  The one component in this folder, with the cases in `tests`:
    linkmend rule test

  A rule, and some of its cases:
    linkmend rule test team-links.wasm --filter retry

  Accept the results as the expected ones, then look at the difference:
    linkmend rule test --update && git diff tests

JSON (--json): {rule, passed, failed, updated, cases: [{name, before, outcome: \
passed|failed|updated, errors, spans: [{place, service, name, trace_id, span_id, missing_links, \
unexpected_links, other}], said}]}, where said is {lines: [{level, text, times}], left_out}

Exit codes:
  0  all cases passed, or were updated
  1  a case failed, or there are no cases
  2  wrong arguments or configuration, or there is no such file
  3  the rule cannot be loaded";

const BENCH_EXAMPLES: &str = "\
Examples:
  linkmend rule bench team-links.wasm
  linkmend rule bench team-links.wasm traces.jsonl.gz
  linkmend rule bench builtin --load mixed,messaging --order both --rounds 21

JSON (--json): {rule, rounds, figures: [{load, order, spans, batches, bytes_per_span, selected, rule, \
builtin, both, added_ns_per_span}]}, where rule, builtin and both are {ns_per_span, \
native_ns_per_span, sandbox_ns_per_span, spans_per_second}

Exit codes:
  0  it was measured
  1  an input could not be read
  2  wrong arguments or configuration, or there is no such rule
  3  the rule cannot be loaded, or failed";

const INSPECT_EXIT: &str = "\
JSON (--json): {rule, name, version, summary, world, interface_version, imports, exports, selector: \
{kinds, attribute_keys, attribute_prefixes, with_links}, reads, uses_index, type_attribute, \
count_all_drops, size, sha256, pin, error}; what is not known is null

Exit codes:
  0  the rule can be used
  2  wrong arguments or configuration, or there is no such file
  3  the rule cannot be loaded; what is known about it is printed all the same";

const COMPONENT_EXAMPLES: &str = "\
Examples:
  linkmend rule component target/wasm32-unknown-unknown/release/team_links.wasm -o team-links.wasm
  linkmend rule component module.wasm --wit linkmend/wit/rule.wit -o team-links.wasm

Exit codes:
  0  the component is written
  1  the module cannot be read, or no rule can be made from it
  2  wrong arguments";

/// How a rule is run.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// The configuration of the rule, a file of YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A limit of the rule, such as `memory=128MiB`. May be given several times; --help has their names
    #[arg(long = "limit", value_name = "NAME=VALUE", long_help = units::limits_help())]
    pub limits: Vec<String>,

    #[command(flatten)]
    pub compiling: CompileArguments,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `linkmend rule inspect`.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// The rule: `builtin`, a file with a WebAssembly component, or `oci://HOST/NAME:TAG`
    pub rule: String,

    #[command(flatten)]
    pub options: RunOptions,
}

/// The arguments of `linkmend rule check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The rule: `builtin`, a file with a WebAssembly component, or `oci://HOST/NAME:TAG`
    pub rule: String,

    #[command(flatten)]
    pub options: RunOptions,
}

/// The arguments of `linkmend rule test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// The rule: `builtin`, a file with a WebAssembly component, or `oci://HOST/NAME:TAG` [default: the one `.wasm` file here]
    pub rule: Option<String>,

    /// The folder with the cases [default: `tests` beside the component]
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,

    /// Only cases with this in their names
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// Write the results as `after.*`
    #[arg(long)]
    pub update: bool,

    #[command(flatten)]
    pub options: RunOptions,
}

/// The arguments of `linkmend rule bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// The rule: `builtin`, a file with a WebAssembly component, or `oci://HOST/NAME:TAG`
    pub rule: String,

    /// Trace files to measure on, in any format that `linkmend process` reads; they are kept in memory
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// A generated load to measure on. May be given several times, or with commas [default: mixed,messaging]
    #[arg(
        long = "load",
        value_name = "LOAD",
        value_delimiter = ',',
        conflicts_with = "inputs"
    )]
    pub loads: Vec<LoadName>,

    /// The field order of generated loads
    #[arg(
        long,
        value_name = "ORDER",
        default_value = "ascending",
        conflicts_with = "inputs"
    )]
    pub order: Order,

    /// How many rounds count; one more runs before them
    #[arg(long, value_name = "COUNT", default_value = "11", value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,

    /// Print what the rule says, too
    #[arg(short, long, conflicts_with = "json")]
    pub verbose: bool,

    #[command(flatten)]
    pub options: RunOptions,
}

/// A generated load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LoadName {
    /// One span in ten has to do with a message
    Mixed,
    /// All spans have to do with messages
    Messaging,
    /// No span concerns the built-in rule
    Unselected,
    /// Batches of one span
    Single,
    /// Like messaging, with the built-in rule configured to read much more
    Configured,
}

/// Field orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// As SDKs write them
    Ascending,
    /// As the Collector writes them
    Descending,
    /// One after the other
    Both,
}

/// The arguments of `linkmend rule new`.
#[derive(Debug, Args)]
pub struct NewArguments {
    /// The language: rust, python, javascript, go or c
    #[arg(long = "lang", value_name = "LANGUAGE")]
    pub language: Language,

    /// The name of the rule and of the folder: lower-case letters, digits, `-`, `_` and `.`
    pub name: RuleName,

    /// Where the folder goes
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub into: PathBuf,

    /// Traces of your own, to make a first golden case of: a span, and those that have an id in common with it
    #[arg(long, value_name = "FILE", requires = "span")]
    pub from: Option<PathBuf>,

    /// The id of the span that the case is about, 16 hex digits
    #[arg(long, value_name = "ID", requires = "from")]
    pub span: Option<String>,
}

/// The arguments of `linkmend rule dev`.
#[derive(Debug, Args)]
pub struct DevArguments {
    /// The folder of the rule, or a file of its source
    #[arg(default_value = ".")]
    pub source: PathBuf,

    /// Traces of your own to run the rule on, in any format that `linkmend process` reads
    #[arg(long, value_name = "FILE")]
    pub traces: Option<PathBuf>,

    /// Build and run once, and end
    #[arg(long)]
    pub once: bool,

    #[command(flatten)]
    pub options: RunOptions,
}

/// The arguments of `linkmend rule component`.
#[derive(Debug, Args)]
pub struct ComponentArguments {
    /// The core module
    pub module: PathBuf,

    /// The interface that it was built against, where the module does not hold its types: a `rule.wit`
    #[arg(long, value_name = "FILE")]
    pub wit: Option<PathBuf>,

    /// Where the component goes [default: MODULE with the ending `.component.wasm`]
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
}
