//! The arguments.

mod flows;
mod process;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::compiler::CompileArguments;
use crate::manual::{CompletionsArguments, ManArguments};
use crate::rule::RuleCommand;
use crate::units;

pub use flows::FlowsArguments;
pub use process::{Policy, ProcessArguments};

/// Mends span links in OpenTelemetry traces.
#[derive(Debug, Parser)]
#[command(name = "linkmend", version, long_about = LONG_ABOUT, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const LONG_ABOUT: &str = "\
Mends span links in OpenTelemetry traces.

Asynchronous work (queues, batch jobs, fan-out) runs in traces of its own. linkmend finds the \
producer of each message that a consumer names and adds the span link that is missing, repairs \
links with an invalid context or drops them, removes duplicates, keeps a span at 128 links, and \
records on each link why it exists (`link.type`).";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Mend trace files
    ///
    /// The files are read twice: first to remember who produced which message,
    /// then to mend. So a consumer finds its producer in any of them, wherever that
    /// is, and memory does not grow with the size of the files.
    Process(ProcessArguments),
    /// Draw the flows of messages in trace files: one HTML page, or JSON
    ///
    /// The files are mended as `process` does it, and nothing of them is written. The
    /// page shows who sends what to whom and how long it waits, each message from its
    /// producer's trace to those of its consumers, and what could not be linked and
    /// why. It is one file and needs no network.
    Flows(FlowsArguments),
    /// Run as a hop in a pipeline: OTLP in, processors, OTLP out
    ///
    /// The configuration is the OpenTelemetry Collector's YAML, with the processor
    /// `linkmend`; docs/configuration.md has all keys. All of it is checked before
    /// a port opens.
    ///
    /// Senders are answered once the next hop has taken what they sent (unless an
    /// exporter has a `sending_queue`), and spans that wait for their producers
    /// are on disk, so a crash loses nothing that was acknowledged.
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArguments),
    /// Check a configuration of `linkmend run` without opening anything
    ///
    /// Reads everything that the configuration names: loads rules with their
    /// configurations, and reads certificates. The exit code is 2 if anything is
    /// wrong.
    Validate(ValidateArguments),
    /// Write a configuration: the smallest, or one beside a Collector
    ///
    /// With --from it reads the configuration of an OpenTelemetry Collector and
    /// writes two files: linkmend's, and the Collector's with linkmend in the way
    /// of its traces. The Collector keeps its receivers, processors and connectors;
    /// your comments and your format stay. linkmend sends to the backends itself
    /// where it can do all that the exporters do, and back to the Collector
    /// otherwise, so that nothing is lost. It says what it left where, and why.
    /// docs/collector.md explains the layouts.
    ///
    /// Without --from it writes linkmend.yaml, the smallest there is, with comments.
    #[command(after_help = INIT_EXAMPLES)]
    Init(InitArguments),
    /// Write rules of your own: new, dev, check, test, bench, inspect, component, push, pull
    ///
    /// A rule is a WebAssembly component that looks at spans and answers with
    /// edits of their links. docs/rules.md takes you from nothing to a rule that
    /// runs.
    Rule {
        #[command(subcommand)]
        command: RuleCommand,
    },
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArguments),
    /// Write the manual pages of linkmend and of all its commands
    #[command(after_help = MAN_EXAMPLES)]
    Man(ManArguments),
    /// Compiles a rule for the process that starts it
    #[command(name = crate::compiler::COMMAND, hide = true)]
    Compile,
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  linkmend completions bash > ~/.local/share/bash-completion/completions/linkmend
  linkmend completions zsh > \"${fpath[1]}/_linkmend\"
  linkmend completions fish > ~/.config/fish/completions/linkmend.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  linkmend man ~/.local/share/man/man1 && man linkmend-process

Exit codes:
  0  the pages are written
  1  they could not be written";

const RUN_EXAMPLES: &str = "\
Examples:
  Receive OTLP at 4317 and 4318, and send it on:
    linkmend run --config linkmend.yaml

  With what is specific to this place in a separate file:
    linkmend run --config linkmend.yaml --config production.yaml

  Check it first:
    linkmend validate --config linkmend.yaml

Signals:
  SIGTERM, SIGINT   take no more requests, send on what was taken, and end; a second one ends at once
  SIGHUP            nothing but a line in the log: the configuration is read at the start only

Exit codes:
  0  ended by a signal, and everything that was taken has been sent on
  1  it could not start (a port is in use), or not everything was sent on in time
  2  the configuration is wrong; nothing was opened";

/// The arguments of `linkmend run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    #[command(flatten)]
    pub pipeline: PipelineArguments,

    /// How long it may take, after SIGTERM, to send on what was taken
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = units::duration)]
    pub shutdown_timeout: Duration,

    /// Keep held spans here, if the configuration names no storage for them [default: the first of
    /// `$STATE_DIRECTORY`, `linkmend` in the user's state directory, and /var/lib/linkmend that can be
    /// written; empty for nowhere]
    #[arg(long, value_name = "DIR", value_parser = clap::builder::TypedValueParser::map(clap::builder::OsStringValueParser::new(), PathBuf::from))]
    pub state_dir: Option<PathBuf>,
}

/// The arguments of `linkmend validate`.
#[derive(Debug, Args)]
pub struct ValidateArguments {
    #[command(flatten)]
    pub pipeline: PipelineArguments,
}

const INIT_EXAMPLES: &str = "\
Examples:
  The smallest configuration, in linkmend.yaml:
    linkmend init

  Beside a Collector, into linkmend.yaml and collector-with-linkmend.yaml:
    linkmend init --from collector.yaml

  From a resource of the operator, or a ConfigMap, into a directory:
    linkmend init --from otel-collector.yaml -o with-linkmend/

Then check both halves, and run them side by side:
    linkmend validate --config linkmend.yaml
    otelcol-contrib validate --config collector-with-linkmend.yaml

Exit codes:
  0  written
  1  a file could not be written
  2  the Collector's configuration cannot be read or edited, or a file is there already (--force)";

/// The arguments of `linkmend init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The configuration of a Collector: a file, or `-` for standard input; also a resource of the
    /// operator, a `ConfigMap`, or values of its Helm chart
    #[arg(long, value_name = "FILE")]
    pub from: Option<String>,

    /// Where the files go; it is made when it is not there
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,

    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

/// What says how a pipeline runs.
#[derive(Debug, Args)]
pub struct PipelineArguments {
    /// A configuration: a file, `-` for standard input, `env:NAME` or `yaml:TEXT`. May be given several
    /// times; later ones override earlier ones key by key
    #[arg(short, long = "config", value_name = "FILE", required = true)]
    pub configs: Vec<String>,

    /// Override one value of the configuration: `processors.linkmend.hold.time=2s`. May be given several
    /// times
    #[arg(long, value_name = "KEYS=VALUE")]
    pub set: Vec<String>,

    /// How many threads to run rules on [default: as many as there are processors]
    #[arg(short = 'j', long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    #[command(flatten)]
    pub compiling: CompileArguments,
}
