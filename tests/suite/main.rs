//! The suites.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

mod behaviour;
mod blame;
mod composition;
mod crowded;
mod elsewhere;
mod emitters;
mod explain;
mod guarantees;
mod hold;
mod hostile;
mod index;
mod large;
mod page;
mod patterns;
mod policy;
mod properties;
mod reality;
mod reasons;
mod recordings;
mod reload;
mod repair;
mod scopes;
mod sdk;
#[path = "../../wire/tests/shared/mod.rs"]
#[allow(dead_code, reason = "some of it is for the suite of the wire crate")]
mod shared;
mod time;
mod versions;

use linkmend_tests::memory::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
