//! How a client of Kafka logs in.

use linkmend_config::Node;

use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::{choice, name};
use crate::config::secret::Secret;

/// Who logs in, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KafkaSasl {
    /// How.
    pub mechanism: SaslMechanism,
    /// Who.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// How somebody logs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SaslMechanism {
    /// The password as it is.
    #[default]
    Plain,
    /// SCRAM-SHA-256.
    ScramSha256,
    /// SCRAM-SHA-512.
    ScramSha512,
}

const MECHANISMS: [(&str, SaslMechanism); 3] = [
    ("PLAIN", SaslMechanism::Plain),
    ("SCRAM-SHA-256", SaslMechanism::ScramSha256),
    ("SCRAM-SHA-512", SaslMechanism::ScramSha512),
];

pub(in crate::config) static AUTH: &[Member<Option<KafkaSasl>>] = &[
    Member::section(
        "sasl",
        "kafka sasl",
        "off",
        "A name and a password.",
        |t, r, n| *t = sasl(r, n),
    ),
    Member::unsupported(
        "kerberos",
        "it logs in with `sasl` or a certificate (`tls`)",
    ),
];

const TOKENS: &str = "it logs in with a password or a certificate, and has no source of tokens";

pub(in crate::config) static SASL: &[Member<KafkaSasl>] = &[
    Member::value(
        "mechanism",
        "",
        "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512",
        "How the password is shown. `PLAIN` shows it as it is: use it with `tls`.",
        |t, n| choice(n, &MECHANISMS).map(|v| t.mechanism = v),
    ),
    Member::value("username", "", "a text", "Who logs in.", |t, n| {
        name(n).map(|v| t.username = v)
    }),
    Member::value(
        "password",
        "",
        "a text, such as ${env:KAFKA_PASSWORD}",
        "The password.",
        |t, n| name(n).map(|v| t.password = v.into()),
    ),
    Member::unsupported("aws_msk", TOKENS),
    Member::unsupported("oauthbearer_token_source", TOKENS),
];

/// Reads `auth`.
pub(super) fn read(login: &mut Option<KafkaSasl>, reader: &mut Reader, node: &Node) {
    member::read(reader, node, &[AUTH], login);
}

fn sasl(reader: &mut Reader, node: &Node) -> Option<KafkaSasl> {
    if node.is_null() {
        return None;
    }
    let mut sasl = KafkaSasl::default();
    member::read(reader, node, &[SASL], &mut sasl);
    Some(sasl)
}
