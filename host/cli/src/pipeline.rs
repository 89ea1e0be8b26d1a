//! `linkmend validate`, and what `linkmend run` does before it runs.

use std::env;
use std::fmt::Display;
use std::fs;

use linkmend_pipeline::config::{Config, Id, Pipeline, Source};
use linkmend_pipeline::service::{Options, Service};

use crate::args::{PipelineArguments, ValidateArguments};
use crate::{Exit, say, tell};

/// Runs `linkmend validate`.
pub fn validate(arguments: &ValidateArguments) -> Exit {
    let Some(config) = read(&arguments.pipeline) else {
        return Exit::Usage;
    };
    let ways: Vec<_> = config.service.pipelines.iter().map(way).collect();
    let options = match options(&arguments.pipeline, |why| tell(why)) {
        Ok(options) => options,
        Err(error) => {
            tell(format_args!("{error:#}"));
            return Exit::Usage;
        }
    };
    match Service::new(config, &options) {
        Ok(_) => {
            ways.iter().for_each(say);
            Exit::Done
        }
        Err(errors) => {
            errors.iter().for_each(tell);
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
    let mut sources = Vec::new();
    for path in &arguments.configs {
        // As the Collector's.
        let path = path.strip_prefix("file:").unwrap_or(path);
        match fs::read_to_string(path) {
            Ok(text) => sources.push(Source {
                name: path.into(),
                text,
            }),
            Err(error) => tell(format_args!(
                "cannot read the configuration {path}: {error}"
            )),
        }
    }
    if sources.len() < arguments.configs.len() {
        return None;
    }
    match Config::read(&sources, &|name| env::var(name)) {
        Ok(config) => {
            for warning in &config.warnings {
                tell(format_args!("warning: {warning}"));
            }
            Some(config)
        }
        Err(faults) => {
            tell(format_args!("the configuration cannot be used:\n{faults}"));
            None
        }
    }
}

/// What a service is told beside its configuration. Of a code cache that is not
/// used it is told why.
pub fn options(
    arguments: &PipelineArguments,
    told: impl FnOnce(&dyn Display),
) -> anyhow::Result<Options> {
    Ok(Options {
        compiler: arguments.compiling.compiler()?,
        code_cache: arguments.compiling.code_cache(told),
        workers: arguments.threads.map(usize::from),
        ..Options::default()
    })
}
