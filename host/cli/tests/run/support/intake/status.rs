//! `google.rpc.Status`, of our own making.

use std::time::Duration;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct Status {
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, tag = "2")]
    pub message: String,
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Any {
    #[prost(string, tag = "1")]
    pub type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

impl Status {
    pub fn new(code: i32, message: &str, retry: Option<Duration>) -> Self {
        let details = retry.map(|delay| Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".into(),
            value: RetryInfo {
                delay: Some(Delay {
                    seconds: delay.as_secs().try_into().unwrap(),
                    nanos: delay.subsec_nanos().try_into().unwrap(),
                }),
            }
            .encode_to_vec(),
        });
        Self {
            code,
            message: message.into(),
            details: details.into_iter().collect(),
        }
    }
}
