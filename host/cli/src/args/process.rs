//! The arguments of `linkmend process`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use linkmend::OnError;
use linkmend_files::Format;

use crate::compiler::CompileArguments;
use crate::units;

const PROCESS_EXAMPLES: &str = "\
Examples:
  Mend what the Collector's file exporter wrote:
    linkmend process traces.jsonl -o mended.jsonl

  See what would be done without writing anything:
    linkmend process --dry-run traces.jsonl

  Find out why a span got its links, or got none:
    linkmend process --explain 00f067aa0ba902b7 traces.jsonl

  Producers and consumers in separate files; mended files go to a directory:
    linkmend process -o mended/ orders-api.jsonl.gz orders-worker.jsonl.gz

  In a pipe:
    zstd -dc traces.pb.zst | linkmend process - --format jsonl > mended.jsonl

  With other settings of the built-in rule (docs/rule.md):
    linkmend process --rule-config rule.yaml traces.jsonl -o mended.jsonl

  With a rule of your own after the built-in one:
    linkmend process --rule builtin --rule team.wasm traces.jsonl -o mended.jsonl

  With exactly that file, and more memory for it (docs/rules.md):
    linkmend process --rule builtin --rule team.wasm@sha256:5f70bf18a086007016e948b04aed3b82... \
      --limit 2:memory=128MiB traces.jsonl -o mended.jsonl

Formats (recognised by content; docs/formats.md): OTLP/JSON, one object or JSON Lines; OTLP \
protobuf, one message or the Collector's framing (each after a 4-byte length); exports of Tempo, \
Grafana, Jaeger and Zipkin; each plain, gzip or zstd. The output has the input's format unless \
--format says otherwise; Zipkin's becomes OTLP/JSON.

Exit codes:
  0    all done
  1    some input could not be read (the rest is written), or the output could not be written, or a
       span to explain is in none of the inputs; every fault is reported with its place
  2    wrong arguments or configuration; nothing was done
  3    a rule failed and --on-error was not `pass`
  4    a rule failed, and what it failed on was written as it came (--on-error pass); the figure
       `batches_unmended` of --summary counts these batches
  130  ended by SIGINT, SIGTERM or SIGHUP; incomplete outputs were not written";

/// The arguments of `linkmend process`.
#[derive(Debug, Args)]
#[command(after_long_help = PROCESS_EXAMPLES, after_help = "`linkmend process --help` has examples, formats and exit codes.")]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct ProcessArguments {
    /// Trace files; `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// Where to write the mended traces: a file, a directory that exists or ends in `/` (each input under
    /// its own name), or `-` for standard output [default: -, and nowhere with --explain]
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,

    /// Replace each input by its mended version
    #[arg(long, conflicts_with_all = ["output", "dry_run"])]
    pub in_place: bool,

    /// Print only the summary, and write no traces
    #[arg(short = 'n', long, conflicts_with = "output")]
    pub dry_run: bool,

    /// Say on standard output why spans were or were not mended: `all`, the id of a span (16 hex
    /// digits), or the id of a trace (32). May be given several times, or with commas. Traces are
    /// written only with -o or --in-place
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub explain: Vec<String>,

    /// The format to write: json, jsonl, proto or framed [default: the input's]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// Write the figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// A rule: `builtin`, a file with a WebAssembly component, or `oci://HOST/NAME:TAG`. May be given
    /// several times; each rule sees the edits of those before it. `FILE@sha256:HEX` accepts only the file
    /// with that SHA-256, and `oci://HOST/NAME:TAG@sha256:HEX` the rule with that digest
    #[arg(long = "rule", value_name = "RULE", default_value = "builtin")]
    pub rules: Vec<String>,

    /// The configuration of a rule, a file of YAML or JSON; the first one is for the first rule, and so on
    #[arg(long = "rule-config", value_name = "FILE")]
    pub rule_configs: Vec<PathBuf>,

    /// What to do with a batch that a rule fails on
    #[arg(long, value_name = "POLICY", default_value = "pass")]
    pub on_error: Policy,

    /// A limit of the rules, such as `max_links=256`, or of one: `2:memory=128MiB`. May be given
    /// several times; --help has their names
    #[arg(long = "limit", value_name = "[NUMBER:]NAME=VALUE", long_help = units::limits_help())]
    pub limits: Vec<String>,

    /// The longest line, frame or resourceSpans element that is read, such as `256MiB`
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = units::size)]
    pub max_batch_bytes: usize,

    /// How many producers to remember, 84 bytes each at most; the oldest are forgotten first
    #[arg(long, value_name = "COUNT", default_value = "4000000")]
    pub max_index_entries: usize,

    /// A store that other hosts share; --help has more
    ///
    /// Such as `redis://host:6379`. What is remembered goes there, too, and what is not known here
    /// is looked up there. Its user and password are taken from `LINKMEND_INDEX_USERNAME` and
    /// `LINKMEND_INDEX_PASSWORD`. Of a primary and its replicas name all, with commas between
    /// them; of a cluster some, and add `--index-cluster`.
    #[arg(long, value_name = "URLS", value_delimiter = ',', value_parser = shared_url)]
    pub index: Vec<linkmend_redis::Url>,

    /// The servers of `--index` are a cluster
    #[arg(long, requires = "index", hide_short_help = true)]
    pub index_cluster: bool,

    /// What the keys in that store begin with: hosts with the same prefix share what they
    /// remember
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "linkmend",
        requires = "index",
        hide_short_help = true
    )]
    pub index_prefix: String,

    /// How long a producer is kept in that store, such as `1h`
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = humantime::parse_duration, requires = "index", hide_short_help = true)]
    pub index_time_to_live: Duration,

    /// How many threads to use [default: as many as there are processors]
    #[arg(short = 'j', long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    #[command(flatten)]
    pub compiling: CompileArguments,

    /// Report only what went wrong
    #[arg(short, long)]
    pub quiet: bool,
}

/// What becomes of a batch that a rule fails on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// Write it as it came
    Pass,
    /// Leave it out
    Drop,
    /// End the whole job; incomplete outputs are not written
    Reject,
}

impl From<Policy> for OnError {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Pass => Self::Pass,
            Policy::Drop => Self::Drop,
            Policy::Reject => Self::Reject,
        }
    }
}

fn shared_url(text: &str) -> Result<linkmend_redis::Url, String> {
    linkmend_redis::Url::parse(text).map_err(|error| error.to_string())
}
