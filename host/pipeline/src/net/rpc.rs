//! `google.rpc.Status`, as OTLP/HTTP has it in bodies and gRPC in trailers.

use std::time::Duration;

use prost::Message;
use serde::Serialize;

/// The codes of gRPC that OTLP has a meaning for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Code {
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message, Serialize)]
pub(crate) struct Status {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(message, repeated, tag = "3")]
    #[serde(skip)]
    pub(crate) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub(crate) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<ProtoDuration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct ProtoDuration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

impl Status {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code: code as i32,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// Says when the sender may try again.
    #[must_use]
    pub(crate) fn with_retry_delay(mut self, delay: Duration) -> Self {
        let retry = RetryInfo {
            retry_delay: Some(ProtoDuration {
                seconds: i64::try_from(delay.as_secs()).unwrap_or(i64::MAX),
                nanos: i32::try_from(delay.subsec_nanos()).unwrap_or_default(),
            }),
        };
        self.details.push(Any {
            type_url: RETRY_INFO.into(),
            value: retry.encode_to_vec(),
        });
        self
    }

    /// The detail that says when the sender may try again: a `RetryInfo`.
    pub(crate) fn retry_info(&self) -> Option<&[u8]> {
        let detail = self.details.iter().find(|any| any.type_url == RETRY_INFO)?;
        Some(&detail.value)
    }

    /// When the sender may try again, if that is said: `Some(ZERO)` when there
    /// is a `RetryInfo` without a time.
    pub(crate) fn retry_delay(&self) -> Option<Duration> {
        let retry = RetryInfo::decode(self.retry_info()?).ok()?;
        let delay = retry.retry_delay.unwrap_or_default();
        let seconds = u64::try_from(delay.seconds).unwrap_or_default();
        let nanos = u32::try_from(delay.nanos).unwrap_or_default();
        Some(Duration::from_secs(seconds) + Duration::from_nanos(nanos.into()))
    }
}
