//! What the integration suites and the benchmarks of linkmend share.
//!
//! # Layout
//!
//! | module | what it has |
//! |---|---|
//! | [`arms`] | the built-in rule, native, in the sandbox, and beside the kernel |
//! | [`kernel`] | the engine as a WebAssembly module, in a host of our own |
//! | [`otlp`] | batches, made of prost's structs |
//! | [`order`] | the field orders that senders write |
//! | [`rules`] | rules of a closure |
//! | [`guests`] | components made of text, in either world |
//! | [`puppet`] | a component that answers what it is told to |
//! | [`memory`] | how much memory the message index takes |
//! | [`stores`] | servers of Redis or Valkey |
//! | [`kafka`] | a broker of Kafka |

pub mod arms;
pub mod guests;
pub mod kafka;
pub mod kernel;
pub mod memory;
pub mod otlp;
pub mod puppet;
pub mod rules;
pub mod stores;

pub use linkmend_workload::order;
