//! Where a file lies.

use std::path::Path;

/// The folder of a file; that where the program runs for a name alone.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
