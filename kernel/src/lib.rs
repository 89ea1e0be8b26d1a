//! The engine of linkmend as a WebAssembly module, for hosts that are not Rust: the Go
//! Collector runs it in wazero.
//!
//! The module has a handful of exports and imports of numbers alone, and no component model;
//! docs/kernel.md describes them, byte for byte. Rules run in the host, in instances of their
//! own: the kernel says what they are shown, and checks what they answer.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `abi` | the exports and imports of the module |
//! | `blocks` | what goes in and out, in the memory of the module |
//! | `host` | what the kernel asks of its host |
//! | `options` | what it is configured with |
//! | `kernel` | what the exports do |
//! | `answer` | what became of a batch, for a host that has it in a form of its own |
//! | `rules` | rules that the host runs |
//! | `image` | what a rule of the world `span-rule` is shown |
//! | `verdict` | what they answer, as it lies in their memory |
//! | `numbers` | producers and keys in numbers |
//! | `store` | a store that the host shares with others |
//! | `report` | what is told to people |

#[cfg(target_family = "wasm")]
mod abi;
#[cfg(target_family = "wasm")]
mod blocks;

mod answer;
mod host;
mod image;
mod kernel;
mod numbers;
mod options;
mod report;
mod rules;
mod store;
mod verdict;

pub use host::{Host, HostClock};
pub use kernel::Kernel;
