//! What the tests share.

use std::env::VarError;
use std::fmt::Write;

use linkmend_pipeline::config::{Config, Exporter, LinkmendProcessor, Processor, Receiver, Source};

/// The environment of the tests.
const ENVIRONMENT: [(&str, &str); 7] = [
    ("HOST", "backend"),
    ("PORT", "4317"),
    ("TOKEN", "Bearer s3cret"),
    ("EMPTY", ""),
    ("YES", "true"),
    ("LIST", "[gzip, zstd]"),
    ("DOLLARS", "a$$b${env:HOST}"),
];

pub fn env(name: &str) -> Result<String, VarError> {
    let found = ENVIRONMENT.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, value)| (*value).to_owned())
        .ok_or(VarError::NotPresent)
}

pub fn sources(texts: &[&str]) -> Vec<Source> {
    let name = |number| match number {
        0 => "linkmend.yaml".to_owned(),
        number => format!("over{number}.yaml"),
    };
    let texts = texts.iter().enumerate();
    texts
        .map(|(number, text)| Source {
            name: name(number),
            text: (*text).to_owned(),
        })
        .collect()
}

#[track_caller]
pub fn read(texts: &[&str]) -> Config {
    match Config::read(&sources(texts), &env) {
        Ok(config) => config,
        Err(faults) => panic!("{faults}"),
    }
}

#[track_caller]
pub fn faults(texts: &[&str]) -> String {
    match Config::read(&sources(texts), &env) {
        Ok(_) => panic!("it was read"),
        Err(faults) => faults.to_string(),
    }
}

/// A configuration with these lines in its exporter, which is `otlp_grpc/x`.
pub fn with_exporter(lines: &str) -> String {
    with("exporters", "otlp_grpc/x", lines)
}

/// A configuration in which one component has these lines; the other two are as
/// short as they can be.
pub fn with(section: &str, id: &str, lines: &str) -> String {
    let lines: Vec<_> = lines.lines().map(|line| format!("    {line}\n")).collect();
    let lines = lines.concat();
    let mut text = format!("{section}:\n  {id}:\n{lines}");
    let mut ids = [
        ("receivers", "otlp", "{otlp: {protocols: {grpc: }}}"),
        ("processors", "linkmend", "{linkmend: }"),
        ("exporters", "debug", "{debug: }"),
    ];
    for (other, used, component) in &mut ids {
        if *other == section {
            *used = id;
        } else {
            writeln!(text, "{other}: {component}").unwrap();
        }
    }
    let [receiver, processor, exporter] = ids.map(|(_, id, _)| id);
    text.push_str("service:\n");
    if section == "extensions" {
        writeln!(text, "  extensions: [{id}]").unwrap();
    }
    writeln!(text, "  pipelines: {{traces: {{receivers: [{receiver}], processors: [{processor}], exporters: [{exporter}]}}}}").unwrap();
    text
}

pub fn receiver<'c>(config: &'c Config, id: &str) -> &'c Receiver {
    &config.receivers[&id.parse().unwrap()]
}

pub fn exporter<'c>(config: &'c Config, id: &str) -> &'c Exporter {
    &config.exporters[&id.parse().unwrap()]
}

pub fn linkmend<'c>(config: &'c Config, id: &str) -> &'c LinkmendProcessor {
    match &config.processors[&id.parse().unwrap()] {
        Processor::Linkmend(processor) => processor,
        other => panic!("{other:?}"),
    }
}

/// Where the traces of a receiver go to.
pub fn consumers(
    next: std::sync::Arc<dyn linkmend_pipeline::traces::Consumer>,
) -> linkmend_pipeline::traces::NextConsumers {
    let consumers = linkmend_pipeline::traces::NextConsumers::default();
    consumers.with(linkmend_pipeline::signal::Signal::Traces, next)
}
