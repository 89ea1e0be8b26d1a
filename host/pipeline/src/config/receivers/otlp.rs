//! The receiver `otlp`.

use linkmend_config::Node;

use crate::config::grpc::{self, GrpcServer};
use crate::config::http::{self, HttpServer};
use crate::config::member::{self, Member};
use crate::config::reader::Reader;

/// OTLP over gRPC and HTTP: one of them at least.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OtlpReceiver {
    /// OTLP/gRPC.
    pub grpc: Option<GrpcServer>,
    /// OTLP/HTTP, protobuf and JSON.
    pub http: Option<HttpServer>,
}

pub(in crate::config) static MEMBERS: &[Member<OtlpReceiver>] = &[Member::section(
    "protocols",
    "protocols",
    "(must be given)",
    "The protocols that it speaks: one of them at least.",
    |t, r, n| member::read(r, n, &[PROTOCOLS], t),
)];

pub(in crate::config) static PROTOCOLS: &[Member<OtlpReceiver>] = &[
    Member::section(
        "grpc",
        "grpc server",
        "off",
        "OTLP/gRPC; without content for the defaults.",
        |t, r, n| t.grpc = Some(grpc::server(r, n)),
    ),
    Member::section(
        "http",
        "http server",
        "off",
        "OTLP/HTTP, protobuf and JSON; without content for the defaults.",
        |t, r, n| t.http = Some(http::server(r, n)),
    ),
];

pub(super) fn read(reader: &mut Reader, node: &Node) -> OtlpReceiver {
    let mut receiver = OtlpReceiver::default();
    member::read(reader, node, &[MEMBERS], &mut receiver);
    if receiver == OtlpReceiver::default() {
        let text = "it needs a protocol: give `grpc:`, `http:` or both";
        reader.fault_of(node, "protocols", text);
    }
    receiver
}
