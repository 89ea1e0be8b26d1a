//! What a request says.

use std::io::Read as _;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

/// How a request speaks OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Grpc,
    HttpProtobuf,
    HttpJson,
}

impl Protocol {
    pub fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(CONTENT_TYPE).expect("a content type");
        match kind.to_str().unwrap() {
            kind if kind.starts_with("application/grpc") => Self::Grpc,
            "application/x-protobuf" => Self::HttpProtobuf,
            "application/json" => Self::HttpJson,
            other => panic!("no content type of OTLP: {other}"),
        }
    }

    /// What a body has in it.
    pub fn message(self, headers: &HeaderMap, body: &Bytes) -> Vec<u8> {
        match self {
            Self::Grpc => message(text(headers, "grpc-encoding"), body),
            Self::HttpProtobuf | Self::HttpJson => content(headers, body),
        }
    }

    pub fn decode(self, message: &[u8]) -> ExportTraceServiceRequest {
        match self {
            Self::Grpc | Self::HttpProtobuf => ExportTraceServiceRequest::decode(message).unwrap(),
            Self::HttpJson => serde_json::from_slice(message).unwrap(),
        }
    }
}

/// The message of a unary call: one frame, all of the body.
fn message(encoding: &str, body: &[u8]) -> Vec<u8> {
    let (prefix, message) = body.split_at(5);
    let length = u32::from_be_bytes(prefix[1..].try_into().unwrap());
    assert_eq!(message.len(), length as usize, "the length of the message");
    match prefix[0] {
        0 => message.to_vec(),
        1 => decompress(encoding, message),
        flag => panic!("a flag that gRPC does not have: {flag}"),
    }
}

fn content(headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    decompress(text(headers, CONTENT_ENCODING.as_str()), body)
}

fn decompress(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    match encoding {
        "" | "identity" => all.extend_from_slice(body),
        "gzip" => {
            flate2::read::GzDecoder::new(body)
                .read_to_end(&mut all)
                .unwrap();
        }
        "zstd" => all = zstd::decode_all(body).unwrap(),
        other => panic!("an encoding that was not offered: {other}"),
    }
    all
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}
