//! Why something could not be measured.

use linkmend::{LoadError, RuleFault};

use super::arm::ArmError;

/// It could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    Input {
        /// The file.
        path: String,
        /// Why.
        error: String,
    },
    /// A rule cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A rule failed: what it costs to fail is not what was asked for.
    #[error("{0}; nothing is measured of a rule that fails, `linkmend rule check` says more")]
    Fault(RuleFault),
    /// A batch cannot be mended.
    #[error("{0}")]
    Arm(ArmError),
}

impl From<ArmError> for BenchError {
    fn from(error: ArmError) -> Self {
        match error.downcast::<RuleFault>() {
            Ok(fault) => Self::Fault(*fault),
            Err(error) => Self::Arm(error),
        }
    }
}
