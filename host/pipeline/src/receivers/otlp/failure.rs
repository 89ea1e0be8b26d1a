//! Why a request was not taken.

use crate::traces::{Refusal, RefusalKind};

/// Why a request was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// What came could not be read, or what it was handed to has refused it.
    Refused(Refusal),
    /// It is too large, for a limit of which the text tells.
    TooLarge(String),
    /// It came too slowly; the sender may try again.
    Slow(String),
    /// Its compression is damaged, or it broke off.
    Damaged(String),
    /// A unary call of gRPC without a message, or with several.
    NotOneMessage(&'static str),
    /// The sender does not wait any longer.
    Deadline,
}

impl Failure {
    /// For people.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Refused(refusal) => &refusal.message,
            Self::TooLarge(text) | Self::Slow(text) | Self::Damaged(text) => text,
            Self::NotOneMessage(text) => text,
            Self::Deadline => "the deadline of the request has passed",
        }
    }
}

/// When a sender may try again, where that is known.
pub(super) fn retry_after(failure: &Failure) -> Option<std::time::Duration> {
    match failure {
        Failure::Refused(Refusal {
            kind: RefusalKind::Retry(after),
            ..
        }) => *after,
        _ => None,
    }
}
