//! `linkmend validate`, and what `linkmend run` does before it runs.

use std::env;
use std::fs;

use linkmend_pipeline::config::{Config, Id, Pipeline, Source};
use linkmend_pipeline::service::{Options, Service};

use crate::args::{PipelineArguments, ValidateArguments};
use crate::{Exit, cache, say, tell};

/// Runs `linkmend validate`.
pub fn validate(arguments: &ValidateArguments) -> Exit {
    let Some(config) = read(&arguments.pipeline) else {
        return Exit::Usage;
    };
    let ways: Vec<_> = config.service.pipelines.iter().map(way).collect();
    match Service::new(config, &options(&arguments.pipeline)) {
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

/// What a service is told beside its configuration.
pub fn options(arguments: &PipelineArguments) -> Options {
    Options {
        code_cache: cache::directory(arguments.code_cache.as_deref()),
        workers: arguments.threads.map(usize::from),
        ..Options::default()
    }
}
