//! How a server is reached.

use std::sync::Arc;
use std::time::Duration;

use redis::RedisConnectionInfo;

use crate::options::{Options, Tls};

/// A connection takes this many times as long as an answer, at least a second: it is
/// not a batch that waits for it.
const LONGER: u32 = 4;

/// How a server is reached.
pub(crate) struct Dial {
    pub(crate) info: RedisConnectionInfo,
    /// The same as commands.
    pub(crate) greeting: Vec<Vec<Vec<u8>>>,
    pub(crate) tls: Option<Tls>,
    pub(crate) within: Duration,
    /// How long an answer may take for a connection to be used.
    pub(crate) patience: Duration,
}

/// Shared by all servers of a store.
pub(crate) type SharedDial = Arc<Dial>;

impl Dial {
    pub(crate) fn new(options: &Options) -> Self {
        let mut info = RedisConnectionInfo::default().set_skip_set_lib_name();
        // A cluster has the database 0 alone.
        let database = if options.cluster { 0 } else { options.database };
        info = info.set_db(database);
        if let Some(username) = &options.username {
            info = info.set_username(username);
        }
        if let Some(password) = &options.password {
            info = info.set_password(password);
        }
        Self {
            info,
            greeting: greeting(options, database),
            tls: options.tls.clone(),
            within: (options.timeout * LONGER).max(Duration::from_secs(1)),
            patience: options.timeout,
        }
    }
}

/// Who asks, and for which database.
fn greeting(options: &Options, database: i64) -> Vec<Vec<Vec<u8>>> {
    let mut greeting = Vec::new();
    if let Some(password) = &options.password {
        let words = [Some("AUTH"), options.username.as_deref(), Some(password)];
        let words = words.into_iter().flatten();
        greeting.push(words.map(|word| word.as_bytes().to_vec()).collect());
    }
    if database != 0 {
        let database = database.to_string().into_bytes();
        greeting.push(vec![b"SELECT".to_vec(), database]);
    }
    greeting
}
