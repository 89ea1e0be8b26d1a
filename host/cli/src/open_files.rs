//! How many files the process may have open: a connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as it may be raised. The low one that shells begin
/// with is there for programs that use `select`. Where it stays as it is, so
/// does what it allows.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if limit.current != limit.maximum {
        let _ = setrlimit(Resource::Nofile, raised);
    }
}
