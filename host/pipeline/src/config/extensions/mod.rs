//! `extensions`: what is not on the way of traces.

mod file_storage;
mod health_check;

pub use file_storage::FileStorage;
pub use health_check::{HealthCheck, ResponseBody};

pub(super) use file_storage::MEMBERS as FILE_STORAGE;
pub(super) use health_check::{MEMBERS as HEALTH_CHECK, RESPONSE_BODY};

use super::components::{Kind, Type};

/// An extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extension {
    /// Tells others whether linkmend is up.
    HealthCheck(Box<HealthCheck>),
    /// Keeps queues over a restart.
    FileStorage(FileStorage),
}

const AUTHENTICATOR: &str = "it has no authentication extensions; exporters have `headers` and \
                             `tls`, receivers `tls.client_ca_file`";

pub(super) static KIND: Kind<Extension> = Kind {
    section: "extensions",
    singular: "extension",
    types: &[
        Type {
            names: &["health_check"],
            read: |reader, node| Extension::HealthCheck(Box::new(health_check::read(reader, node))),
        },
        Type {
            names: &["file_storage"],
            read: |reader, node| Extension::FileStorage(file_storage::read(reader, node)),
        },
    ],
    others: &[
        ("basicauth", AUTHENTICATOR),
        ("basic_auth", AUTHENTICATOR),
        ("bearertokenauth", AUTHENTICATOR),
        ("bearer_token_auth", AUTHENTICATOR),
        ("headers_setter", AUTHENTICATOR),
        ("oauth2client", AUTHENTICATOR),
        ("oidc", AUTHENTICATOR),
        ("sigv4auth", AUTHENTICATOR),
        ("db_storage", "queues are kept in files; use `file_storage`"),
        ("healthcheckv2", "it is not finished; use `health_check`"),
        (
            "memory_ballast",
            "there is no garbage collector to be calmed",
        ),
        ("memory_limiter", "it is a processor here"),
        ("pprof", "it is for programs in Go"),
        (
            "zpages",
            "it is for programs in Go; see `service.telemetry`",
        ),
    ],
};
