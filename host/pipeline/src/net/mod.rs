//! Sockets, TLS, and what OTLP says on them.

pub(crate) mod rpc;
pub(crate) mod tls;
