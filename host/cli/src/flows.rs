//! `linkmend flows`.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use linkmend_advice::why;
use linkmend_files::AtomicFile;
use linkmend_flows::{Gathered, LinkWords, Page, Unlinked};
use linkmend_process::Summary;
use linkmend_workbench::RuleConfig;

use crate::args::{FlowsArguments, Policy, ProcessArguments};
use crate::error::whole;
use crate::exit::Exit;
use crate::process;
use crate::report::{plural, thousands};
use crate::terminal::tell;

/// Runs the command.
pub fn run(arguments: &FlowsArguments) -> Exit {
    match written(arguments) {
        Ok(exit) => exit,
        Err(error) => {
            tell(format_args!("{error:#}"));
            Exit::Incomplete
        }
    }
}

fn written(arguments: &FlowsArguments) -> anyhow::Result<Exit> {
    let target = match Target::open(arguments) {
        Ok(target) => target,
        Err(error) => {
            tell(format_args!("{error:#}"));
            return Ok(Exit::Usage);
        }
    };
    let mut gathered = Gathered::with_words(arguments.max_spans, &arguments.words());
    let looked = process::look(&arguments.process(), &mut |batch| gathered.take(batch));
    let (summary, exit) = match looked {
        Ok(looked) => looked,
        Err(exit) => return Ok(exit),
    };
    let found = gathered.find();
    let mut page = Page::of(&found, unlinked(&summary), arguments.source());
    if summary.reasons_left_out > 0 {
        page.notes.push(format!(
            "{} more reasons why links were not made are in the summary of linkmend process.",
            summary.reasons_left_out
        ));
    }
    if found.left_out > 0 {
        tell(format_args!(
            "{} spans were not looked at; raise --max-spans (now {})",
            thousands(found.left_out),
            arguments.max_spans
        ));
    }
    let text = if arguments.json {
        serde_json::to_string_pretty(&page.json()).context("cannot write JSON")? + "\n"
    } else {
        page.html()
    };
    let is_read = target.write(&text)?;
    if !arguments.quiet && is_read {
        arguments.report(&page);
    }
    Ok(exit)
}

impl FlowsArguments {
    /// The same job for `process`, which writes nothing.
    fn process(&self) -> ProcessArguments {
        ProcessArguments {
            inputs: self.inputs.clone(),
            output: None,
            in_place: false,
            dry_run: true,
            explain: Vec::new(),
            format: None,
            summary: None,
            rules: self.rules.clone(),
            rule_configs: self.rule_configs.clone(),
            on_error: Policy::Pass,
            limits: Vec::new(),
            max_batch_bytes: self.max_batch_bytes,
            max_index_entries: self.max_index_entries,
            index: Vec::new(),
            index_cluster: false,
            index_prefix: String::new(),
            index_time_to_live: Duration::ZERO,
            threads: self.threads,
            compiling: self.compiling.clone(),
            quiet: self.quiet,
        }
    }

    /// How the rules call what they write on links. What is wrong with their
    /// configurations is told when they are loaded.
    fn words(&self) -> LinkWords {
        let mut words = LinkWords::default();
        let read = self.rule_configs.iter().map(|path| RuleConfig::read(path));
        for config in read.filter_map(Result::ok) {
            words.learn(&config.settings());
        }
        words
    }

    /// What the page is of.
    fn source(&self) -> String {
        let names = self.inputs.iter();
        let names = names.map(|input| {
            let name = input.file_name().unwrap_or(input.as_os_str());
            name.to_string_lossy().into_owned()
        });
        match self.inputs.len() {
            0..=5 => names.collect::<Vec<_>>().join(", "),
            more => format!("{more} files"),
        }
    }

    fn path(&self) -> &Path {
        match &self.output {
            Some(path) => path,
            None if self.json => Path::new("-"),
            None => Path::new("flows.html"),
        }
    }

    fn report(&self, page: &Page<'_>) {
        let total = page.sums.total();
        let missing: u64 = page.unlinked.iter().map(|of| of.count).sum();
        tell(format_args!(
            "{} of {}, {} without a link",
            plural(total.count, "delivery", "deliveries"),
            plural(total.messages, "message", "messages"),
            plural(missing, "message", "messages"),
        ));
        if self.path() != Path::new("-") {
            tell(format_args!("written to {}", self.path().display()));
        }
    }
}

/// Why links were not made, for the page.
fn unlinked(summary: &Summary) -> Vec<Unlinked> {
    let reasons = summary.reasons.iter();
    let reasons = reasons.map(|reason| Unlinked {
        reason: reason.line.reason.to_string(),
        why: why(reason.line.reason).to_owned(),
        service: reason.line.service.clone(),
        system: match reason.line.messaging_system.as_str() {
            "-" => String::new(),
            system => system.to_owned(),
        },
        count: reason.line.count,
        advice: reason.advice.to_owned(),
    });
    reasons.collect()
}

/// Where it goes. That it can be written is found out before any work is done.
enum Target {
    Stdout,
    File(AtomicFile),
}

impl Target {
    fn open(arguments: &FlowsArguments) -> anyhow::Result<Self> {
        let path = arguments.path();
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let real = path.canonicalize().ok();
        let mut inputs = arguments.inputs.iter();
        if inputs.any(|input| real.is_some() && input.canonicalize().ok() == real) {
            anyhow::bail!(
                "{} is an input too; give another file with -o",
                path.display()
            );
        }
        AtomicFile::create(path).map(Self::File).map_err(whole)
    }

    /// Whether somebody reads it.
    fn write(self, text: &str) -> anyhow::Result<bool> {
        match self {
            Self::Stdout => match io::stdout().write_all(text.as_bytes()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
                written => written
                    .map(|()| true)
                    .context("cannot write to standard output"),
            },
            Self::File(mut file) => {
                file.write_all(text.as_bytes())
                    .context("cannot write the page")?;
                file.finish().map_err(whole)?;
                Ok(true)
            }
        }
    }
}
