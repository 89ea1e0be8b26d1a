//! Configuration files: YAML, and JSON, which is YAML too (YAML 1.2).
//!
//! What is read is a JSON value, and where in the text each part of it stands,
//! so that whoever finds a value wrong can say where. It is read strictly: what
//! JSON cannot say (keys that are no text, tags, infinity) is an error, and so
//! is a key that is given twice. Aliases stand for what they name.
//!
//! ```
//! # fn main() -> Result<(), linkmend_config::ConfigError> {
//! let document = linkmend_config::read("max_links: 64\nrecipes:\n  - name: report\n")?;
//! assert_eq!(document.value()["max_links"], 64);
//! let place = document.place("recipes[0].name");
//! assert_eq!(place.map(|place| place.line), Some(3));
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `read` | from a text to a document |
//! | `document` | a value, and where its parts stand |
//! | `events` | what the parser tells, and how deep it may lie |
//! | `build` | from these to a document |
//! | `scalar` | what a word means: YAML's core schema |
//! | `json` | what JSON has and YAML has not |
//! | `error` | what is wrong, and where |
//! | `node` | a tree, of which every part knows its file and place |
//! | `finding` | what is to be told of it |
//! | `layers` | several files that are one configuration |
//! | `resource` | configurations inside of resources of Kubernetes |
//! | `expand` | the environment and files in texts: `${env:NAME}`, `${file:PATH}` |
//! | `outline` | which bytes of a text are which value, for who edits it |
//! | `nearest` | what somebody may have meant |
#![forbid(unsafe_code)]

mod build;
mod document;
mod error;
mod events;
mod expand;
mod finding;
mod json;
mod layers;
mod nearest;
mod node;
mod outline;
mod read;
mod resource;
mod scalar;

pub use document::Document;
pub use error::{ConfigError, Place};
pub use finding::{Finding, Findings};
pub use layers::Layers;
pub use nearest::nearest;
pub use node::{Content, Expanded, Location, Node};
pub use outline::{Outline, Part, Shape};
pub use read::read;
pub use resource::{Embedded, Inside, inside};
