//! From a core module to a component, so that authors need no other tool.

use std::io;
use std::path::{Path, PathBuf};

use linkmend_component::{ComponentError, Interface, from_module, with_types};

/// A component that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The file that it is in.
    pub path: PathBuf,
    /// Its size, in bytes.
    pub size: usize,
    /// What it imports that is neither of rules nor WASI: it will not load.
    pub foreign: Vec<String>,
    /// What it imports of WASI: it is given an empty one.
    pub wasi: Vec<String>,
}

/// No component was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// The module cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// No rule can be made of the module.
    #[error("{path}: {error}")]
    Module {
        /// The file.
        path: String,
        /// Why.
        error: ComponentError,
    },
    /// The component cannot be written.
    #[error("cannot write {path}: {error}")]
    Write {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

/// Where the component of a module goes when nothing else is said: its name
/// with `.component.wasm`, beside it.
#[must_use]
pub fn default_output(module: &Path) -> PathBuf {
    module.with_extension("component.wasm")
}

/// Makes a component of a module that holds the types of its interface, or whose
/// types are those in the file `wit`, and sees to it that it is a rule.
///
/// # Errors
///
/// When it cannot be read, is no such module, or the component cannot be written.
pub fn make(module: &Path, wit: Option<&Path>, output: &Path) -> Result<Made, MakeError> {
    let unread = |path: &Path, error| MakeError::Read {
        path: path.display().to_string(),
        error,
    };
    let bytes = std::fs::read(module).map_err(|error| unread(module, error))?;
    let wit = wit.map(|wit| std::fs::read_to_string(wit).map_err(|error| unread(wit, error)));
    let wit = wit.transpose()?;
    let made = rule_of(&bytes, wit.as_deref());
    let (component, interface) = made.map_err(|error| MakeError::Module {
        path: module.display().to_string(),
        error,
    })?;
    std::fs::write(output, &component).map_err(|error| MakeError::Write {
        path: output.display().to_string(),
        error,
    })?;
    let imports = interface.imports.into_iter();
    let others = imports.filter(|name| !name.starts_with("linkmend:rule/"));
    let (wasi, foreign) = others.partition(|name| name.starts_with("wasi:"));
    Ok(Made {
        path: output.to_owned(),
        size: component.len(),
        foreign,
        wasi,
    })
}

fn rule_of(module: &[u8], wit: Option<&str>) -> Result<(Vec<u8>, Interface), ComponentError> {
    let component = match wit {
        Some(wit) => from_module(&with_types(module, wit)?)?,
        None => from_module(module)?,
    };
    let interface = Interface::of(&component)?;
    interface.check_exports()?;
    Ok((component, interface))
}
