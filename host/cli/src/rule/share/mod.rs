//! `linkmend rule push` and `linkmend rule pull`.

pub mod args;

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use linkmend::plain;
use linkmend_files::AtomicFile;
use linkmend_registry::{About, Fetcher, PublicKey, Reference, push as push_rule};
use linkmend_workbench::inspect::{Report, inspect};

use super::args::RunOptions;
use super::{exit_of, subject};
use crate::error::whole;
use crate::exit::Exit;
use crate::terminal::{say, tell};
use args::{PullArguments, PushArguments};

/// Runs `linkmend rule push`.
pub fn push(arguments: &PushArguments) -> anyhow::Result<Exit> {
    let reference = Reference::parse(&arguments.reference)?;
    let options = RunOptions {
        config: None,
        limits: Vec::new(),
        compiling: arguments.compiling.clone(),
        json: false,
    };
    let subject = subject(&arguments.rule.display().to_string(), &options)?;
    let (report, error) = inspect(&subject);
    // A rule may want a configuration, which those have who run it.
    if let Some(error) = error.filter(|error| exit_of(error) != Exit::Usage) {
        tell(format_args!("{error}; it is not pushed"));
        return Ok(Exit::Rule);
    }
    let signature = signature(&arguments.rule, arguments.signature.as_deref())?;
    let pushed = push_rule(
        &reference,
        &subject.bytes,
        &about(report),
        signature.as_deref(),
    );
    match pushed {
        Ok(pinned) => {
            say(pinned);
            Ok(Exit::Done)
        }
        Err(error) => {
            tell(format_args!("{reference}: {error}"));
            Ok(Exit::Incomplete)
        }
    }
}

/// Runs `linkmend rule pull`.
pub fn pull(arguments: &PullArguments) -> anyhow::Result<Exit> {
    let reference = Reference::parse(&arguments.reference)?;
    let key = arguments.public_key.as_deref().map(public_key);
    let key = key.transpose()?;
    let store = arguments.compiling.rule_cache(|why| tell(why));
    let fetch = Fetcher {
        most: arguments.compiling.limits()?.file_size,
        store: store.as_ref(),
        key: key.as_ref(),
        is_stopped: &|| false,
    };
    let fetched = match fetch.run(&reference) {
        Ok(fetched) => fetched,
        Err(error) => {
            tell(format_args!("{reference}: {error}"));
            return Ok(Exit::Incomplete);
        }
    };
    for warning in &fetched.warnings {
        tell(format_args!("{reference}: {warning}"));
    }
    let name = reference.name().rsplit('/').next().unwrap_or("rule");
    let output = arguments.output.clone();
    let output = output.unwrap_or_else(|| PathBuf::from(format!("{name}.wasm")));
    if let Err(error) = write(&output, &fetched.component) {
        tell(format_args!("{error:#}"));
        return Ok(Exit::Incomplete);
    }
    say(fetched.pinned);
    Ok(Exit::Done)
}

/// As a whole, or not at all.
fn write(path: &Path, component: &[u8]) -> anyhow::Result<()> {
    let mut file = AtomicFile::create(path).map_err(whole)?;
    file.write_all(component)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.finish().map_err(whole)
}

/// What is known of it without a configuration may be nothing but its interfaces.
fn about(report: Report) -> About {
    About {
        name: report.name.unwrap_or_default(),
        version: report.version.unwrap_or_default(),
        summary: report.summary.unwrap_or_default(),
        imports: report.imports,
        exports: report.exports,
    }
}

/// The signature that was asked for, or the one that lies beside the rule.
fn signature(rule: &Path, asked: Option<&Path>) -> anyhow::Result<Option<String>> {
    let beside = || PathBuf::from(format!("{}.minisig", rule.display()));
    let path = asked.map_or_else(beside, Path::to_owned);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound && asked.is_none() => Ok(None),
        Err(error) => Err(anyhow!(
            "cannot read the signature {}: {error}",
            path.display()
        )),
    }
}

/// A key, or a file with one.
fn public_key(given: &str) -> anyhow::Result<PublicKey> {
    if let Ok(key) = PublicKey::parse(given) {
        return Ok(key);
    }
    let text = std::fs::read_to_string(given);
    let text =
        text.with_context(|| format!("--public-key {}: no key, and no file", plain(given)))?;
    PublicKey::parse(&text).with_context(|| format!("--public-key {}", plain(given)))
}
