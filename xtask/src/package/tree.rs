//! Files and folders as they will be installed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::answer;

/// An empty folder, whatever was there.
pub fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(())
}

/// A file with this content.
pub fn write(path: &Path, content: impl AsRef<[u8]>, mode: u32) -> Result<()> {
    let context = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    fs::write(path, content).with_context(context)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).with_context(context)
}

/// A file with the content of another one.
pub fn copy(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    write(to, content, mode)
}

/// The completions of bash, zsh and fish, each under the name that its shell
/// looks for.
pub fn completions(binary: &Path, folder: &Path) -> Result<()> {
    for (shell, name) in [
        ("bash", "bash/linkmend"),
        ("zsh", "zsh/_linkmend"),
        ("fish", "fish/linkmend.fish"),
    ] {
        let script = answer(Command::new(binary).args(["completions", shell]))?;
        write(&folder.join(name), script, 0o644)?;
    }
    Ok(())
}

/// The manual pages.
pub fn manual(binary: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    answer(Command::new(binary).arg("man").arg(folder))?;
    for page in fs::read_dir(folder)? {
        fs::set_permissions(page?.path(), Permissions::from_mode(0o644))?;
    }
    Ok(())
}

/// Compresses a file as Debian wants it, without name and time.
pub fn compress(path: &Path) -> Result<()> {
    answer(Command::new("gzip").args(["-9", "-n", "--force"]).arg(path))?;
    Ok(())
}
