//! The receiver `otlp`: OTLP/gRPC and OTLP/HTTP.
//!
//! ```text
//! connection ─► head ─► admission ─► body ─► decompression ─► (JSON) ─► next consumer
//!   net::serve  request   budget    net::body  net::decompress            answer
//! ```
//!
//! Nothing is queued here: a request is answered when what is behind the
//! receiver has taken its batch, and what a batch takes in memory is charged to
//! a budget until then.

mod either;
mod failure;
mod grpc;
mod http;
mod intake;
mod limits;
mod outcome;
mod plain;
mod unpack;

#[cfg(any(test, fuzzing))]
pub use grpc::fuzz;
pub use limits::Limits;

use std::sync::Arc;

use self::intake::Intake;
use self::unpack::Unpacker;
use crate::component::{BoundAddress, Receiver, SetupError, Tasks};
use crate::config::{
    GrpcServer, HttpServer, Id, Listen, MAX_CONCURRENT_STREAMS, OtlpReceiver, Tls,
};
use crate::net::accept::connection_limit;
use crate::net::budget::Budget;
use crate::net::serve::{Handler, Rules, Server};
use crate::net::tls::server::ServerTls;
use crate::telemetry::metrics::{Metrics, ReceiverMetrics};
use crate::traces::{BoxFuture, NextConsumers};

/// A receiver of OTLP that does not listen yet.
pub struct Otlp {
    id: Id,
    limits: Limits,
    budget: Arc<Budget>,
    unpacker: Unpacker,
    grpc: Option<Grpc>,
    http: Option<Http>,
}

struct Grpc {
    config: GrpcServer,
    tls: Option<ServerTls>,
    metrics: ReceiverMetrics,
}

struct Http {
    config: HttpServer,
    settings: http::Settings,
    tls: Option<ServerTls>,
    metrics: ReceiverMetrics,
}

impl Otlp {
    /// Checks a configuration, and reads certificates and keys.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not what it should be.
    pub fn new(id: &Id, config: &OtlpReceiver, metrics: &Metrics) -> Result<Self, SetupError> {
        let section = format!("receivers.{id}.protocols");
        let within = |protocol| {
            let section = format!("{section}.{protocol}");
            move |error: SetupError| error.within(&section)
        };
        let grpc = config.grpc.as_ref().map(|config| {
            Ok(Grpc {
                config: config.clone(),
                tls: tls(config.listener.tls.as_ref())?,
                metrics: metrics.receiver(id, "grpc"),
            })
        });
        let http = config.http.as_ref().map(|config| {
            Ok(Http {
                config: config.clone(),
                settings: http::Settings::new(config)?,
                tls: tls(config.listener.tls.as_ref())?,
                metrics: metrics.receiver(id, "http"),
            })
        });
        Ok(Self {
            id: id.clone(),
            limits: Limits::default(),
            budget: Budget::new(config.request_limit()),
            unpacker: Unpacker::new(),
            grpc: grpc.transpose().map_err(within("grpc"))?,
            http: http.transpose().map_err(within("http"))?,
        })
    }

    /// With other limits than those that hold by default.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    fn intake(
        &self,
        consumers: &NextConsumers,
        metrics: &ReceiverMetrics,
        tasks: &Tasks,
        transport: &'static str,
        limit_key: &'static str,
        include_metadata: bool,
    ) -> Intake {
        consumers.signals().for_each(|signal| metrics.show(signal));
        Intake {
            id: self.id.clone(),
            transport,
            consumers: consumers.clone(),
            metrics: metrics.clone(),
            budget: Arc::clone(&self.budget),
            unpacker: self.unpacker.clone(),
            limits: self.limits,
            stop: tasks.stop.clone(),
            include_metadata,
            limit_key,
        }
    }

    async fn run(mut self, consumers: NextConsumers) -> Result<Tasks, SetupError> {
        let mut tasks = Tasks::default();
        let mut grpc = self.grpc.take().map(|grpc| {
            let limit_key = "max_recv_msg_size_mib";
            let metadata = grpc.config.include_metadata;
            let intake = self.intake(
                &consumers,
                &grpc.metrics,
                &tasks,
                "grpc",
                limit_key,
                metadata,
            );
            Port {
                protocol: "grpc",
                rules: self.grpc_rules(&grpc.config),
                tls: grpc.tls,
                handler: grpc::handler(intake, grpc.config.max_recv_msg_size),
                listen: grpc.config.listener.endpoint,
            }
        });
        let mut http = self.http.take().map(|http| {
            let limit_key = "max_request_body_size";
            let metadata = http.config.include_metadata;
            let intake = self.intake(
                &consumers,
                &http.metrics,
                &tasks,
                "http",
                limit_key,
                metadata,
            );
            Port {
                protocol: "http",
                rules: self.http_rules(&http.config),
                tls: http.tls,
                handler: http::handler(intake, http.settings),
                listen: http.config.listener.endpoint,
            }
        });
        if let (Some(grpc), Some(http)) = (&mut grpc, &mut http) {
            let both = either::handler(Arc::clone(&grpc.handler), Arc::clone(&http.handler));
            grpc.handler = Arc::clone(&both);
            http.handler = both;
        }
        for port in [grpc, http].into_iter().flatten() {
            self.listen(&mut tasks, port).await?;
        }
        Ok(tasks)
    }

    /// Opens a port; when that fails, those that are open are closed.
    async fn listen(&self, tasks: &mut Tasks, port: Port) -> Result<(), SetupError> {
        let protocol = port.protocol;
        let server = Server {
            name: format!("{} ({})", self.id, protocol_name(protocol)),
            tls: port
                .tls
                .map(|tls| Arc::new(tls.with_client_ca_interval(self.limits.client_ca))),
            rules: port.rules,
            handler: port.handler,
        };
        match server.start(&port.listen, tasks).await {
            Ok(addresses) => {
                let bound = addresses
                    .into_iter()
                    .map(|address| BoundAddress { protocol, address });
                tasks.bound.extend(bound);
                Ok(())
            }
            Err(text) => {
                tasks.end().await;
                let path = format!("receivers.{}.protocols.{protocol}.endpoint", self.id);
                Err(SetupError::new(path, text))
            }
        }
    }

    fn rules(&self) -> Rules {
        Rules {
            max_connections: self.limits.connections.unwrap_or_else(connection_limit),
            handshake: self.limits.handshake,
            head: self.limits.head,
            idle: None,
            age: None,
            age_grace: None,
            write: self.limits.write,
            keep_alive: true,
            ping: None,
            max_concurrent_streams: Some(MAX_CONCURRENT_STREAMS),
        }
    }

    fn grpc_rules(&self, config: &GrpcServer) -> Rules {
        let keepalive = &config.keepalive;
        Rules {
            idle: keepalive.max_connection_idle,
            age: keepalive.max_connection_age,
            age_grace: keepalive.max_connection_age_grace,
            ping: Some((keepalive.time, keepalive.timeout)),
            max_concurrent_streams: config.max_concurrent_streams,
            ..self.rules()
        }
    }

    fn http_rules(&self, config: &HttpServer) -> Rules {
        let rules = self.rules();
        let head = config.read_header_timeout.or(config.read_timeout);
        Rules {
            head: head.unwrap_or(rules.head),
            idle: config.idle_timeout.or(config.read_timeout),
            keep_alive: config.keep_alives_enabled,
            write: config.write_timeout.unwrap_or(rules.write),
            ..rules
        }
    }
}

impl Receiver for Otlp {
    fn start(
        self: Box<Self>,
        consumers: NextConsumers,
    ) -> BoxFuture<'static, Result<Tasks, SetupError>> {
        Box::pin(self.run(consumers))
    }
}

struct Port {
    protocol: &'static str,
    rules: Rules,
    tls: Option<ServerTls>,
    handler: Arc<dyn Handler>,
    listen: Listen,
}

fn protocol_name(protocol: &str) -> &'static str {
    if protocol == "grpc" {
        "OTLP/gRPC"
    } else {
        "OTLP/HTTP"
    }
}

fn tls(settings: Option<&Tls>) -> Result<Option<ServerTls>, SetupError> {
    let tls = settings.map(ServerTls::new).transpose();
    tls.map_err(|error| error.within("tls"))
}
