//! Rules in OCI registries, laid out as the CNCF's Wasm artifacts are: pushed by one
//! machine, run by others.
//!
//! A rule is named by a tag, and pinned by the digest of its manifest, which holds the
//! digest of the component. All that is pulled is held against these digests, and kept:
//! where a rule is pinned and was pulled once, no registry is asked again.
//!
//! Of the distribution protocol this takes six requests. They are sent by the HTTP client
//! that linkmend has anyway; a client crate would bring another one, forty crates with it.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `reference` | names: `oci://HOST/NAME:TAG@sha256:HEX` |
//! | `artifact` | the manifest and the configuration of a rule |
//! | `connection` | requests of HTTP, through a proxy where there is one |
//! | `challenge`, `credentials` | who asks: what Docker keeps of that |
//! | `session` | requests to one registry, with what it wants to know |
//! | `client` | pulling and pushing |
//! | `store` | what was pulled |
//! | `signature` | who made it |
//! | `fetch` | a rule, from the store or from its registry |
#![forbid(unsafe_code)]

mod artifact;
mod challenge;
mod client;
mod connection;
mod credentials;
mod error;
mod fetch;
mod reference;
mod session;
mod signature;
mod store;

pub use artifact::{About, SIGNATURE};
pub use client::{PulledRule, push};
pub use error::RegistryError;
pub use fetch::{FetchedRule, Fetcher};
pub use reference::{BadReference, Reference, SCHEME};
pub use signature::{BadKey, PublicKey, WrongSignature};
pub use store::Store;
