//! What the headers of a call say.

use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode};

use super::response::{self, unimplemented};
use crate::config::Encoding;
use crate::net::rpc::{Code, Status};
use crate::net::serve::Reply;
use crate::receivers::otlp::plain;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// The compressions that are taken, as `grpc-accept-encoding` names them.
pub(super) const ENCODINGS: &str = "identity,gzip,zstd";

/// A call of the one method that there is.
pub(super) struct Call {
    /// How its message is compressed, if it is.
    pub(super) encoding: Encoding,
    /// How long its sender waits.
    pub(super) timeout: Option<Duration>,
}

impl Call {
    /// Reads the headers; otherwise the answer.
    pub(super) fn new<B>(request: &Request<B>) -> Result<Self, Box<Response<Reply>>> {
        check_content_type(request.headers())?;
        if request.method() != Method::POST {
            let mut response = plain::text(StatusCode::METHOD_NOT_ALLOWED, "gRPC uses POST");
            let allow = http::HeaderValue::from_static("POST");
            response.headers_mut().insert(http::header::ALLOW, allow);
            return Err(Box::new(response));
        }
        check_path(request.uri().path())?;
        Ok(Self {
            encoding: encoding(request.headers())?,
            timeout: timeout(request.headers())?,
        })
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Box<Response<Reply>>> {
    let given = headers.get(http::header::CONTENT_TYPE);
    let given = given.map_or(&b""[..], |given| given.as_bytes());
    let given = given.split(|byte| *byte == b';').next().unwrap_or_default();
    let given = given.trim_ascii().to_ascii_lowercase();
    match given.strip_prefix(b"application/grpc") {
        Some(b"" | b"+proto") => Ok(()),
        Some(subtype) if subtype.starts_with(b"+") => Err(unimplemented(
            "messages are taken as protobuf alone (`application/grpc`)",
        )),
        _ => Err(Box::new(plain::text(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "this port speaks OTLP/gRPC (`content-type: application/grpc`); OTLP/HTTP has its own \
             port (`protocols.http`, 4318 by default)",
        ))),
    }
}

fn check_path(path: &str) -> Result<(), Box<Response<Reply>>> {
    if path == EXPORT {
        return Ok(());
    }
    let service = path.rsplit_once('/').map_or(path, |(service, _)| service);
    let text = match service {
        "/opentelemetry.proto.collector.metrics.v1.MetricsService"
        | "/opentelemetry.proto.collector.logs.v1.LogsService"
        | "/opentelemetry.proto.collector.profiles.v1development.ProfilesService" => {
            "linkmend takes traces only; send other signals to a Collector"
        }
        "/opentelemetry.proto.collector.trace.v1.TraceService" => {
            "TraceService has the method Export alone"
        }
        _ => "there is TraceService of OTLP alone",
    };
    Err(unimplemented(text))
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Box<Response<Reply>>> {
    let given = headers.get("grpc-encoding");
    match given.map_or(&b"identity"[..], |given| given.as_bytes()) {
        b"identity" => Ok(Encoding::Identity),
        b"gzip" => Ok(Encoding::Gzip),
        b"zstd" => Ok(Encoding::Zstd),
        other => {
            let other = String::from_utf8_lossy(other);
            let text = format!("the compression `{other}` is not taken, but {ENCODINGS}");
            let mut response = unimplemented(&text);
            let accepted = http::HeaderValue::from_static(ENCODINGS);
            response
                .headers_mut()
                .insert("grpc-accept-encoding", accepted);
            Err(response)
        }
    }
}

/// `grpc-timeout`: up to eight digits and a unit.
fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Box<Response<Reply>>> {
    let Some(given) = headers.get("grpc-timeout") else {
        return Ok(None);
    };
    let parsed = given.to_str().ok().and_then(parse_timeout);
    parsed.map(Some).ok_or_else(|| {
        let text = "`grpc-timeout` is malformed";
        Box::new(response::status(&Status::new(Code::Internal, text)))
    })
}

fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let value: u64 = digits
        .parse()
        .ok()
        .filter(|_| are_digits && digits.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_secs(value * 3600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_those_of_grpc() {
        for (text, expected) in [
            ("1H", Some(Duration::from_hours(1))),
            ("2M", Some(Duration::from_mins(2))),
            ("10S", Some(Duration::from_secs(10))),
            ("99999999m", Some(Duration::from_millis(99_999_999))),
            ("5u", Some(Duration::from_micros(5))),
            ("7n", Some(Duration::from_nanos(7))),
            ("100000000m", None),
            ("", None),
            ("S", None),
            ("+1S", None),
            ("1s", None),
            ("1\u{b5}", None),
        ] {
            assert_eq!(parse_timeout(text), expected, "{text}");
        }
    }
}
