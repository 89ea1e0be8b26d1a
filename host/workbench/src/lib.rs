//! What a rule author does with a link rule: `linkmend rule`.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | [`subject`], [`config`] | the rule that is worked on, and its configuration |
//! | [`inspect`] | what a component says of itself |
//! | [`check`] | whether it is a rule that stays in its limits, whatever it is shown |
//! | [`mod@test`] | golden cases: traces before and after |
//! | [`mod@bench`] | what it costs, on files or on a generated load |
//! | [`mod@new`] | a folder with a rule to begin with, in five languages |
//! | [`dev`] | builds and runs a rule whenever its source changes |
//! | [`component`] | from a core module to a component |
//! | `heard` | what a rule said meanwhile |
//! | `index`, `spans` | a message index that can be emptied, spans and their names |
#![forbid(unsafe_code)]

pub mod bench;
pub mod check;
pub mod component;
pub mod config;
pub mod dev;
mod heard;
mod index;
pub mod inspect;
pub mod new;
mod spans;
pub mod subject;
pub mod test;

pub use config::RuleConfig;
pub use heard::{Heard, HeardLine, Lines};
pub use index::FreshIndex;
pub use subject::Subject;
