//! Unary calls of gRPC, over HTTP/2.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::{Buf, Bytes};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use prost::Message as _;

use super::answer::{Answered, Unreadable, expanded};
use super::{Connector, Limit, Message, chain, encode_binary};
use crate::config::{ClientKeepalive, Encoding};
use crate::net::compress::Compressor;
use crate::net::rpc::{Code, Status};
use crate::telemetry::traces as own;

/// The largest answer; that of OTLP is a few bytes.
const MAX_ANSWER: usize = 4 << 20;
/// The flag and the length before a message.
const FRAME: usize = 5;

const STATUS: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";
const DETAILS: &str = "grpc-status-details-bin";
const ENCODING: &str = "grpc-encoding";

/// The compressions that answers may have. A server of grpc-go answers in that
/// of the request, whatever is offered.
const OFFERED: &str = "gzip,zstd";

/// Senders may leave the padding away.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A method of a service at one address.
pub(crate) struct Method {
    client: Client<Connector, Message>,
    uri: Uri,
    headers: HeaderMap,
    compressor: Compressor,
}

/// A call came to nothing.
#[derive(Debug)]
pub(crate) enum CallError {
    /// This is what the other side said.
    Status(Status),
    /// It said nothing: the connection failed, or was lost.
    Transport(String),
    /// No answer came in time.
    Timeout,
}

impl Method {
    /// `headers` go with every call.
    pub(crate) fn new(
        connector: Connector,
        uri: Uri,
        headers: HeaderMap,
        compressor: Compressor,
        keepalive: Option<&ClientKeepalive>,
    ) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.http2_only(true);
        builder.timer(TokioTimer::new());
        // A connection stays for as long as the other side likes.
        builder.pool_idle_timeout(None);
        if let Some(keepalive) = keepalive {
            builder.http2_keep_alive_interval(keepalive.time);
            builder.http2_keep_alive_timeout(keepalive.timeout);
            builder.http2_keep_alive_while_idle(keepalive.permit_without_stream);
        }
        Self {
            client: builder.build(connector),
            uri,
            headers: with_own(headers, compressor),
            compressor,
        }
    }

    /// Whether messages are sent as they are, behind their length.
    pub(crate) fn is_verbatim(&self) -> bool {
        self.compressor.is_identity()
    }

    /// A message as it is sent.
    pub(crate) fn frame(&self, message: Bytes) -> Result<Message, String> {
        let too_long = |_| "gRPC has no messages of more than 4 GiB".to_owned();
        if self.compressor.is_identity() {
            let length = u32::try_from(message.len()).map_err(too_long)?;
            let mut head = vec![0];
            head.extend(length.to_be_bytes());
            return Ok(Message::with_head(head, message));
        }
        let mut framed = self
            .compressor
            .compress(&message, vec![0; FRAME])
            .map_err(|error| format!("it cannot be compressed: {error}"))?;
        let length = u32::try_from(framed.len() - FRAME).map_err(too_long)?;
        if let Some((flag, rest)) = framed.split_first_mut() {
            *flag = 1;
            for (to, from) in rest.iter_mut().zip(length.to_be_bytes()) {
                *to = from;
            }
        }
        Ok(Message::new(framed))
    }

    /// Sends a message and gives the other side's, when it answered well.
    pub(crate) async fn call(
        &self,
        message: Message,
        limit: Limit,
    ) -> Result<Answered<Bytes>, CallError> {
        let mut request = Request::new(message);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.version_mut() = Version::HTTP_2;
        request.headers_mut().clone_from(&self.headers);
        if let Some(end) = limit.end() {
            let left = end.saturating_duration_since(Instant::now());
            request
                .headers_mut()
                .insert(HeaderName::from_static("grpc-timeout"), timeout(left));
        }
        own::propagate(request.headers_mut());
        let connection = capture_connection(&mut request);
        let answer = async {
            let response = self.client.request(request).await;
            let response = response.map_err(|error| CallError::Transport(chain(&error)))?;
            read(response).await
        };
        let answer = limit.run(&connection, answer).await;
        answer.unwrap_or(Err(CallError::Timeout))
    }
}

/// Those that gRPC asks for, over the configured ones.
fn with_own(mut headers: HeaderMap, compressor: Compressor) -> HeaderMap {
    encode_binary(&mut headers);
    let mut put = |name, value| headers.insert(name, HeaderValue::from_static(value));
    put(header::CONTENT_TYPE, "application/grpc");
    put(header::TE, "trailers");
    put(HeaderName::from_static("grpc-accept-encoding"), OFFERED);
    if let Some(name) = compressor.name() {
        put(HeaderName::from_static(ENCODING), name);
    }
    headers
}

/// At most 8 digits and a unit.
fn timeout(left: Duration) -> HeaderValue {
    let text = match left.as_millis() {
        millis @ ..=99_999_999 => format!("{}m", millis.max(1)),
        _ => format!("{}S", left.as_secs().min(99_999_999)),
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("1H"))
}

async fn read(response: http::Response<Incoming>) -> Result<Answered<Bytes>, CallError> {
    let (head, body) = response.into_parts();
    // An answer without a message has all in its headers.
    if let Some(status) = status(&head.headers) {
        return status.map(|()| Err(Unreadable::new("there is no message in it")));
    }
    if head.status != StatusCode::OK || !is_grpc(&head.headers) {
        return Err(CallError::Status(of_http(head.status)));
    }
    let body = Limited::new(body, MAX_ANSWER).collect().await;
    let body = body.map_err(|error| CallError::Transport(chain(error.as_ref())))?;
    let lost = || CallError::Transport("the answer ended without a status of gRPC".into());
    body.trailers().and_then(status).ok_or_else(lost)??;
    Ok(unframed(body.to_bytes(), &head.headers))
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// What gRPC says of answers that are not gRPC's, such as those of proxies.
fn of_http(status: StatusCode) -> Status {
    let code = match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    let text = format!("it answered in HTTP, not in gRPC: {status}; is the port that of gRPC?");
    Status::new(code, text)
}

/// The status of a call, where headers or trailers have one.
fn status(headers: &HeaderMap) -> Option<Result<(), CallError>> {
    let code = headers.get(STATUS)?.to_str().ok();
    let code = code.and_then(|code| code.parse().ok());
    let code = code.unwrap_or(Code::Unknown as i32);
    if code == Code::Ok as i32 {
        return Some(Ok(()));
    }
    let details = headers.get(DETAILS);
    let details = details.and_then(|details| BASE64.decode(details.as_bytes()).ok());
    let details = details.and_then(|details| Status::decode(details.as_slice()).ok());
    let message = headers.get(MESSAGE).map(|text| unescaped(text.as_bytes()));
    let mut status = details.unwrap_or_else(|| Status::new(Code::Unknown, ""));
    status.code = code;
    status.message = message.unwrap_or(status.message);
    Some(Err(CallError::Status(status)))
}

/// `%20` and the like.
fn unescaped(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = behind.get(2..).filter(|_| byte.is_some()).unwrap_or(behind);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The message of an answer: its flag says whether it is compressed, the
/// headers how.
fn unframed(mut body: Bytes, headers: &HeaderMap) -> Answered<Bytes> {
    if body.remaining() < FRAME {
        return Err(Unreadable::new("there is no message in it"));
    }
    let flag = body.get_u8();
    let length = body.get_u32() as usize;
    if body.len() != length {
        let found = body.len();
        let text = format!("its message is to have {length} bytes, and {found} came");
        return Err(Unreadable::new(text));
    }
    match flag {
        0 => Ok(body),
        1 => expanded(&body, encoding(headers)?, MAX_ANSWER),
        _ => {
            let text = format!("its flag of compression is {flag}, neither 0 nor 1");
            Err(Unreadable::new(text))
        }
    }
}

fn encoding(headers: &HeaderMap) -> Answered<Encoding> {
    let named = headers
        .get(ENCODING)
        .map_or(&b""[..], |name| name.as_bytes());
    match named {
        b"gzip" => Ok(Encoding::Gzip),
        b"zstd" => Ok(Encoding::Zstd),
        b"" | b"identity" => {
            let text = "it is compressed, and `grpc-encoding` does not say how";
            Err(Unreadable::new(text))
        }
        other => {
            let other = String::from_utf8_lossy(other);
            let text = format!("it is compressed with `{other}`, which was not offered");
            Err(Unreadable::new(text))
        }
    }
}
