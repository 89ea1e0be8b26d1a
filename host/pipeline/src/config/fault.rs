//! What is wrong with a configuration.

use std::fmt;

use linkmend_config::{Finding, Place};

/// Something that is told of a place in a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, as it was named.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// The path of keys that leads there: `receivers.otlp.protocols`. Empty for
    /// what concerns the whole file.
    pub path: String,
    /// What is wrong, and the way out.
    pub text: String,
}

impl Fault {
    pub(super) fn new(finding: Finding, files: &[String]) -> Self {
        Self {
            file: files.get(finding.spot.file).cloned().unwrap_or_default(),
            place: finding.spot.place,
            path: finding.path,
            text: finding.text,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.file, self.place)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

/// All that is wrong with a configuration, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    /// A line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}
