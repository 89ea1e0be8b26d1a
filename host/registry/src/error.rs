//! Why a rule is not to be had, or not to be given away.

use crate::signature::WrongSignature;

/// A registry does not do what it is asked, or has something else than what is meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Nobody answers, or not in a way that can be read.
    #[error("the registry {host} cannot be asked: {why}")]
    Away {
        /// Which one.
        host: String,
        /// What happened.
        why: String,
    },
    /// It wants to know who asks.
    #[error("the registry {host} wants to know who asks ({status}), and {known}")]
    Unauthorized {
        /// Which one.
        host: String,
        /// 401, with what it says.
        status: String,
        /// What it could be told.
        known: String,
    },
    /// It answers with an error.
    #[error("the registry {host} refuses it: {status}")]
    Refused {
        /// Which one.
        host: String,
        /// Its status, with what it says.
        status: String,
    },
    /// It has no such thing.
    #[error("the registry {host} has no such rule: {status}")]
    NotThere {
        /// Which one.
        host: String,
        /// Its status, with what it says.
        status: String,
    },
    /// The rule that is pinned is gone, and its tag names another one.
    #[error(
        "the tag now is {now}, the configuration pins {pinned}, and the registry has that no \
         more; look at what the tag has become and pin it, or push the rule again"
    )]
    Moved {
        /// What the tag names.
        now: String,
        /// What is meant.
        pinned: String,
    },
    /// What came is something else than what was asked for.
    #[error("what came has the digest {found}, and {wanted} was asked for")]
    OtherDigest {
        /// What came.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// What is there is no rule.
    #[error("it is no rule: {0}")]
    NotARule(String),
    /// It is larger than rules may be.
    #[error("it has {size} bytes, more than compile_limits.file_size = {most} bytes")]
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit.
        most: usize,
    },
    /// It is not signed by the one who is meant.
    #[error(transparent)]
    Signature(#[from] WrongSignature),
    /// Nobody waits for it any more.
    #[error("it was stopped")]
    Stopped,
}
