//! What the headers of a call say.

use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode};

use tokio::time::Instant;

use super::method::{Asks, HEALTH_SERVICE, HealthMethod};
use super::response::{self, unimplemented};
use crate::config::Encoding;
use crate::net::rpc::{Code, Status};
use crate::net::serve::Reply;
use crate::receivers::otlp::intake::not_taken;
use crate::receivers::otlp::plain;
use crate::signal::Signal;
use crate::traces::NextConsumers;

/// The compressions that are taken, as `grpc-accept-encoding` names them.
pub(super) const ENCODINGS: &str = "identity,gzip,zstd";

/// A call of a method that there is.
pub(super) struct Call {
    pub(super) asks: Asks,
    /// How its message is compressed, if it is.
    pub(super) encoding: Encoding,
    /// How long its sender waits.
    pub(super) timeout: Option<Duration>,
}

/// A call that is answered by its headers.
pub(super) enum Refused {
    /// It is none of OTLP: a probe, a wrong port, another service.
    NotOtlp(Box<Response<Reply>>),
    /// An export that cannot be read.
    Export(Box<Response<Reply>>),
}

impl Call {
    /// Reads the headers; otherwise the answer.
    pub(super) fn new<B>(request: &Request<B>, consumers: &NextConsumers) -> Result<Self, Refused> {
        check_content_type(request.headers()).map_err(Refused::NotOtlp)?;
        if request.method() != Method::POST {
            let mut response = plain::text(StatusCode::METHOD_NOT_ALLOWED, "gRPC uses POST");
            let allow = http::HeaderValue::from_static("POST");
            response.headers_mut().insert(http::header::ALLOW, allow);
            return Err(Refused::NotOtlp(Box::new(response)));
        }
        let asks = asks(request.uri().path(), consumers).map_err(Refused::NotOtlp)?;
        let refused = match asks {
            Asks::Health(_) => Refused::NotOtlp,
            Asks::Export(_) => Refused::Export,
        };
        Ok(Self {
            asks,
            encoding: encoding(request.headers()).map_err(refused)?,
            timeout: timeout(request.headers()).map_err(refused)?,
        })
    }

    /// When its sender waits no more.
    pub(super) fn deadline(&self, begun: Instant) -> Option<Instant> {
        self.timeout.and_then(|timeout| begun.checked_add(timeout))
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

/// What the path names.
fn asks(path: &str, consumers: &NextConsumers) -> Result<Asks, Box<Response<Reply>>> {
    let full = path.strip_prefix('/').unwrap_or(path);
    let (service, method) = full.rsplit_once('/').unwrap_or((full, ""));
    if service == HEALTH_SERVICE {
        let text = "Health has the methods Check and Watch alone";
        let method = HealthMethod::of_name(method);
        return method.map(Asks::Health).ok_or_else(|| unimplemented(text));
    }
    let signal = Signal::ALL.into_iter().find(|one| one.service() == service);
    let Some(signal) = signal else {
        let text = "there are the services of OTLP and grpc.health.v1.Health alone";
        return Err(unimplemented(text));
    };
    if method != "Export" {
        let text = format!("{service} has the method Export alone");
        return Err(unimplemented(&text));
    }
    match consumers.of(signal) {
        Some(_) => Ok(Asks::Export(signal)),
        None => Err(unimplemented(&not_taken(signal))),
    }
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
