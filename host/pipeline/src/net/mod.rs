//! Sockets, TLS, and what OTLP says on them.

pub(crate) mod client;
pub(crate) mod compress;
pub(crate) mod rpc;
pub(crate) mod tls;
