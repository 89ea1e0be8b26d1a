//! A connection that the thread of a batch asks on by itself: it writes, and reads what
//! comes back, without another thread that would have to be woken.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::allowance::{AT_LEAST, SAVED};
use crate::command::put_command;
use crate::dial::Dial;
use crate::node::SHORT;
use crate::options::{Address, Tls};
use crate::reply::{self, Reply, Unread};

/// What is read at once.
const BUFFER: usize = 64 << 10;

/// So much is kept for the next answers.
const KEPT: usize = 1 << 20;

/// A connection that was not used for so long may have been ended by the other side.
const LONG: Duration = Duration::from_secs(1);

/// Why a question came to nothing.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The answer is not there in time.
    Late,
    /// The connection is of no use any more.
    Lost(String),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Late,
            _ => Self::Lost(error.to_string()),
        }
    }
}

/// See the module.
pub(crate) struct Direct {
    stream: Stream,
    /// What was read is in it from `start` to `end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Answers to what nobody waits for any more come first.
    owed: usize,
    /// So many parts of a list that has begun are still to come.
    parts: usize,
    /// How many bytes the server may say.
    left: usize,
    used: Instant,
}

enum Stream {
    Plain(TcpStream),
    Secured(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Secured(stream) => &stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Secured(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Secured(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Secured(stream) => stream.flush(),
        }
    }
}

impl Direct {
    /// Connects, or says why it cannot be done. It waits: for a name, too.
    pub(crate) fn open(dial: &Dial, address: &Address) -> Result<Self, String> {
        let deadline = Instant::now() + dial.within;
        let socket = connected(address, deadline).map_err(|error| error.to_string())?;
        let _ = socket.set_nodelay(true);
        let stream = match &dial.tls {
            None => Stream::Plain(socket),
            Some(tls) => {
                let name = tls.server_name.as_deref().unwrap_or(&address.host);
                let secured = secured(tls, name.to_owned(), socket, dial.within);
                Stream::Secured(Box::new(secured.map_err(|error| format!("TLS: {error}"))?))
            }
        };
        let mut direct = Self {
            stream,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            owed: 0,
            parts: 0,
            left: AT_LEAST,
            used: Instant::now(),
        };
        for command in &dial.greeting {
            direct.command(command, deadline)?;
        }
        Ok(direct)
    }

    /// Asks whether it is there; the error says why not.
    pub(crate) fn ping(&mut self, within: Duration) -> Result<(), String> {
        let ping = vec![b"PING".to_vec()];
        self.command(&ping, Instant::now() + within)
    }

    /// One command, the answer to which says nothing but that it was done.
    fn command(&mut self, words: &[Vec<u8>], deadline: Instant) -> Result<(), String> {
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let mut request = Vec::new();
        put_command(&mut request, &words);
        let mut refused = None;
        let answered = self.send(&request, SHORT, deadline).and_then(|()| {
            self.answers(1, deadline, |_, reply| {
                if let Reply::Error(error) = reply {
                    refused = Some(String::from_utf8_lossy(error).into_owned());
                }
            })
        });
        match (answered, refused) {
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(why)) | (Err(Broken::Lost(why)), _) => Err(why),
            (Err(Broken::Late), _) => Err("no answer in time".into()),
        }
    }

    /// Whether it can be asked. A server that ends a connection that is not used says so
    /// to nobody but whoever reads.
    pub(crate) fn is_there(&self) -> bool {
        if self.used.elapsed() < LONG || self.owed > 0 {
            return true;
        }
        let socket = self.stream.socket();
        let looked = socket.set_nonblocking(true).and_then(|()| {
            let seen = socket.peek(&mut [0]);
            socket.set_nonblocking(false)?;
            seen
        });
        matches!(looked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Sends a request, to which the answers have `most` bytes together. When that comes
    /// to nothing, half of it may have been sent: the connection is of no use any more.
    pub(crate) fn send(
        &mut self,
        request: &[u8],
        most: usize,
        deadline: Instant,
    ) -> Result<(), Broken> {
        self.left = self.left.min(SAVED).saturating_add(most);
        let mut rest = request;
        while !rest.is_empty() {
            let wait = Some(remaining(deadline)?);
            self.stream.socket().set_write_timeout(wait)?;
            self.stream.socket().set_read_timeout(wait)?;
            match self.stream.write(rest) {
                Ok(0) => return Err(ended()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.stream.flush()?;
        Ok(())
    }

    /// Waits for so many answers; each is given with its number, and so is each part of one
    /// that is a list, behind the list. Those that are late are passed over when they come.
    pub(crate) fn answers(
        &mut self,
        count: usize,
        deadline: Instant,
        mut each: impl FnMut(usize, Reply<'_>),
    ) -> Result<(), Broken> {
        let late = self.owed;
        let all = late + count;
        let mut number = 0;
        while number < all {
            let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
            match reply::read(bytes) {
                Ok((reply, length)) => {
                    self.start += length;
                    if let Some(number) = number.checked_sub(late) {
                        each(number, reply);
                    }
                    self.parts = match (reply, self.parts) {
                        (Reply::List(parts), 0) => parts,
                        (Reply::List(_), _) => return Err(nonsense()),
                        (_, parts) => parts.saturating_sub(1),
                    };
                    number += usize::from(self.parts == 0);
                }
                Err(Unread::Nonsense) => return Err(nonsense()),
                Err(Unread::Incomplete) => {
                    if let Err(broken) = self.read(deadline) {
                        self.owed = all - number;
                        return Err(broken);
                    }
                }
            }
        }
        self.owed = 0;
        self.used = Instant::now();
        self.rest();
        Ok(())
    }

    /// Reads what is there, or comes.
    fn read(&mut self, deadline: Instant) -> Result<(), Broken> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let wait = remaining(deadline)?;
        let socket = self.stream.socket();
        socket.set_read_timeout(Some(wait))?;
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.stream.read(room) {
            Ok(0) => Err(ended()),
            Ok(bytes) => {
                self.end += bytes;
                let left = self.left.checked_sub(bytes);
                self.left = left.ok_or_else(|| {
                    Broken::Lost("it answers with more than it was asked for".into())
                })?;
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What one long answer took is not kept.
    fn rest(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > KEPT {
                self.buffer = vec![0; BUFFER];
            }
        }
    }
}

fn connected(address: &Address, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = ErrorKind::AddrNotAvailable.into();
    for peer in (address.host.as_str(), address.port).to_socket_addrs()? {
        let left = deadline.saturating_duration_since(Instant::now());
        match TcpStream::connect_timeout(&peer, left.max(Duration::from_millis(1))) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// With TLS, each step of which may take so long.
fn secured(
    tls: &Tls,
    name: String,
    mut socket: TcpStream,
    within: Duration,
) -> Result<StreamOwned<ClientConnection, TcpStream>, Box<dyn std::error::Error>> {
    let name = ServerName::try_from(name)?;
    let mut client = ClientConnection::new((tls.config)(), name)?;
    socket.set_read_timeout(Some(within))?;
    socket.set_write_timeout(Some(within))?;
    while client.is_handshaking() {
        client.complete_io(&mut socket)?;
    }
    Ok(StreamOwned::new(client, socket))
}

/// How long there is to wait; no time at all is late.
fn remaining(deadline: Instant) -> Result<Duration, Broken> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(Broken::Late)
    } else {
        Ok(left)
    }
}

fn nonsense() -> Broken {
    Broken::Lost("it answers what was not asked for".into())
}

fn ended() -> Broken {
    Broken::Lost("it ended the connection".into())
}
