//! `extensions`: what is not on the way of traces.

mod file_storage;
mod flows;
mod health_check;

pub use file_storage::FileStorage;
pub use flows::FlowsPage;
pub use health_check::{HealthCheck, ResponseBody};

pub(super) use file_storage::MEMBERS as FILE_STORAGE;
pub(super) use flows::MEMBERS as FLOWS;
pub(super) use health_check::{MEMBERS as HEALTH_CHECK, RESPONSE_BODY};

use super::components::{Kind, Type};

/// An extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extension {
    /// Tells others whether linkmend is up.
    HealthCheck(Box<HealthCheck>),
    /// Shows the flows of messages.
    Flows(Box<FlowsPage>),
    /// Keeps queues over a restart.
    FileStorage(FileStorage),
}

pub(super) static KIND: Kind<Extension> = Kind {
    section: "extensions",
    singular: "extension",
    types: &[
        Type {
            names: &["health_check"],
            read: |reader, node| Extension::HealthCheck(Box::new(health_check::read(reader, node))),
        },
        Type {
            names: &["flows"],
            read: |reader, node| Extension::Flows(Box::new(flows::read(reader, node))),
        },
        Type {
            names: &["file_storage"],
            read: |reader, node| Extension::FileStorage(file_storage::read(reader, node)),
        },
    ],
};
