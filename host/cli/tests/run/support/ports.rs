//! Ports that stay free until they are listened at (again).

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use parking_lot::Mutex;

/// Those that a test of this process has.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port that nobody listens at, and that the system gives to nobody who does
/// not ask for it: what `:0` and connections get are higher ones.
pub fn free() -> SocketAddr {
    loop {
        let port = fastrand::u16(10_000..30_000);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let is_new = GIVEN.lock().get_or_insert_default().insert(port);
        // Not by listening: a process that is just being started by another test
        // would have the socket for a moment, too.
        if is_new && TcpStream::connect(address).is_err() {
            return address;
        }
    }
}
