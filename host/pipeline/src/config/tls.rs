//! TLS, in the keys of the Collector's `configtls`.

use std::path::PathBuf;
use std::time::Duration;

use linkmend_config::Node;

use super::member::{self, Member};
use super::reader::Reader;
use super::scalars::{DURATION, FLAG, PATH, choice, flag, name, optional_duration, path};
use super::secret::Secret;

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// 1.2.
    Tls12,
    /// 1.3.
    Tls13,
}

const VERSIONS: [(&str, TlsVersion); 2] = [("1.2", TlsVersion::Tls12), ("1.3", TlsVersion::Tls13)];
const VERSION: &str = "\"1.2\", \"1.3\" (older ones are not safe)";
const PEM: &str = "PEM as a text";

/// Certificates and keys, of a server or a client.
///
/// Of each pair of `_file` and `_pem` one at most is set; certificate and key
/// are set both, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are the keys of the Collector, each of its own"
)]
pub struct Tls {
    /// Of a client: the authorities that the server is checked against.
    pub ca_file: Option<PathBuf>,
    /// The same as PEM.
    pub ca_pem: Option<Secret>,
    /// The certificate.
    pub cert_file: Option<PathBuf>,
    /// The same as PEM.
    pub cert_pem: Option<Secret>,
    /// Its key.
    pub key_file: Option<PathBuf>,
    /// The same as PEM.
    pub key_pem: Option<Secret>,
    /// Of a client: whether the authorities of the system count too.
    pub include_system_ca_certs_pool: bool,
    /// The oldest version; `None`: 1.2.
    pub min_version: Option<TlsVersion>,
    /// The newest version; `None`: the newest there is.
    pub max_version: Option<TlsVersion>,
    /// How often the files are read again; `None`: never.
    pub reload_interval: Option<Duration>,
    /// Of a server: the authorities that clients are checked against.
    pub client_ca_file: Option<PathBuf>,
    /// Of a server: whether that file is read again when it changes.
    pub client_ca_file_reload: bool,
    /// Of a client: no TLS at all.
    pub insecure: bool,
    /// Of a client: the certificate of the server is not checked.
    pub insecure_skip_verify: bool,
    /// Of a client: the name that the certificate must be for.
    pub server_name_override: Option<String>,
}

const CIPHERS: &str = "the TLS library offers safe ciphers only";

const CLIENTS: &str = "clients are checked against `client_ca_file` alone (give it there)";

/// What `tls` of a server and of a client have in common.
pub(super) static COMMON: &[Member<Tls>] = &[
    Member::value(
        "cert_file",
        "null",
        PATH,
        "The certificate to present.",
        |t, n| path(n).map(|v| t.cert_file = Some(v)),
    ),
    Member::value("cert_pem", "null", PEM, "The same in place.", |t, n| {
        name(n).map(|v| t.cert_pem = Some(v.into()))
    }),
    Member::value(
        "key_file",
        "null",
        PATH,
        "The key of the certificate.",
        |t, n| path(n).map(|v| t.key_file = Some(v)),
    ),
    Member::value("key_pem", "null", PEM, "The same in place.", |t, n| {
        name(n).map(|v| t.key_pem = Some(v.into()))
    }),
    Member::value(
        "min_version",
        "null",
        VERSION,
        "The oldest version that is accepted; 1.2 by default.",
        |t, n| choice(n, &VERSIONS).map(|v| t.min_version = Some(v)),
    ),
    Member::value(
        "max_version",
        "null",
        VERSION,
        "The newest version that is accepted.",
        |t, n| choice(n, &VERSIONS).map(|v| t.max_version = Some(v)),
    ),
    Member::value(
        "reload_interval",
        "0s",
        DURATION,
        "How often the files are read again; 0: never.",
        |t, n| optional_duration(n).map(|v| t.reload_interval = v),
    ),
    Member::unsupported("cipher_suites", CIPHERS),
    Member::unsupported("curve_preferences", CIPHERS),
    Member::unsupported("include_insecure_cipher_suites", CIPHERS),
    Member::unsupported("tpm", "keys are read from files"),
];

/// `tls` of a server.
pub(super) static SERVER: &[Member<Tls>] = &[
    Member::value(
        "client_ca_file",
        "null",
        PATH,
        "The authorities that must have signed the certificates of clients (mutual TLS).",
        |t, n| path(n).map(|v| t.client_ca_file = Some(v)),
    ),
    Member::value(
        "client_ca_file_reload",
        "false",
        FLAG,
        "Whether that file is read again when it changes.",
        |t, n| flag(n).map(|v| t.client_ca_file_reload = v),
    ),
    // The Collector takes these, and they do nothing there: whoever sets them
    // believes that clients are checked.
    Member::unsupported("ca_file", CLIENTS),
    Member::unsupported("ca_pem", CLIENTS),
    Member::unsupported("include_system_ca_certs_pool", CLIENTS),
];

/// `tls` of a client.
pub(super) static CLIENT: &[Member<Tls>] = &[
    Member::value(
        "ca_file",
        "null",
        PATH,
        "The authorities to check the server's certificate against; by default those of the system.",
        |t, n| path(n).map(|v| t.ca_file = Some(v)),
    ),
    Member::value("ca_pem", "null", PEM, "The same in place.", |t, n| {
        name(n).map(|v| t.ca_pem = Some(v.into()))
    }),
    Member::value(
        "include_system_ca_certs_pool",
        "false",
        FLAG,
        "Whether the authorities of the system count in addition to `ca_file`.",
        |t, n| flag(n).map(|v| t.include_system_ca_certs_pool = v),
    ),
    Member::value("insecure", "false", FLAG, "No TLS at all.", |t, n| {
        flag(n).map(|v| t.insecure = v)
    }),
    Member::value(
        "insecure_skip_verify",
        "false",
        FLAG,
        "TLS without checking whose certificate it is.",
        |t, n| flag(n).map(|v| t.insecure_skip_verify = v),
    ),
    Member::value(
        "server_name_override",
        "null",
        "a name",
        "The name that the certificate must be for, instead of that of the endpoint.",
        |t, n| name(n).map(|v| t.server_name_override = Some(v)),
    ),
];

/// Reads `tls` of a server; one without content is none, as in the Collector.
pub(super) fn server(reader: &mut Reader, node: &Node) -> Option<Tls> {
    if node.is_null() {
        return None;
    }
    let mut tls = Tls::default();
    member::read(reader, node, &[COMMON, SERVER], &mut tls);
    check(reader, node, &tls);
    if tls.cert_file.is_none() && tls.cert_pem.is_none() {
        let text = "a server needs a certificate: give `cert_file` and `key_file`";
        reader.fault(node.spot, text);
    }
    if tls.client_ca_file_reload && tls.client_ca_file.is_none() {
        let text = "there is no `client_ca_file` to read again";
        reader.fault_of(node, "client_ca_file_reload", text);
    }
    Some(tls)
}

/// Reads `tls` of a client.
pub(super) fn client(reader: &mut Reader, node: &Node, tls: &mut Tls) {
    member::read(reader, node, &[COMMON, CLIENT], tls);
    check(reader, node, tls);
    if tls.insecure && tls.insecure_skip_verify {
        let text = "there is no certificate to check with `insecure: true`; remove one of them";
        reader.fault_of(node, "insecure_skip_verify", text);
    }
}

fn check(reader: &mut Reader, node: &Node, tls: &Tls) {
    for (file, pem, both) in [
        (
            "ca_file",
            "ca_pem",
            tls.ca_file.is_some() && tls.ca_pem.is_some(),
        ),
        (
            "cert_file",
            "cert_pem",
            tls.cert_file.is_some() && tls.cert_pem.is_some(),
        ),
        (
            "key_file",
            "key_pem",
            tls.key_file.is_some() && tls.key_pem.is_some(),
        ),
    ] {
        if both {
            reader.fault_of(
                node,
                pem,
                format!("`{file}` is given too; give one of them"),
            );
        }
    }
    let has_cert = tls.cert_file.is_some() || tls.cert_pem.is_some();
    let has_key = tls.key_file.is_some() || tls.key_pem.is_some();
    if has_cert && !has_key {
        reader.fault(node.spot, "the certificate has no key; give `key_file` too");
    }
    if has_key && !has_cert {
        reader.fault(
            node.spot,
            "the key has no certificate; give `cert_file` too",
        );
    }
    if let (Some(min), Some(max)) = (tls.min_version, tls.max_version)
        && min > max
    {
        reader.fault_of(node, "min_version", "it is newer than `max_version`");
    }
}
