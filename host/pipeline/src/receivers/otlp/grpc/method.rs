//! The methods that can be called.

use crate::signal::Signal;

/// What a call asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asks {
    /// To take a batch of a signal.
    Export(Signal),
    /// How it is.
    Health(HealthMethod),
}

/// The health service of gRPC.
pub(super) const HEALTH_SERVICE: &str = "grpc.health.v1.Health";

/// A method of the health service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HealthMethod {
    /// How it is now.
    Check,
    /// The same, and each change.
    Watch,
}

impl HealthMethod {
    pub(super) fn of_name(name: &str) -> Option<Self> {
        match name {
            "Check" => Some(Self::Check),
            "Watch" => Some(Self::Watch),
            _ => None,
        }
    }
}
