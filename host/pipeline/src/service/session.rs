//! All that linkmend tells of itself, from the begin of a run to its end.

use super::own;
use crate::component::SetupError;
use crate::config::Telemetry;
use crate::signal::Signal;
use crate::telemetry;
use crate::telemetry::resource::Resource;
use crate::telemetry::traces::InternalTraces;

/// The log and the spans of linkmend's own.
pub struct Session {
    /// Who linkmend is in them.
    pub resource: Resource,
    own: Option<InternalTraces>,
}

impl Session {
    /// Begins to write the log of the process and, where they are wanted, to
    /// send spans. To be called inside of the runtime.
    ///
    /// # Errors
    ///
    /// A file of the log cannot be opened, or spans cannot be sent; or this was
    /// done before.
    pub fn begin(config: &Telemetry) -> Result<Self, SetupError> {
        let resource = Resource::new(config);
        let mut exporters = Vec::new();
        for exporter in &config.traces {
            let section = "service.telemetry.traces";
            let to = own::exporter(&exporter.sender, Signal::Traces, section)?;
            exporters.push((exporter.clone(), to));
        }
        let own = (!exporters.is_empty()).then(|| InternalTraces::start(exporters, &resource));
        telemetry::start(&config.logs, own.as_ref())?;
        Ok(Self { resource, own })
    }

    /// Sends the spans that are left.
    pub async fn end(self) {
        if let Some(own) = self.own {
            // It blocks; a thread that fails has told so.
            let _ = tokio::task::spawn_blocking(move || own.end()).await;
        }
    }
}
