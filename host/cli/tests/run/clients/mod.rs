//! SDKs of OpenTelemetry through linkmend.

mod fleet;
mod links;
mod refusals;
mod signals;

use crate::support::clients::Client;
use crate::support::clients::Language::{JavaScript, Python};

/// Every SDK by every protocol that it has, half of them with gzip.
pub const ALL: [Client; 5] = [
    Client::new(Python, "grpc", "gzip"),
    Client::new(Python, "http/protobuf", "none"),
    Client::new(JavaScript, "grpc", "none"),
    Client::new(JavaScript, "http/protobuf", "gzip"),
    Client::new(JavaScript, "http/json", "gzip"),
];
