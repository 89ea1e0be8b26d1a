//! What instrumentations that were not recorded emit by their sources: traces
//! whose true links are known. Those that were are in `tests/recordings`.
//!
//! A [`Profile`] declares what one instrumentation puts on the spans of both
//! sides of a message. A [`World`] is a small system that is instrumented so:
//! services that send and receive messages, one by one and in batches, that
//! fail, try again and do other things, and for each of its spans the links
//! that it must have. [`Damage`] takes context and links away, and [`Score`]
//! counts what of it mending brought back. All of it is the same for the same
//! seed.
//!
//! # Layout
//!
//! | module | what it has |
//! |---|---|
//! | [`profile`] | what a profile says |
//! | [`profiles`] | the profiles, by the field that they are from |
//! | [`world`] | what happens, and the spans of it |
//! | [`template`] | from a declared shape to attributes |
//! | [`damage`], [`arrival`] | what becomes of spans before they are mended |
//! | [`score`] | what mending got right |
//! | [`context`], [`random`] | ids, and chance |

pub mod arrival;
pub mod context;
pub mod damage;
pub mod profile;
pub mod profiles;
pub mod random;
pub mod score;
pub mod template;
pub mod world;

pub use context::SpanContext;
pub use damage::{DAMAGES, Damage};
pub use profile::{Joinable, Profile};
pub use profiles::all;
pub use random::Random;
pub use score::Score;
pub use world::World;
