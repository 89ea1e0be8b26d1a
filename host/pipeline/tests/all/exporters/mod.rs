//! Exporters over sockets.

mod batch;
mod bench;
mod grpc;
mod http;
mod intake;
mod queue;
mod retry;
mod storage;
mod storage_gone;
mod storage_loss;
mod tls;
