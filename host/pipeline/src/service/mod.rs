//! A configuration that runs.
//!
//! ```text
//! Service::new    everything is made and checked; nothing is opened
//! Service::start  exporters, then processors, then receivers: who takes first
//! Running::stop   receivers, then processors, then exporters: nothing is left behind
//! ```

mod build;
mod components;
mod options;
mod own;
mod periodic;
mod running;
mod session;

use crate::component::SetupError;
use crate::config::Config;

pub use components::Service;
pub use options::Options;
pub use running::{Running, ShutdownTimeout};
pub use session::Session;

pub use crate::state::StateDirectory;

/// What is wrong with the rules of a configuration that cannot be used for other
/// reasons, so that all is told at once.
#[must_use]
pub fn faults_of_rules(config: &Config, options: &Options) -> Vec<SetupError> {
    build::faults_of_rules(config, options)
}
