//! What no well-behaved client sends: bytes on sockets, frames of HTTP/2.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::SockRef;

/// The end of a stream, of headers; of SETTINGS and PING: that it is an answer.
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).unwrap();
    stream.set_write_timeout(limit).unwrap();
    stream
}

/// Ends it with a reset: no farewell, and what was sent may be lost.
pub fn reset(stream: TcpStream) {
    let now = Some(Duration::ZERO);
    SockRef::from(&stream).set_linger(now).unwrap();
    drop(stream);
}

/// The head of a request of OTLP/HTTP, but for its end.
pub fn head(more: &str) -> String {
    format!("POST /v1/traces HTTP/1.1\r\nhost: x\r\n{more}")
}

/// What is answered, as far as it comes: until the end, or the headers of an
/// answer.
pub fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut part = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut part) {
        text.extend(&part[..read]);
        if text.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Sends a request of OTLP/HTTP; returns the status that is answered. A peer
/// that answers early may leave the rest unread.
pub fn post(address: SocketAddr, more: &str, body: &[u8]) -> u16 {
    let mut stream = connect(address);
    let head = head(&format!("{more}content-length: {}\r\n\r\n", body.len()));
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
    status(&answer(&mut stream))
}

pub fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// Whether the other side has ended it, within a time.
pub fn is_ended(stream: &mut TcpStream, limit: Duration) -> bool {
    let begun = Instant::now();
    let mut part = [0; 4096];
    while let Some(rest) = limit.checked_sub(begun.elapsed()) {
        let rest = rest.max(Duration::from_millis(1));
        stream.set_read_timeout(Some(rest)).unwrap();
        match stream.read(&mut part) {
            Ok(1..) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(0) | Err(_) => return true,
        }
    }
    false
}

/// A connection of HTTP/2, frame by frame.
pub struct Http2(pub TcpStream);

impl Http2 {
    pub fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, b"")
    }

    /// One whose client takes no byte of an answer: `SETTINGS_INITIAL_WINDOW_SIZE`
    /// is zero.
    pub fn without_window(address: SocketAddr) -> Self {
        Self::connect_with(address, &[0, 4, 0, 0, 0, 0])
    }

    fn connect_with(address: SocketAddr, settings: &[u8]) -> Self {
        let mut stream = connect(address);
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .unwrap();
        let mut connection = Self(stream);
        assert!(connection.send(&frame(SETTINGS, 0, 0, settings)));
        connection
    }

    /// Whether it could be sent: the other side may have ended the connection.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// The next frame: kind, flags, stream, payload.
    pub fn receive(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.0.read_exact(&mut payload).ok()?;
        Some((kind, flags, u32::from_be_bytes(stream), payload))
    }

    /// All headers and trailers of a stream, as they are on the wire: values
    /// may be in Huffman's code.
    pub fn headers_of(&mut self, stream: u32) -> Vec<u8> {
        let mut found = Vec::new();
        while let Some((kind, flags, of, payload)) = self.receive() {
            if of == stream && kind == HEADERS {
                found.extend(payload);
            }
            if of == stream && (kind == RST_STREAM || flags & END_STREAM != 0) || kind == GOAWAY {
                break;
            }
        }
        found
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![a, b, c, kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The headers of a call of gRPC, and more.
pub fn call(more: &[(&str, &str)]) -> Vec<u8> {
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let usual = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "x"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let all = usual.iter().chain(more);
    all.flat_map(|(name, value)| header(name, value)).collect()
}

/// A header of HPACK that is a literal and not remembered.
pub fn header(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        let mut length = text.len();
        if length < 127 {
            bytes.push(u8::try_from(length).unwrap());
        } else {
            bytes.push(127);
            length -= 127;
            while length >= 128 {
                bytes.push((length % 128 + 128) as u8);
                length /= 128;
            }
            bytes.push(length as u8);
        }
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// A message of gRPC that says that it has this length.
pub fn message(flag: u8, length: usize, bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![flag];
    message.extend((length as u32).to_be_bytes());
    message.extend(bytes);
    message
}
