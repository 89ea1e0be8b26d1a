//! What several tasks ask of other programs and of files.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

/// What a command prints; an error, with what it says, when it fails.
pub fn answer(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program}: {}", told.trim());
    Ok(String::from_utf8(output.stdout)?)
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    format!("{:x}", Sha256::digest(content))
}
