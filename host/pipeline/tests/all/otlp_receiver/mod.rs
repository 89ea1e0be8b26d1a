//! The receiver `otlp`, over real sockets.

mod bounds;
mod connections;
mod cors;
mod grpc;
mod health;
mod http;
mod support;
mod tls;
