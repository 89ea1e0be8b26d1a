//! What all servers have in common: where they listen, and TLS.

use linkmend_config::Node;

use super::endpoint::{Listen, TRANSPORTS, Transport, listen};
use super::member::{self, Member};
use super::reader::Reader;
use super::scalars::choice;
use super::tls::{self, Tls};

/// Where a server listens, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Where it listens.
    pub endpoint: Listen,
    transport: Transport,
    /// Its certificates; `None`: no TLS.
    pub tls: Option<Tls>,
}

impl Listener {
    pub(super) fn localhost(port: u16) -> Self {
        Self {
            endpoint: Listen::tcp("localhost", port),
            transport: Transport::Tcp,
            tls: None,
        }
    }
}

/// The members of every server besides its `endpoint`, which has a default of
/// its own and needs `transport` to be read.
pub(super) static MEMBERS: &[Member<Listener>] = &[
    Member::value(
        "transport",
        "tcp",
        "tcp, unix",
        "What `endpoint` is; with `unix` it is the path of a socket.",
        |t, n| choice(n, &TRANSPORTS).map(|v| t.transport = v),
    ),
    Member::section(
        "tls",
        "tls server",
        "off",
        "TLS of the server.",
        |t, r, n| t.tls = tls::server(r, n),
    ),
];

/// Reads the section of a server, which is in two tables.
pub(super) fn read<T>(
    reader: &mut Reader,
    node: &Node,
    table: &[Member<T>],
    part: fn(&mut T) -> &mut Listener,
    server: &mut T,
) {
    member::read_with_part(reader, node, table, (MEMBERS, part), server);
    let listener = part(server);
    if let Some(endpoint) = listen(reader, node, listener.transport) {
        listener.endpoint = endpoint;
    }
}
