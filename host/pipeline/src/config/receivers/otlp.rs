//! The receiver `otlp`.

use linkmend_config::Node;

use crate::config::grpc::{self, GrpcServer};
use crate::config::http::{self, HttpServer};
use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::integer;

/// OTLP over gRPC and HTTP: one of them at least.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OtlpReceiver {
    /// OTLP/gRPC.
    pub grpc: Option<GrpcServer>,
    /// OTLP/HTTP, protobuf and JSON.
    pub http: Option<HttpServer>,
    /// How much is let in.
    pub admission: Admission,
}

/// How much is admitted at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admission {
    /// The bytes that requests may take together; `None`: as
    /// [`OtlpReceiver::request_limit`] has it.
    pub request_limit: Option<u64>,
}

/// What requests may take together when nothing is said.
const REQUEST_LIMIT: u64 = 40 << 20;

impl OtlpReceiver {
    /// The bytes that requests may take together.
    pub fn request_limit(&self) -> u64 {
        let given = self.admission.request_limit;
        // As it comes, and decompressed.
        given.unwrap_or_else(|| REQUEST_LIMIT.max(self.largest_request().saturating_mul(2)))
    }

    fn largest_request(&self) -> u64 {
        let grpc = self.grpc.as_ref().map(|grpc| grpc.max_recv_msg_size);
        let http = self.http.as_ref().map(|http| http.max_request_body_size);
        grpc.max(http).unwrap_or_default()
    }
}

pub(in crate::config) static MEMBERS: &[Member<OtlpReceiver>] = &[
    Member::section(
        "protocols",
        "protocols",
        "(must be given)",
        "The protocols that it speaks; at least one.",
        |t, r, n| member::read(r, n, &[PROTOCOLS], t),
    ),
    Member::section(
        "admission",
        "admission",
        "on",
        "How much is admitted at once.",
        |t, r, n| member::read(r, n, &[ADMISSION], &mut t.admission),
    ),
];

pub(in crate::config) static ADMISSION: &[Member<Admission>] = &[Member::value(
    "request_limit_mib",
    "null",
    "a number of MiB above 0",
    "What all requests may take in memory together, from their first byte until they are \
     answered; a request beyond that is refused, to be sent again. 40 when none is given, or \
     twice the largest request, if that is more. (The Collector has this key in its receiver \
     `otelarrow`.)",
    |t, n| integer(n, 1, u32::MAX.into()).map(|v| t.request_limit = Some(v << 20)),
)];

pub(in crate::config) static PROTOCOLS: &[Member<OtlpReceiver>] = &[
    Member::section(
        "grpc",
        "grpc server",
        "off",
        "OTLP/gRPC; leave it empty for the defaults.",
        |t, r, n| t.grpc = Some(grpc::server(r, n)),
    ),
    Member::section(
        "http",
        "http server",
        "off",
        "OTLP/HTTP, protobuf and JSON; leave it empty for the defaults.",
        |t, r, n| t.http = Some(http::server(r, n)),
    ),
];

pub(super) fn read(reader: &mut Reader, node: &Node) -> OtlpReceiver {
    let mut receiver = OtlpReceiver::default();
    member::read(reader, node, &[MEMBERS], &mut receiver);
    if receiver.grpc.is_none() && receiver.http.is_none() {
        let text = "it needs a protocol: give `grpc:`, `http:` or both";
        reader.fault_of(node, "protocols", text);
    }
    let largest = receiver.largest_request();
    if receiver.request_limit() < largest {
        let text = format!(
            "requests may have {largest} bytes (`max_recv_msg_size_mib`, \
             `max_request_body_size`), and would never be let in; give twice that"
        );
        let admission = node.get("admission").unwrap_or(node);
        reader.within("admission", |reader| {
            reader.fault_of(admission, "request_limit_mib", text);
        });
    }
    receiver
}
