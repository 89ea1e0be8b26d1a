//! A folder with a rule to begin with.

mod case;
mod name;
mod template;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use case::{FirstCase, first_case};
pub use name::{NameError, RuleName};
pub use template::{Language, TemplateFile, UnknownLanguage, templates};

use template::Tokens;

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// In which language.
    pub language: Language,
    /// The name of the rule, and of the folder.
    pub name: RuleName,
    /// Where the folder goes.
    pub into: PathBuf,
    /// A checkout of linkmend to take the SDK from, for Rust; without one it is
    /// written into the folder.
    pub repository: Option<PathBuf>,
}

/// A folder that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub folder: PathBuf,
    /// The files in it, by their names from there on, sorted.
    pub files: Vec<String>,
}

/// No folder was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NewError {
    /// There is something in the folder.
    #[error("{0} is there already, and not empty; give another name, or a place with --into")]
    NotEmpty(String),
    /// What is named as the repository is none.
    #[error("LINKMEND_REPO={0} is no checkout of linkmend: there is no guest/sdk/Cargo.toml in it")]
    NoRepository(String),
    /// Cargo takes no such name.
    #[error("a crate cannot be called `{0}`; write `-` in the place of `.`")]
    CrateName(RuleName),
    /// The program has no template.
    #[error("this linkmend was built without a template for {0}")]
    NoTemplate(Language),
    /// Something cannot be written.
    #[error("cannot write {path}: {error}")]
    Write {
        /// What.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

/// Writes the folder.
///
/// # Errors
///
/// When there is something in its place, or it cannot be written.
pub fn write(wanted: &Wanted) -> Result<Written, NewError> {
    write_files(wanted, templates())
}

/// The same with other templates than those of the program.
///
/// # Errors
///
/// As [`write()`].
pub fn write_files(wanted: &Wanted, templates: &[TemplateFile]) -> Result<Written, NewError> {
    if wanted.language == Language::Rust && wanted.name.as_str().contains('.') {
        return Err(NewError::CrateName(wanted.name.clone()));
    }
    let tokens = Tokens::new(&wanted.name, sdk(wanted)?);
    let folder = wanted.into.join(wanted.name.as_str());
    check_empty(&folder)?;
    let is_there = |file: &&TemplateFile| {
        wanted.repository.is_some() && file.language == RUST && file.name.starts_with(SDK)
    };
    let templates = templates
        .iter()
        .filter(|file| file.language == wanted.language.name() && !is_there(file));
    let mut files = Vec::new();
    for template in templates {
        let name = tokens.file_name(template.name);
        write_file(&folder, &name, &tokens.content(template.content))?;
        files.push(name);
    }
    if files.is_empty() {
        return Err(NewError::NoTemplate(wanted.language));
    }
    files.sort();
    Ok(Written { folder, files })
}

const RUST: &str = "rust";

/// Where the SDK lies in a new folder.
const SDK: &str = "linkmend/";

fn check_empty(folder: &Path) -> Result<(), NewError> {
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if is_free {
        return Ok(());
    }
    Err(NewError::NotEmpty(folder.display().to_string()))
}

/// The value of the dependency `linkmend-rule` in a `Cargo.toml`.
fn sdk(wanted: &Wanted) -> Result<String, NewError> {
    let Some(repository) = &wanted.repository else {
        return Ok(format!("{{ path = \"{SDK}rule\" }}"));
    };
    let no_repository = || NewError::NoRepository(repository.display().to_string());
    let sdk = repository.join("guest/sdk");
    if !sdk.join("Cargo.toml").is_file() {
        return Err(no_repository());
    }
    let sdk = fs::canonicalize(sdk).map_err(|_| no_repository())?;
    let path = sdk.display().to_string();
    // A basic string of TOML has JSON's escapes.
    Ok(format!("{{ path = {} }}", serde_json::Value::String(path)))
}

fn write_file(folder: &Path, name: &str, content: &[u8]) -> Result<(), NewError> {
    let path = folder.join(name);
    let write = || -> io::Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, content)?;
        if path.file_name().is_some_and(|name| name == "build") {
            make_executable(&path)?;
        }
        Ok(())
    };
    write().map_err(|error| NewError::Write {
        path: path.display().to_string(),
        error,
    })
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = fs::metadata(path)?.permissions();
    // Whoever may read it may run it.
    let mode = permissions.mode();
    permissions.set_mode(mode | (mode & 0o444) >> 2);
    fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}
