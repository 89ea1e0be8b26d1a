//! Proxies of HTTP on the way to the next hop, by the rules that Go has and so
//! the Collector: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`.

use std::io;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The longest answer of a proxy that is read.
const LONGEST: usize = 8 << 10;

/// A proxy of HTTP.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    host: String,
    port: u16,
    /// `Proxy-Authorization`.
    authorization: Option<HeaderValue>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Without what it wants to be told.
impl std::fmt::Display for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The environment.
type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// The proxy that the environment names for a host, if any. A wrong one is told
/// with the variable.
pub(crate) fn of_environment(
    env: Env<'_>,
    is_https: bool,
    host: &str,
    port: u16,
) -> Result<Option<Proxy>, String> {
    let first = |names: [&'static str; 2]| {
        let mut set = names
            .into_iter()
            .filter_map(|name| Some((name, env(name)?)));
        set.find(|(_, value)| !value.is_empty())
    };
    let names = if is_https {
        ["HTTPS_PROXY", "https_proxy"]
    } else {
        ["HTTP_PROXY", "http_proxy"]
    };
    let Some((name, value)) = first(names) else {
        return Ok(None);
    };
    let excepted = first(["NO_PROXY", "no_proxy"]);
    if is_this_machine(host) || excepted.is_some_and(|(_, list)| is_excepted(&list, host, port)) {
        return Ok(None);
    }
    let proxy = Proxy::parse(&value).map_err(|text| format!("{name}: {text}"))?;
    Ok(Some(proxy))
}

fn is_this_machine(host: &str) -> bool {
    let address = host.split('%').next().unwrap_or(host).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Whether `NO_PROXY` has a host: names with all below them, `.name` for those
/// below it alone, addresses, networks, each with a port or without.
fn is_excepted(list: &str, host: &str, port: u16) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let address = host.parse::<IpAddr>().ok();
    list.split(',').map(str::trim).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let (Some(address), Some((network, bits))) = (address, entry.split_once('/')) {
            return is_within(address, network, bits);
        }
        let entry = entry.to_ascii_lowercase();
        let (name, of_port) = split_port(&entry);
        if name.is_empty() || of_port.is_some_and(|of_port| of_port != port) {
            return false;
        }
        if let Some(address) = address {
            return name.parse::<IpAddr>().is_ok_and(|other| other == address);
        }
        let name = name.strip_prefix('*').unwrap_or(name);
        match name.strip_prefix('.') {
            Some(_) => host.ends_with(name),
            None => {
                host == name
                    || host
                        .strip_suffix(name)
                        .is_some_and(|rest| rest.ends_with('.'))
            }
        }
    })
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some(rest) = entry.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').unwrap_or((rest, ""));
        return (
            address,
            rest.strip_prefix(':').and_then(|port| port.parse().ok()),
        );
    }
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn is_within(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else {
        return false;
    };
    let (one, other, all) = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (u128::from(one.to_bits()), u128::from(other.to_bits()), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        _ => return false,
    };
    let Some(shift) = u32::checked_sub(all, bits) else {
        return false;
    };
    let top = |bits: u128| bits.checked_shr(shift).unwrap_or_default();
    top(one) == top(other)
}

impl Proxy {
    /// Reads `http://user:password@host:port`, of which the host alone must be
    /// there. What is wrong with it is told without what it has.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if scheme != "http" {
            return Err(format!(
                "a proxy that is spoken to by `{scheme}` is not supported by linkmend; give one \
                 of `http://`"
            ));
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (credentials, authority) = match authority.rsplit_once('@') {
            Some((credentials, authority)) => (Some(credentials), authority),
            None => (None, authority),
        };
        let (host, port) = split_port(authority);
        let is_host = |c: char| c.is_alphanumeric() || "-._:".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err("it is no URL of a proxy, such as `http://proxy.example:3128`".into());
        }
        let authorization = credentials.map(|credentials| {
            let basic = STANDARD.encode(unescaped(credentials));
            let mut value = HeaderValue::try_from(format!("Basic {basic}"))
                .map_err(|_| "its credentials cannot be sent")?;
            value.set_sensitive(true);
            Ok::<_, &str>(value)
        });
        Ok(Self {
            host: host.to_owned(),
            port: port.unwrap_or(80),
            authorization: authorization.transpose()?,
        })
    }

    /// Where it is.
    pub(super) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// What requests tell it that go through it without a tunnel.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// Has a connection to it lead on to `authority`.
    pub(super) async fn tunnel(&self, stream: &mut TcpStream, authority: &str) -> io::Result<()> {
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(value) = &self.authorization
            && let Ok(value) = value.to_str()
        {
            request.push_str("Proxy-Authorization: ");
            request.push_str(value);
            request.push_str("\r\n");
        }
        request += "\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        // A byte each: what follows the head is not the proxy's any more.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() == LONGEST {
                return Err(io::Error::other("its answer does not end"));
            }
            head.push(stream.read_u8().await?);
        }
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..));
        match status {
            Some(status) if status.starts_with('2') => Ok(()),
            Some(status) => Err(io::Error::other(format!("it answered {status}"))),
            None => Err(io::Error::other("it does not speak HTTP")),
        }
    }
}

/// `%40` and the like.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = behind.get(2..).filter(|_| byte.is_some()).unwrap_or(behind);
    }
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    fn of(variables: &[(&str, &str)], is_https: bool, host: &str, port: u16) -> Option<String> {
        let env = |name: &str| {
            let mut known = variables.iter();
            known.find_map(|(known, value)| (*known == name).then(|| (*value).to_owned()))
        };
        let proxy = of_environment(&env, is_https, host, port).unwrap();
        proxy.map(|proxy| proxy.to_string())
    }

    #[test]
    fn variables_are_those_of_go() {
        let both = [("HTTP_PROXY", "http://plain:1"), ("https_proxy", "tls:2")];
        assert_eq!(of(&both, true, "backend", 443), Some("tls:2".into()));
        assert_eq!(of(&both, false, "backend", 80), Some("plain:1".into()));
        assert_eq!(of(&[("HTTP_PROXY", "")], false, "backend", 80), None);
        for host in ["localhost", "127.0.0.1", "127.3.2.1", "::1"] {
            assert_eq!(of(&both, true, host, 443), None, "{host}");
        }
    }

    #[test]
    fn exceptions_are_those_of_go() {
        let list = "example.com, .below.org,10.0.0.0/8,192.168.1.7,fd00::/8,with.port:4317,[::2]:9";
        for (host, port, expected) in [
            ("example.com", 1, true),
            ("a.example.com", 1, true),
            ("A.EXAMPLE.COM.", 1, true),
            ("notexample.com", 1, false),
            ("below.org", 1, false),
            ("a.below.org", 1, true),
            ("10.1.2.3", 1, true),
            ("11.1.2.3", 1, false),
            ("192.168.1.7", 1, true),
            ("192.168.1.8", 1, false),
            ("fd12::1", 1, true),
            ("fe80::1", 1, false),
            ("with.port", 4317, true),
            ("with.port", 4318, false),
            ("::2", 9, true),
            ("::2", 8, false),
        ] {
            assert_eq!(is_excepted(list, host, port), expected, "{host}:{port}");
        }
        assert!(is_excepted("a, *", "anything", 1));
        assert!(!is_excepted("", "anything", 1));
        assert!(!is_excepted("10.0.0.0/99,x/8", "10.0.0.1", 1));
    }

    #[test]
    fn proxies_are_read_and_told_without_their_credentials() {
        let proxy = Proxy::parse("http://me:p%40ss@proxy.example:3128/").unwrap();
        assert_eq!(proxy.to_string(), "proxy.example:3128");
        assert_eq!(format!("{proxy:?}"), "proxy.example:3128");
        let basic = proxy.authorization().unwrap().to_str().unwrap();
        assert_eq!(basic, "Basic bWU6cEBzcw==");
        assert_eq!(Proxy::parse("proxy").unwrap().address(), ("proxy", 80));
        assert_eq!(
            Proxy::parse("http://[::1]:8").unwrap().address(),
            ("::1", 8)
        );
        for wrong in [
            "socks5://proxy:1080",
            "https://proxy",
            "http://",
            "http://me:secret@",
            "a b",
        ] {
            let told = Proxy::parse(wrong).unwrap_err();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
