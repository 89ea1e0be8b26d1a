//! Sockets, TLS, and what OTLP says on them.

pub(crate) mod accept;
pub(crate) mod body;
pub(crate) mod budget;
pub(crate) mod client;
pub(crate) mod compress;
pub(crate) mod decompress;
pub(crate) mod listen;
pub(crate) mod rpc;
pub(crate) mod serve;
pub(crate) mod tls;
pub(crate) mod web;
