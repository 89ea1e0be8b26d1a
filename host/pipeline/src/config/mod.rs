//! The configuration of `linkmend run`: the Collector's YAML.
//!
//! ```
//! use linkmend_pipeline::config::{Config, Source};
//!
//! let text = "
//! receivers: {otlp: {protocols: {grpc: }}}
//! processors: {linkmend: }
//! exporters: {otlp_grpc: {endpoint: 'backend:4317'}}
//! service:
//!   pipelines:
//!     traces: {receivers: [otlp], processors: [linkmend], exporters: [otlp_grpc]}
//! ";
//! let source = Source { name: "linkmend.yaml".into(), text: text.into() };
//! let config = Config::read(&[source], &|name| std::env::var(name)).unwrap();
//! assert_eq!(config.service.pipelines.len(), 1);
//! ```
//!
//! Whatever can be known without opening a port, a file or a rule is checked
//! here, and all that is wrong is told together. What comes out is plain data,
//! in which every key has its value or its default.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `receivers`, `processors`, `exporters`, `extensions` | the components, a file each |
//! | `service` | pipelines, and what linkmend tells of itself |
//! | `listener`, `grpc`, `http`, `kafka`, `tls`, `sending` | what components have in common |
//! | `components`, `id` | ids, types, what is unknown |
//! | `collector` | the components of the Collector, and what to do with them |
//! | `leave` | what goes with what is left to the Collector |
//! | `check` | what components say together |
//! | `batching` | the processor `batch`, done by exporters |
//! | `member` | sections as tables: what is read, refused, documented |
//! | `reader` | what is found on the way, and the path there |
//! | `scalars`, `endpoint`, `secret` | values |
//! | `fault` | what is told |
//! | `manual` | the tables of the manual |

mod batching;
mod check;
mod collector;
mod components;
mod endpoint;
mod exporters;
mod extensions;
mod fault;
mod grpc;
mod http;
mod id;
mod kafka;
mod leave;
mod listener;
mod manual;
mod member;
mod processors;
mod reader;
mod receivers;
mod scalars;
mod secret;
mod sending;
mod service;
mod tls;

use std::collections::BTreeMap;
use std::env::VarError;
use std::path::Path;

use linkmend_config::{Finding, Findings, Layers, Node, Place, Spot};

pub use endpoint::{Listen, Target, Transport, Url};
pub use exporters::{
    DebugExporter, Exporter, FileExporter, FileFormat, HttpEncoding, KafkaCompression,
    KafkaExporter, KafkaPartitioner, KafkaProducer, KafkaTopic, OtlpGrpcExporter, OtlpHttpExporter,
    Rotation, Verbosity,
};
pub use extensions::{Extension, FileStorage, FlowsPage, HealthCheck, ResponseBody};
pub use fault::{Elsewhere, Fault, Faults};
pub(crate) use grpc::MAX_CONCURRENT_STREAMS;
pub use grpc::{ClientKeepalive, GrpcClient, GrpcCompression, GrpcServer, ServerKeepalive};
pub use http::{Cors, Encoding, HttpClient, HttpServer};
pub use id::{BadId, Id};
pub use kafka::{KafkaClient, KafkaEncoding, KafkaSasl, SaslMechanism};
pub use listener::Listener;
pub use manual::{Table, tables};
pub use processors::{
    BatchProcessor, Flows, Hold, Index, LinkmendProcessor, MemoryLimiter, Processor, Redis,
    RuleConfig, RuleSource, Scope,
};
pub use receivers::{
    Admission, FileCompression, KafkaReceiver, KafkaStrategy, KafkaTopics, Marking,
    OtlpJsonFileReceiver, OtlpReceiver, Receiver, StartAt,
};
pub use secret::{Headers, Secret};
pub use sending::{Batch, Queue, Retry, Sizer};
pub use service::{
    LogEncoding, LogLevel, Logs, Metrics, MetricsLevel, OtlpProtocol, OtlpSender, PeriodicReader,
    Pipeline, Prometheus, Service, Telemetry, TraceExporter,
};
pub use tls::{Tls, TlsVersion};

use leave::Left;
use reader::{Reader, is_below};
use service::Known;

/// A file of a configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// What it is called in messages: its path.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl std::fmt::Debug for Source {
    /// Without the text, which may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// The configuration of `linkmend run`.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where traces come from.
    pub receivers: BTreeMap<Id, Receiver>,
    /// What is done with them.
    pub processors: BTreeMap<Id, Processor>,
    /// Where they go.
    pub exporters: BTreeMap<Id, Exporter>,
    /// What is not on their way.
    pub extensions: BTreeMap<Id, Extension>,
    /// How these are joined.
    pub service: Service,
    /// What may be wrong, to be told to the user.
    pub warnings: Vec<Fault>,
    files: Vec<String>,
    /// What it was read from.
    root: Option<Node>,
}

impl Config {
    /// Reads a configuration from one or more files: what a later one says
    /// holds. `env` is the environment, `&|name| std::env::var(name)` for one.
    ///
    /// # Errors
    ///
    /// When anything is wrong, all of it.
    pub fn read(
        sources: &[Source],
        env: &dyn Fn(&str) -> Result<String, VarError>,
    ) -> Result<Self, Faults> {
        match Self::examine(sources, env) {
            (Some(config), Faults(faults)) if faults.is_empty() => Ok(config),
            (_, faults) => Err(faults),
        }
    }

    /// The same, and what of it can be read although something is wrong: whoever
    /// wants to tell all of that can look at rules and certificates, too.
    pub fn examine(
        sources: &[Source],
        env: &dyn Fn(&str) -> Result<String, VarError>,
    ) -> (Option<Self>, Faults) {
        let files: Vec<_> = sources.iter().map(|source| source.name.clone()).collect();
        let (layers, findings) = match layers(sources, env) {
            Ok(read) => read,
            // What the rest says is not known then.
            Err(findings) => return (None, Faults(told(with_reasons(findings), &files))),
        };
        let Some(root) = layers.root() else {
            return (None, Faults(told(with_reasons(findings), &files)));
        };
        let of_values = findings.faults.clone();
        let mut reader = Reader::new(findings);
        let config = read(&mut reader, root);
        // What could not be read is nothing, and told of already.
        reader.retain_from(of_values.len(), |fault| {
            let mut of_values = of_values.iter();
            !of_values.any(|value| follows(fault, value))
        });
        let (findings, named) = reader.into_findings();
        let warnings = told(findings.warnings.clone(), &files);
        let mut faults = told(with_reasons(findings), &files);
        for fault in &mut faults {
            let places = named.get(&fault.path).into_iter().flatten();
            let places = places.map(|(spot, path)| Elsewhere::new(*spot, path, &files));
            fault.also = places.collect();
        }
        let faults = Faults(faults);
        let mut config = Self {
            warnings,
            files,
            root: Some(root.clone()),
            ..config
        };
        config.place_rules();
        (Some(config), faults)
    }

    /// Lets the paths of rules begin where the file is that names them.
    fn place_rules(&mut self) {
        for (id, processor) in &mut self.processors {
            let spot = self
                .root
                .as_ref()
                .map(|root| root.find(&format!("processors.{id}.rule")));
            let file = spot
                .and_then(|spot| self.files.get(spot.file))
                .map(Path::new);
            if let (Processor::Linkmend(processor), Some(file)) = (processor, file)
                && file.is_file()
            {
                processor.folder = file.parent().map(Path::to_owned);
            }
        }
    }

    /// What is wrong with something that a path of keys leads to, with the file
    /// and the line of the last key on the way that is there.
    pub fn fault(&self, path: &str, text: &str) -> Option<Fault> {
        let root = self.root.as_ref().filter(|_| !path.is_empty())?;
        let spot = root.find(path);
        let finding = Finding {
            spot,
            path: path.into(),
            text: text.into(),
        };
        Some(Fault::new(finding, &self.files))
    }

    /// What the files of the configuration are called.
    pub(crate) fn files(&self) -> &[String] {
        &self.files
    }

    /// The file and the line of a place in the configuration of a rule, for what
    /// the rule says of it: `text` begins with a path such as `recipes[0].name`.
    pub fn rule_fault(&self, id: &Id, text: &str) -> Option<Fault> {
        let Some(Processor::Linkmend(processor)) = self.processors.get(id) else {
            return None;
        };
        let (path, text) = text.split_once(": ").unwrap_or(("", text));
        let spot = processor.config.place(path)?;
        let dot = if path.is_empty() { "" } else { "." };
        let finding = Finding {
            spot,
            path: format!("processors.{id}.config{dot}{path}"),
            text: text.into(),
        };
        Some(Fault::new(finding, &self.files))
    }
}

/// Whether something is told only since a value in it could not be read.
fn follows(fault: &Finding, value: &Finding) -> bool {
    let is_of_value = is_below(&value.path, &fault.path) && fault.text.contains("is nothing");
    fault.spot == value.spot || is_of_value
}

/// All files together, with what the environment says.
fn layers(
    sources: &[Source],
    env: &dyn Fn(&str) -> Result<String, VarError>,
) -> Result<(Layers, Findings), Findings> {
    let mut layers = Layers::default();
    let mut faults = Vec::new();
    for (file, source) in sources.iter().enumerate() {
        if let Err(error) = layers.add(&source.text) {
            faults.push(Finding {
                spot: Spot {
                    file,
                    place: error.place,
                },
                path: String::new(),
                text: error.text,
            });
        }
    }
    if sources.is_empty() {
        let place = Place { line: 1, column: 1 };
        faults.push(Finding {
            spot: Spot { file: 0, place },
            path: String::new(),
            text: "there is no file".into(),
        });
    }
    if faults.is_empty() {
        let findings = layers.expand(env);
        Ok((layers, findings))
    } else {
        Err(Findings {
            faults,
            warnings: Vec::new(),
        })
    }
}

/// What is wrong, and what may be why: a variable that is not set.
fn with_reasons(findings: Findings) -> Vec<Finding> {
    let Findings { faults, warnings } = findings;
    // It stands where the fault is, or below the section that is at fault.
    let is_reason = |warning: &Finding| {
        faults.iter().any(|fault| {
            let is_inside = is_below(&warning.path, &fault.path) && !fault.path.is_empty();
            fault.spot == warning.spot || is_inside
        })
    };
    let mut all: Vec<_> = warnings.into_iter().filter(is_reason).collect();
    all.extend(faults);
    all
}

fn told(mut findings: Vec<Finding>, files: &[String]) -> Vec<Fault> {
    findings.sort();
    findings.dedup();
    let faults = findings.into_iter();
    faults.map(|finding| Fault::new(finding, files)).collect()
}

const SECTIONS: [&str; 5] = [
    "receivers",
    "processors",
    "exporters",
    "extensions",
    "service",
];

fn read(reader: &mut Reader, root: &Node) -> Config {
    for (key, node) in root.members() {
        // Connectors are told of one by one.
        if !SECTIONS.contains(&key.as_str()) && key != "connectors" {
            let text = member::unknown(key, &SECTIONS);
            reader.within(key, |reader| reader.fault(node.spot, text));
        }
    }
    let receivers = components::read(reader, root, &receivers::KIND);
    let processors = components::read(reader, root, &processors::KIND);
    let exporters = components::read(reader, root, &exporters::KIND);
    let extensions = components::read(reader, root, &extensions::KIND);
    let connectors = leave::connectors(reader, root);
    let known = Known {
        connectors: &connectors,
        receivers: &receivers.spots,
        processors: &processors.spots,
        exporters: &exporters.spots,
        extensions: &extensions.spots,
    };
    let (service, used) = service::read(reader, root, &known);
    let mut config = Config {
        receivers: receivers.components,
        processors: processors.components,
        exporters: exporters.components,
        extensions: extensions.components,
        service,
        warnings: Vec::new(),
        files: Vec::new(),
        root: None,
    };
    let left = Left {
        receivers: receivers.left,
        processors: processors.left,
        exporters: exporters.left,
        extensions: extensions.left,
        connectors: connectors.clone(),
    };
    if root.get("service").is_some() {
        leave::tell(reader, root, (&known, &used), &left, &config);
    }
    check::signals(reader, root, &config);
    check::storages(reader, root, &config);
    check::metadata(reader, root, &config);
    check::addresses(reader, root, &config);
    check::files(reader, root, &config);
    batching::apply(reader, root, &mut config);
    config
}
