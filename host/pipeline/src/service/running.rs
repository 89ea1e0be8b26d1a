//! A service that runs, and how it ends.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::components::{Processor, Service};
use super::{build, periodic};
use crate::component::{Exporter, SetupError, Tasks};
use crate::config::{Config, Id};
use crate::extensions::flows::FlowsServer;
use crate::extensions::health_check::{Health, HealthCheck};
use crate::net::web::serve_page;
use crate::processors::linkmend::Stage;
use crate::telemetry::metrics::Metrics;
use crate::workers::Workers;

const METRICS: &str = "service.telemetry.metrics.readers";

/// A service that runs. To be ended by [`Self::stop`]: what is dropped instead
/// loses what is on its way.
pub struct Running {
    health: Arc<Health>,
    receivers: Vec<Tasks>,
    /// By pipeline, in the order in which batches pass them.
    stages: Vec<Vec<Arc<Stage>>>,
    processing: Tasks,
    processors: BTreeMap<Id, Processor>,
    exporters: BTreeMap<Id, Arc<dyn Exporter>>,
    /// Metrics that are sent: to the end, so that they tell of it.
    pushing: Tasks,
    /// Health checks and metrics.
    serving: Vec<Tasks>,
    /// Where it listens, by what: `receivers.otlp.grpc`.
    pub addresses: Vec<(String, SocketAddr)>,
}

/// Not everything ended in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} did not end within {deadline:?}: what was on its way may be lost, or come twice")]
pub struct ShutdownTimeout {
    /// What still ran.
    pub what: &'static str,
    /// The time that there was.
    pub deadline: Duration,
}

impl Service {
    /// Opens everything, those first that others hand their batches to. To be
    /// called inside of a runtime.
    ///
    /// # Errors
    ///
    /// When something cannot be opened: a port is in use, a file cannot be
    /// written.
    pub async fn start(self) -> Result<Running, SetupError> {
        let workers = Workers::start(self.workers * self.waiting())
            .map_err(|error| SetupError::new("", format!("cannot start threads: {error}")))?;
        let mut running = Running {
            health: Arc::new(Health::default()),
            receivers: Vec::new(),
            stages: Vec::new(),
            processing: Tasks::default(),
            processors: self.processors,
            exporters: self.exporters,
            pushing: Tasks::default(),
            serving: Vec::new(),
            addresses: Vec::new(),
        };
        running
            .serve(&self.config, &self.metrics, self.health_checks, self.flows)
            .await?;
        for exporter in running.exporters.values() {
            exporter.start().await?;
        }
        let mut ways = BTreeMap::new();
        for (id, pipeline) in &self.config.service.pipelines {
            let tasks = &running.processing;
            let exporters = &running.exporters;
            let way = build::way(
                id,
                pipeline,
                &running.processors,
                exporters,
                &workers,
                tasks,
            )?;
            running.stages.push(way.stages.clone());
            ways.insert(id.clone(), way);
        }
        for processor in running.processors.values() {
            if let Processor::Linkmend(linkmend) = processor {
                linkmend.watch(&running.processing);
            }
        }
        for (id, receiver) in self.receivers {
            let consumers = build::consumers(&id, &self.config, &ways);
            let started = receiver.start(consumers).await?;
            for bound in &started.bound {
                let name = format!("receivers.{id}.{}", bound.protocol);
                running.addresses.push((name, bound.address));
            }
            running.receivers.push(started);
        }
        let readers = self.config.service.telemetry.metrics.periodic();
        running.pushing = periodic::start(readers, &self.metrics, METRICS)?;
        running.health.set_ready(true);
        tracing::info!("everything is ready");
        Ok(running)
    }
}

/// So many threads share a processor where batches wait for a store.
const WAITING: usize = 4;

impl Service {
    /// How many threads there are for a processor.
    fn waiting(&self) -> usize {
        let mut processors = self.processors.values();
        let waits = processors.any(|processor| match processor {
            Processor::Linkmend(linkmend) => linkmend.may_wait(),
            Processor::MemoryLimiter(_) => false,
        });
        if waits { WAITING } else { 1 }
    }
}

impl Running {
    /// Serves metrics and health.
    async fn serve(
        &mut self,
        config: &Config,
        metrics: &Arc<Metrics>,
        health_checks: Vec<HealthCheck>,
        flows: Vec<FlowsServer>,
    ) -> Result<(), SetupError> {
        if let Some(listen) = config.service.telemetry.metrics.listen() {
            let metrics = Arc::clone(metrics);
            let page = move || (Metrics::CONTENT_TYPE, metrics.text().into());
            let tasks = Tasks::default();
            let served = serve_page("metrics", &listen, None, "/metrics", page, &tasks).await;
            let addresses = served.map_err(|text| SetupError::new(METRICS, text))?;
            let named = addresses
                .into_iter()
                .map(|address| (METRICS.into(), address));
            self.addresses.extend(named);
            self.serving.push(tasks);
        }
        for page in flows {
            let name = format!("extensions.{}", page.id());
            let (tasks, addresses) = page.start().await?;
            let named = addresses.into_iter().map(|address| (name.clone(), address));
            self.addresses.extend(named);
            self.serving.push(tasks);
        }
        for check in health_checks {
            let name = format!("extensions.{}", check.id());
            let tasks = check.start(Arc::clone(&self.health)).await?;
            let addresses = tasks
                .bound
                .iter()
                .map(|bound| (name.clone(), bound.address));
            self.addresses.extend(addresses);
            self.serving.push(tasks);
        }
        Ok(())
    }

    /// Takes no more, sends on what was taken, and ends.
    ///
    /// # Errors
    ///
    /// When that takes longer than `deadline`.
    pub async fn stop(self, deadline: Duration) -> Result<(), ShutdownTimeout> {
        self.health.set_ready(false);
        let mut ending = "the receivers";
        let ended = tokio::time::timeout(deadline, self.end(&mut ending)).await;
        ended.map_err(|_| ShutdownTimeout {
            what: ending,
            deadline,
        })
    }

    async fn end(&self, ending: &mut &'static str) {
        for receiver in &self.receivers {
            receiver.stop.cancel();
        }
        // Senders wait for held spans: they go before the receivers can end.
        *ending = "the processors";
        for stages in &self.stages {
            for stage in stages {
                Arc::clone(stage).drain().await;
            }
        }
        *ending = "the receivers";
        for receiver in &self.receivers {
            receiver.end().await;
        }
        *ending = "the processors";
        self.processing.end().await;
        for processor in self.processors.values() {
            if let Processor::Linkmend(linkmend) = processor {
                linkmend.end().await;
            }
        }
        *ending = "the exporters";
        for exporter in self.exporters.values() {
            exporter.stop().await;
        }
        *ending = "the readers of metrics";
        self.pushing.end().await;
        *ending = "the servers of metrics and health";
        for serving in &self.serving {
            serving.end().await;
        }
    }
}
