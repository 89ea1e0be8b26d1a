//! Where the store is, and what may be asked of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};

/// The port of a server when none is said.
const PORT: u16 = 6379;

/// How a [`Store`](crate::Store) is reached, and how it is used.
#[derive(Clone)]
pub struct Options {
    /// The servers: one; or some of a cluster; or a primary and its replicas, of
    /// which the one is used that says it is the primary.
    pub endpoints: Vec<Address>,
    /// They are a cluster.
    pub cluster: bool,
    /// For whom to ask. Default: the default user.
    pub username: Option<String>,
    /// Their password.
    pub password: Option<String>,
    /// Which of the databases of a server. Default: 0.
    pub database: i64,
    /// TLS, as it is when a connection is made. Default: none.
    pub tls: Option<Tls>,
    /// What all keys begin with. Default: `linkmend`.
    pub key_prefix: String,
    /// How long a batch waits for an answer. Default: 50 ms.
    pub timeout: Duration,
    /// How long a producer is kept. Default: 15 minutes; `None`: for good.
    pub time_to_live: Option<Duration>,
    /// How many producers may wait to be written; if there are more, the oldest are
    /// dropped. Default: 200,000.
    pub queue_size: usize,
    /// Is told what each round trip took. Default: nobody is.
    pub on_round_trip: Option<Arc<dyn Fn(Duration) + Send + Sync>>,
}

/// TLS of a client.
#[derive(Clone)]
pub struct Tls {
    /// What the next connection uses.
    pub config: Arc<dyn Fn() -> Arc<ClientConfig> + Send + Sync>,
    /// The name that the certificate must be for, when it is not that of the server.
    pub server_name: Option<String>,
}

impl Tls {
    /// With the authorities of the system.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub fn of_system() -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err("the system has no certificates of authorities (`ca-certificates`)".into());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let config = Arc::new(config);
        Ok(Self {
            config: Arc::new(move || Arc::clone(&config)),
            server_name: None,
        })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            cluster: false,
            username: None,
            password: None,
            database: 0,
            tls: None,
            key_prefix: "linkmend".into(),
            timeout: Duration::from_millis(50),
            time_to_live: Some(Duration::from_mins(15)),
            queue_size: 200_000,
            on_round_trip: None,
        }
    }
}

impl fmt::Debug for Options {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("endpoints", &self.endpoints)
            .field("cluster", &self.cluster)
            .field("database", &self.database)
            .field("tls", &self.tls.is_some())
            .field("key_prefix", &self.key_prefix)
            .field("timeout", &self.timeout)
            .field("time_to_live", &self.time_to_live)
            .field("queue_size", &self.queue_size)
            .finish_non_exhaustive()
    }
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

/// A URL such as `redis://localhost:6379/0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// The server.
    pub address: Address,
    /// Whether it begins with `rediss` or `valkeys`.
    pub tls: bool,
    /// What stands behind the slash.
    pub database: i64,
}

/// The values that [`Url::parse`] takes, in words.
pub const URL: &str = "redis://host:6379, or rediss:// for TLS (valkey:// and valkeys:// mean the \
                       same); /1 behind it names a database other than 0";

/// What is wrong with a URL. It shows nothing of what stands before an `@`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is none.
    #[error("it is no URL of a store; it takes {URL}")]
    Malformed,
    /// There are a name and a password in it.
    #[error(
        "credentials in a URL are not supported by linkmend, because URLs are shown in logs and in \
         lists of processes; give them apart"
    )]
    Credentials,
}

impl Url {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Malformed)?;
        let tls = match scheme {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(UrlError::Malformed),
        };
        if rest.contains('@') {
            return Err(UrlError::Credentials);
        }
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let database = match database {
            "" => 0,
            number if is_number(number) => number.parse().map_err(|_| UrlError::Malformed)?,
            _ => return Err(UrlError::Malformed),
        };
        let address = address(authority).ok_or(UrlError::Malformed)?;
        Ok(Self {
            address,
            tls,
            database,
        })
    }
}

/// `host`, `host:port`, `[::1]`, `[::1]:port`.
fn address(text: &str) -> Option<Address> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            let port = match rest {
                "" => None,
                rest => Some(rest.strip_prefix(':')?),
            };
            (host, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_name = |c: char| c.is_alphanumeric() || "-._:".contains(c);
    if host.is_empty() || !host.chars().all(is_name) {
        return None;
    }
    let port = match port {
        None => PORT,
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
        Some(_) => return None,
    };
    let host = host.to_owned();
    (port != 0).then_some(Address { host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, bool, i64), UrlError> {
        let url = Url::parse(text)?;
        Ok((url.address.to_string(), url.tls, url.database))
    }

    #[test]
    fn urls_of_stores_are_read() {
        for (text, address, tls, database) in [
            ("redis://localhost", "localhost:6379", false, 0),
            ("redis://localhost:7000/", "localhost:7000", false, 0),
            ("rediss://a.b-c_d:1/15", "a.b-c_d:1", true, 15),
            ("valkey://10.0.0.1", "10.0.0.1:6379", false, 0),
            ("valkeys://[::1]:65535/3", "[::1]:65535", true, 3),
            ("redis://[fe80::1]", "[fe80::1]:6379", false, 0),
        ] {
            assert_eq!(parsed(text), Ok((address.into(), tls, database)), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_store_is_refused() {
        for text in [
            "",
            "localhost:6379",
            "http://localhost:6379",
            "redis://",
            "redis://:6379",
            "redis://host:",
            "redis://host:0",
            "redis://host:65536",
            "redis://host:+1",
            "redis://host/x",
            "redis://host/-1",
            "redis://host/1/2",
            "redis://a b",
            "redis://[::1",
            "redis://[::g]",
            "redis://[::1]x",
            "redis://host?db=1",
        ] {
            let port_is_missing = text == "redis://host:";
            match parsed(text) {
                Err(UrlError::Malformed) => {}
                other => assert!(port_is_missing && other.is_err(), "{text}: {other:?}"),
            }
        }
        assert_eq!(parsed("redis://me:secret@host"), Err(UrlError::Credentials));
        assert!(!UrlError::Credentials.to_string().contains("secret"));
    }
}
