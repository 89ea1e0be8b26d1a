//! Where compiled rules are kept.

use std::path::{Path, PathBuf};

/// The directory that was asked for, or `linkmend` in the user's cache
/// directory; `None` when none is wanted, or none is there.
pub fn directory(asked: Option<&Path>) -> Option<PathBuf> {
    match asked {
        Some(path) if path.as_os_str().is_empty() => None,
        // Wasmtime wants it absolute.
        Some(path) => std::path::absolute(path).ok(),
        None => {
            let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            let cache = cache.filter(|path| path.is_absolute());
            let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
            cache.map(|cache| cache.join("linkmend"))
        }
    }
}
