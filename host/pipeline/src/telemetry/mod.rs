//! What linkmend tells of itself.

pub mod logs;
pub mod memory;
pub mod metrics;
pub(crate) mod outputs;
pub mod resource;
pub mod traces;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::component::SetupError;
use crate::config::Logs;

use traces::InternalTraces;

/// From now on all that the process says goes into the log, panics too, and its
/// stages into spans of its own.
///
/// # Errors
///
/// A file of the log cannot be opened, or this was done before.
pub fn start(logs: &Logs, own: Option<&InternalTraces>) -> Result<(), SetupError> {
    let subscriber = tracing_subscriber::registry()
        .with(logs::layer(logs)?)
        .with(own.map(InternalTraces::layer));
    subscriber
        .try_init()
        .map_err(|error| SetupError::new("service.telemetry", error.to_string()))?;
    logs::catch_panics();
    Ok(())
}
