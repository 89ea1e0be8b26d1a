//! Errors of the libraries, for a command to say.

use std::fmt::Display;

use anyhow::anyhow;

/// The errors of the libraries say their causes themselves.
pub fn whole(error: impl Display) -> anyhow::Error {
    anyhow!("{error}")
}
