//! What holds where the configuration says nothing, so that no client can hold
//! on to a connection or a request for ever.

use std::time::Duration;

/// Limits that hold where the configuration has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections each port may have; `None`: 20,000, or two fifths
    /// of the files that the process may open, if that is less.
    pub connections: Option<usize>,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long the headers of a request may take to come.
    pub head: Duration,
    /// How long is waited for the next part of a body.
    pub body_part: Duration,
    /// How long a body may take to come.
    pub body: Duration,
    /// How long a client may refuse to take an answer.
    pub write: Duration,
    /// How long a request may still take to come when all ends.
    pub stop: Duration,
    /// How often it is looked whether `client_ca_file` has changed.
    pub client_ca: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: None,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(30),
            body_part: Duration::from_secs(30),
            body: Duration::from_mins(5),
            write: Duration::from_secs(30),
            stop: Duration::from_secs(5),
            client_ca: Duration::from_secs(5),
        }
    }
}
