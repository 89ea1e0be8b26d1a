//! What the head of a request says.

use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::answer::{self, Form};
use super::settings::Settings;
use crate::config::Encoding;
use crate::net::rpc::Code;
use crate::net::serve::Reply;
use crate::receivers::otlp::intake::not_taken;
use crate::receivers::otlp::plain;
use crate::signal::Signal;
use crate::traces::NextConsumers;

/// A request to take a batch.
pub(super) struct Call {
    pub(super) signal: Signal,
    pub(super) form: Form,
    pub(super) encoding: Encoding,
    /// How long the body is, where that is said.
    pub(super) length: Option<u64>,
}

/// A request that is answered by its head.
pub(super) enum Refused {
    /// One of gRPC.
    OtherProtocol,
    /// No export: a probe, a wrong path.
    NotOtlp(Box<Response<Reply>>),
    /// An export that cannot be read.
    Export(Box<Response<Reply>>),
}

impl Call {
    pub(super) fn new<B>(
        request: &Request<B>,
        settings: &Settings,
        consumers: &NextConsumers,
    ) -> Result<Self, Refused> {
        let headers = request.headers();
        let kind = media_type(headers);
        if kind.starts_with("application/grpc") {
            return Err(Refused::OtherProtocol);
        }
        let signal = signal(request.uri().path(), settings, consumers);
        let signal = signal.map_err(Refused::NotOtlp)?;
        if request.method() != Method::POST {
            let mut response = text_answer(
                StatusCode::METHOD_NOT_ALLOWED,
                "405 method not allowed, supported: [POST]",
            );
            let allow = HeaderValue::from_static("POST");
            response.headers_mut().insert(ALLOW, allow);
            return Err(Refused::NotOtlp(response));
        }
        let form = match kind.as_str() {
            "application/x-protobuf" => Form::Protobuf,
            "application/json" => Form::Json,
            _ => {
                let text = "415 unsupported media type, supported: [application/json, \
                            application/x-protobuf]";
                let response = text_answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
                return Err(Refused::Export(response));
            }
        };
        let encoding = encoding(headers, settings, form).map_err(Refused::Export)?;
        let length = headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: u64| length > settings.max_size) {
            return Err(Refused::Export(too_large(settings.max_size, form)));
        }
        Ok(Self {
            signal,
            form,
            encoding,
            length,
        })
    }
}

/// Without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let given = headers.get(CONTENT_TYPE);
    let given = given.map_or(&b""[..], |given| given.as_bytes());
    let kind = given.split(|byte| *byte == b';').next().unwrap_or_default();
    String::from_utf8_lossy(kind.trim_ascii()).to_ascii_lowercase()
}

/// What is taken at a path.
fn signal(
    path: &str,
    settings: &Settings,
    consumers: &NextConsumers,
) -> Result<Signal, Box<Response<Reply>>> {
    let is_it = |other: &str| path == other || without_slashes(path).eq(without_slashes(other));
    let known = settings.paths.iter().find(|(_, other)| is_it(other));
    let text = match known {
        Some((signal, _)) if consumers.of(*signal).is_some() => return Ok(*signal),
        Some((signal, _)) => not_taken(*signal),
        None => elsewhere(path, settings, consumers),
    };
    let text = format!("404 page not found: {text}");
    Err(text_answer(StatusCode::NOT_FOUND, text))
}

/// Where what is to be sent where.
fn elsewhere(path: &str, settings: &Settings, consumers: &NextConsumers) -> String {
    let taken = settings.paths.iter();
    let taken = taken.filter(|(signal, _)| consumers.of(*signal).is_some());
    let places = taken
        .clone()
        .map(|(signal, at)| format!("{signal} are taken at {at}"));
    let places = places.collect::<Vec<_>>().join(", ");
    if taken
        .clone()
        .any(|(_, at)| path.matches(at.as_str()).count() > 1)
    {
        format!("{places}; senders add that to their endpoint by themselves: leave it away there")
    } else {
        places
    }
}

/// The steps of a path. An endpoint that ends in a slash makes senders write two
/// of them; some add one to the end.
fn without_slashes(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|step| !step.is_empty())
}

fn encoding(
    headers: &HeaderMap,
    settings: &Settings,
    form: Form,
) -> Result<Encoding, Box<Response<Reply>>> {
    let given = headers.get(CONTENT_ENCODING);
    let given = given.map_or(&b""[..], |given| given.as_bytes());
    let given = String::from_utf8_lossy(given.trim_ascii()).to_ascii_lowercase();
    let named = match given.as_str() {
        "" | "identity" => Some(Encoding::Identity),
        "gzip" | "x-gzip" => Some(Encoding::Gzip),
        "zstd" => Some(Encoding::Zstd),
        "zlib" => Some(Encoding::Zlib),
        "deflate" => Some(Encoding::Deflate),
        _ => None,
    };
    let taken = &settings.encodings;
    // As in the Collector, what is not compressed is always taken.
    let is_taken = |one: &Encoding| *one == Encoding::Identity || taken.contains(one);
    named.filter(is_taken).ok_or_else(|| {
        let names: Vec<_> = taken.iter().map(|encoding| name(*encoding)).collect();
        let text = format!(
            "the content encoding `{given}` is not taken, but [{}]",
            names.join(", ")
        );
        let code = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Box::new(answer::error(
            code,
            Code::InvalidArgument,
            &text,
            None,
            form,
        ))
    })
}

fn name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Identity => "identity",
        Encoding::Gzip => "gzip",
        Encoding::Zstd => "zstd",
        Encoding::Zlib => "zlib",
        Encoding::Deflate => "deflate",
    }
}

fn too_large(limit: u64, form: Form) -> Box<Response<Reply>> {
    let text = format!(
        "the request is larger than {limit} bytes: send smaller batches, or raise \
         `max_request_body_size`"
    );
    let code = StatusCode::PAYLOAD_TOO_LARGE;
    Box::new(answer::error(
        code,
        Code::ResourceExhausted,
        &text,
        None,
        form,
    ))
}

/// A status that a client is to read as one of HTTP.
fn text_answer(status: StatusCode, text: impl Into<String>) -> Box<Response<Reply>> {
    Box::new(plain::text(status, text))
}
