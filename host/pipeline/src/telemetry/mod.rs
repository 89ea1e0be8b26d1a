//! What linkmend tells of itself.

pub mod logs;
pub mod metrics;
pub(crate) mod outputs;
pub(crate) mod plain;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::component::SetupError;
use crate::config::Telemetry;

/// Begins to write the log, for the whole process.
///
/// # Errors
///
/// A file of the log cannot be opened, or there is a log already.
pub fn begin(config: &Telemetry) -> Result<(), SetupError> {
    let logs = logs::layer(&config.logs)?;
    let begun = tracing_subscriber::registry().with(logs).try_init();
    begun.map_err(|error| SetupError::new("service.telemetry.logs", error.to_string()))?;
    logs::catch_panics();
    Ok(())
}
