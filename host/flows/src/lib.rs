//! The ways of messages, from producers to consumers.
//!
//! ```text
//! mended spans ─► read ─► find ─► flows ─► sums ─► metrics, page, JSON
//!                                   └────► project ─► spans
//! ```
//!
//! A consumer of a message is joined to its producer by a link, which linkmend
//! made or the sender, or by its parent. Either is in the bytes that go out. So
//! flows are found in spans after they were mended, whoever mended them, and this
//! crate knows nothing of rules.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `flow` | the way of one message |
//! | `read` | what spans say of messages |
//! | `find` | who sent what a consumer received: in files, and in what passes |
//! | `sums` | flows by who sends what to whom |
//! | `project` | spans that stand for consumers in their producers' traces |
//! | `page` | one HTML file of them |
//! | `words` | what a rule calls what it writes on links |
#![forbid(unsafe_code)]

mod find;
mod flow;
mod page;
mod project;
mod read;
mod sites;
mod sums;
mod words;

pub use find::{Found, Gathered, KeptSpan, Outside, Passing, PassingOptions};
pub use flow::{Context, End, Flow, FlowRef, Joined, Site, ToldEnd};
pub use page::{Page, Unlinked, hex};
pub use project::{Projected, Projector};
pub use sums::{Edge, EdgeSums, Quantiles, Sums, SumsOptions, Window};
pub use words::LinkWords;
