//! Exporters over sockets.

mod bench;
mod grpc;
mod http;
mod intake;
mod retry;
mod tls;
