//! What makes the spans of jobs.

/// Libraries of jobs whose spans are known by an attribute of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    Arq,
    Dramatiq,
    Rq,
}
