//! Who sent what a consumer received: what its links and its parent say of it.
//!
//! A join is in the bytes that go out, as a link or as a parent. So nothing but
//! spans is needed to find it, whoever made it.

mod candidate;
mod outside;
mod passing;
mod producers;
mod seen;
mod waiting;
mod whole;

pub use outside::Outside;
pub use passing::{Passing, PassingOptions};
pub(crate) use seen::{ByHash, Hashes};
pub use whole::{Found, Gathered, KeptSpan};
