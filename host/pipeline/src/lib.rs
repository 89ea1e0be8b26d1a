//! The pipeline of linkmend.
//!
//! [`config`] is everything that can be known before a port opens; a
//! [`Service`](service::Service) is made of it, and runs.
//!
//! ```text
//! receivers ─► processors ─► exporters        net: sockets, TLS, bodies
//!      each a `Consumer` of `Traces`          telemetry: logs, metrics, own traces
//! ```
#![forbid(unsafe_code)]

pub mod component;
pub mod config;
pub mod exporters;
pub mod extensions;
mod fanout;
mod items;
mod json;
mod kafka;
mod net;
pub mod processors;
pub mod receivers;
pub mod service;
pub mod signal;
mod state;
pub mod telemetry;
pub mod traces;
mod workers;
