//! What is to be told of a configuration.

use crate::node::Location;

/// Something that is to be told of a place in a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where it is.
    pub spot: Location,
    /// The path of keys that leads there.
    pub path: String,
    /// What is to be told.
    pub text: String,
}

/// What was found while the environment was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is wrong.
    pub faults: Vec<Finding>,
    /// What may be wrong.
    pub warnings: Vec<Finding>,
}
