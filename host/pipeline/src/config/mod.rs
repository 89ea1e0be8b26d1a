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
//! | `read` | from files to a configuration |
//! | `root` | the configuration as a whole |
//! | `receivers`, `processors`, `exporters`, `extensions` | the components, a file each |
//! | `service` | pipelines, and what linkmend tells of itself |
//! | `listener`, `grpc`, `http`, `kafka`, `tls`, `sending` | what components have in common |
//! | `components`, `id` | ids, types, what is unknown |
//! | `collector` | the components of the Collector, and what to do with them |
//! | `leave` | what goes with what is left to the Collector |
//! | `check` | what components say together |
//! | `memory` | what their limits allow them to keep |
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
mod memory;
mod processors;
mod read;
mod reader;
mod receivers;
mod root;
mod scalars;
mod secret;
mod sending;
mod service;
mod tls;

pub use endpoint::{Listen, Target, Transport, Url};
pub use exporters::{
    DebugExporter, Exporter, FileExporter, FileFormat, HttpEncoding, KafkaCompression,
    KafkaExporter, KafkaPartitioner, KafkaProducer, KafkaTopic, OtlpGrpcExporter, OtlpHttpExporter,
    Rotation, Verbosity,
};
pub use extensions::{Extension, FileStorage, FlowsPage, HealthCheck, ResponseBody};
pub use fault::{Fault, Faults, RelatedPlace};
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
pub use read::Source;
pub use receivers::{
    Admission, FileCompression, KafkaReceiver, KafkaStrategy, KafkaTopics, MessageMarking,
    OtlpJsonFileReceiver, OtlpReceiver, Receiver, StartAt,
};
pub use root::Config;
pub use secret::{Headers, Secret};
pub use sending::{Batch, Queue, Retry, Sizer};
pub use service::{
    LogEncoding, LogLevel, Logs, Metrics, MetricsLevel, OtlpProtocol, OtlpSender, PeriodicReader,
    Pipeline, Prometheus, Service, Telemetry, TraceExporter,
};
pub use tls::{Tls, TlsVersion};
