//! The configuration of the rule.

use linkmend_rule::Kind;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Read from JSON, and checked.
#[derive(Debug)]
pub struct Config {
    /// Where ids are.
    pub attributes: Vec<String>,
    /// Spans that make requests.
    pub request_kinds: Vec<Kind>,
    /// Spans that work them off.
    pub job_kinds: Vec<Kind>,
    /// Resource attributes within which ids are unique.
    pub scope: Vec<String>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    attributes: Vec<String>,
    request_kinds: Vec<String>,
    job_kinds: Vec<String>,
    scope: Vec<String>,
}

impl Default for Raw {
    fn default() -> Self {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).into()).collect();
        Self {
            attributes: owned(&["report.request_id", "report.request_ids"]),
            request_kinds: owned(&["server", "producer"]),
            job_kinds: owned(&["internal", "consumer"]),
            scope: owned(&["service.namespace"]),
        }
    }
}

impl Config {
    /// Reads a JSON object.
    ///
    /// # Errors
    ///
    /// What is wrong, at which key, and what would be right.
    pub fn read(json: &str) -> Result<Self, String> {
        let raw: Raw = read(json)?;
        if raw.attributes.is_empty() {
            return Err("attributes: empty; name the attributes that hold ids of requests, such as [\"report.request_id\"]".into());
        }
        let request_kinds = kinds("request_kinds", &raw.request_kinds)?;
        let job_kinds = kinds("job_kinds", &raw.job_kinds)?;
        if let Some(kind) = job_kinds.iter().find(|kind| request_kinds.contains(kind)) {
            return Err(format!(
                "job_kinds: {kind:?} is among request_kinds too; a span is either a request or a job"
            ));
        }
        Ok(Self {
            attributes: raw.attributes,
            request_kinds,
            job_kinds,
            scope: raw.scope,
        })
    }
}

/// What `json` says. An error begins with the path of the key, as linkmend
/// expects it: it then says where that stands in the user's file.
fn read<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    let json = &mut serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(json).map_err(|error| {
        let text = error.inner().to_string();
        // Places in the JSON mean nothing to a user who wrote YAML.
        let text = text.split(" at line ").next().unwrap_or_default();
        format!("{}: {text}", error.path())
    })
}

fn kinds(key: &str, names: &[String]) -> Result<Vec<Kind>, String> {
    let read = |(place, name): (usize, &String)| {
        Kind::from_name(name).ok_or_else(|| {
            format!(
                "{key}[{place}]: {name:?} is no kind; it is internal, server, client, producer, consumer or unspecified"
            )
        })
    };
    names.iter().enumerate().map(read).collect()
}
