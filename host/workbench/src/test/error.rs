//! Why no case can be run.

use std::io;

use linkmend::LoadError;

/// No case can be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// The folder of cases cannot be read.
    #[error("cannot read the folder {folder}: {error}; say where the cases are with --cases")]
    Folder {
        /// The folder.
        folder: String,
        /// What the system says.
        error: io::Error,
    },
    /// There are none.
    #[error(
        "there are no cases in {0}; a case is a folder in it with before.jsonl, and after.jsonl, which --update writes"
    )]
    NoCases(String),
    /// No name fits.
    #[error("no case has `{filter}` in its name; there are {names}")]
    NoneFits {
        /// What was asked for.
        filter: String,
        /// What there is.
        names: String,
    },
    /// A folder is half of a case.
    #[error("{0} has an after.* and no before.*: what goes in is missing")]
    NoBefore(String),
    /// It is not clear which file is meant.
    #[error("{folder} has several files called {called}.*; one of them is enough")]
    Several {
        /// The folder.
        folder: String,
        /// What they are called.
        called: String,
    },
    /// The rule cannot be used.
    #[error(transparent)]
    Load(LoadError),
}
