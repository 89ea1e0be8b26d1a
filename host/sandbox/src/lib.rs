//! Runs link rules as WebAssembly components: with no clock, file, environment or network,
//! and with limits on memory, time and output.
//!
//! A [`Sandbox`] and the bytes of a component make a rule for a processor of
//! `linkmend-core`: [`load`]. The crate `linkmend` puts them together.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `checksum`, `rule_file` | which file a rule has to be, and how it is read |
//! | `private` | a directory that is the user's own |
//! | `inspect`, `worlds` | what a component says of itself before it runs |
//! | `engine`, `ticker` | what all components run in |
//! | `compile`, `cache` | from a component to code |
//! | `sandbox`, `load` | from a component to a rule |
//! | `instance`, `exports` | calls of a rule |
//! | `host`, `imports`, `wasi` | what a rule is given |
//! | `words`, `numbers` | what crosses the boundary, in each version |
//! | `records` | a batch for the world `span-rule` |
//! | `clock`, `limiter`, `trap` | what a rule may take, and how it failed |
//! | `said` | what a rule says to its author |
//! | `away` | what is told when the index cannot be reached |

mod away;
mod bindings;
mod cache;
mod checksum;
mod clock;
mod compile;
mod engine;
mod error;
mod exports;
mod host;
mod imports;
mod inspect;
mod instance;
mod limiter;
mod load;
mod numbers;
mod private;
mod records;
mod rule_file;
mod said;
mod sandbox;
mod ticker;
mod trap;
mod wasi;
mod words;
mod worlds;

pub use cache::CodeCache;
pub use checksum::{Checksum, WrongChecksum};
pub use compile::{CompileError, CompileLimits, Compiler, Stop, compile_for_parent};
pub use error::{LoadReason, Stage};
pub use inspect::{Inspection, inspect};
pub use load::load;
pub use private::{PrivateDirectory, PrivateDirectoryError};
pub use rule_file::{RuleFile, RuleFileError};
pub use said::{Level, Listener, Said, SaidLine};
pub use sandbox::Sandbox;
