//! What is wrong with a configuration.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use linkmend_config::{Finding, Location, Place};

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
    /// Where else that is to be done: the places that name a component that is to
    /// be removed.
    pub also: Vec<RelatedPlace>,
}

/// A place that goes with a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelatedPlace {
    /// The file, as it was named.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// The path of keys that leads there.
    pub path: String,
}

impl RelatedPlace {
    pub(super) fn new(spot: Location, path: &str, files: &[String]) -> Self {
        Self {
            file: name(spot, files),
            place: spot.place,
            path: path.into(),
        }
    }
}

fn name(spot: Location, files: &[String]) -> String {
    files.get(spot.file).cloned().unwrap_or_default()
}

impl Fault {
    pub(super) fn new(finding: Finding, files: &[String]) -> Self {
        Self {
            file: name(finding.spot, files),
            place: finding.spot.place,
            path: finding.path,
            text: finding.text,
            also: Vec::new(),
        }
    }

    /// Where it is, and where else something is to be done.
    fn places(&self) -> String {
        let mut places = format!("{}: {}", self.file, self.place);
        if !self.path.is_empty() {
            let _ = write!(places, ": {}", self.path);
        }
        let mut joint = " (and in";
        for RelatedPlace { file, place, path } in &self.also {
            places.push_str(joint);
            if *file != self.file {
                let _ = write!(places, " {file},");
            }
            let _ = write!(places, " line {}: {path}", place.line);
            joint = ",";
        }
        if !self.also.is_empty() {
            places.push(')');
        }
        places
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.places(), self.text)
    }
}

/// All that is wrong with a configuration, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    /// A line each; where the same is told of several places, it is told once,
    /// with a line for each place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by_text = BTreeMap::<&str, Vec<&Fault>>::new();
        for fault in &self.0 {
            by_text.entry(&fault.text).or_default().push(fault);
        }
        let mut end = "";
        for fault in &self.0 {
            // With the first of them.
            let Some(same) = by_text.remove(fault.text.as_str()) else {
                continue;
            };
            if same.len() == 1 {
                write!(f, "{end}{fault}")?;
            } else {
                write!(f, "{end}{} places: {}", same.len(), fault.text)?;
                for fault in same {
                    write!(f, "\n    {}", fault.places())?;
                }
            }
            end = "\n";
        }
        Ok(())
    }
}
