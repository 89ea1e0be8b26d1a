//! `linkmend validate`, and what `linkmend run` does before it runs.

use std::env;
use std::fmt::Display;

use linkmend_pipeline::component::SetupError;
use linkmend_pipeline::config::{Config, Fault, Faults, Id, Pipeline, Processor};
use linkmend_pipeline::service::{Options, Service, faults_of_rules};

use crate::args::{PipelineArguments, ValidateArguments};
use crate::exit::Exit;
use crate::sources;
use crate::terminal::{say, tell};

/// Runs `linkmend validate`.
pub fn validate(arguments: &ValidateArguments) -> Exit {
    let Some(config) = read(&arguments.pipeline) else {
        return Exit::Usage;
    };
    let ways: Vec<_> = config.service.pipelines.iter().map(way).collect();
    let options = match options(&arguments.pipeline, &config, |why| tell(why)) {
        Ok(options) => options,
        Err(error) => {
            tell(format_args!("{error:#}"));
            return Exit::Usage;
        }
    };
    match Service::new(config.clone(), &options) {
        Ok(_) => {
            ways.iter().for_each(say);
            Exit::Done
        }
        Err(errors) => {
            for error in &errors {
                tell_fault(&config, error);
            }
            Exit::Usage
        }
    }
}

/// `traces: otlp → linkmend → otlp_grpc`
fn way((id, pipeline): (&Id, &Pipeline)) -> String {
    let joined = |ids: &[Id]| ids.iter().map(Id::to_string).collect::<Vec<_>>().join(", ");
    let mut steps = vec![joined(&pipeline.receivers)];
    steps.extend(pipeline.processors.iter().map(Id::to_string));
    steps.push(joined(&pipeline.exporters));
    format!("valid: {id}: {}", steps.join(" → "))
}

/// Reads the configuration; what is wrong with it is told.
pub fn read(arguments: &PipelineArguments) -> Option<Config> {
    let configs = arguments.configs.iter().map(|given| sources::read(given));
    let set = arguments.set.iter().map(|given| sources::set(given));
    let (sources, faults): (Vec<_>, Vec<_>) = configs.chain(set).partition(Result::is_ok);
    if !faults.is_empty() {
        faults.into_iter().filter_map(Result::err).for_each(tell);
        return None;
    }
    let sources: Vec<_> = sources.into_iter().flatten().collect();
    let (config, Faults(mut faults)) = Config::examine(&sources, &|name| env::var(name));
    if let (Some(config), true) = (&config, faults.is_empty()) {
        for warning in &config.warnings {
            tell(format_args!("warning: {warning}"));
        }
        return Some(config.clone());
    }
    // All of it at once, files of rules as well.
    let mut elsewhere = Vec::new();
    if let Some(config) = &config
        && let Ok(options) = options(arguments, config, |why| tell(why))
    {
        for error in faults_of_rules(config, &options) {
            match config.fault(&error.path, &error.text) {
                Some(fault) => faults.push(fault),
                None => elsewhere.push(error),
            }
        }
    }
    faults.sort();
    let left = |fault: &Fault| fault.text.contains("leave it to");
    let is_collectors = faults.iter().any(left);
    tell(format_args!(
        "the configuration cannot be used:\n{}",
        Faults(faults)
    ));
    elsewhere.iter().for_each(tell);
    if let (true, [file]) = (is_collectors, arguments.configs.as_slice()) {
        tell(format_args!(
            "this is a Collector's: `linkmend init --from {file}` leaves to it what is its own, and \
             puts linkmend beside it"
        ));
    }
    None
}

/// What is wrong with a component, where it stands in the configuration.
pub fn tell_fault(config: &Config, error: &SetupError) {
    match config.fault(&error.path, &error.text) {
        Some(fault) => tell(fault),
        None => tell(error),
    }
}

/// What a service is told beside its configuration. Of a code cache that is not
/// used it is told why.
pub fn options(
    arguments: &PipelineArguments,
    config: &Config,
    told: impl Fn(&dyn Display),
) -> anyhow::Result<Options> {
    let pulls = config.processors.values().any(
        |processor| matches!(processor, Processor::Linkmend(linkmend) if linkmend.is_remote()),
    );
    Ok(Options {
        compiler: arguments.compiling.compiler()?,
        code_cache: arguments.compiling.code_cache(&told),
        rule_cache: pulls
            .then(|| arguments.compiling.rule_cache(&told))
            .flatten(),
        workers: arguments.threads.map(usize::from),
        ..Options::default()
    })
}
