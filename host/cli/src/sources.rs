//! Where configurations of `linkmend run` come from, named as the Collector
//! names them.

use std::env::VarError;
use std::fmt::Write as _;
use std::io::Read as _;

use linkmend_pipeline::config::Source;

/// Schemes that the Collector has, or had, and linkmend has not.
const OTHERS: [&str; 5] = ["http", "https", "s3", "googlesecretmanager", "opamp"];

/// Reads what `--config` names: a file, `-` for standard input, `file:PATH`,
/// `env:NAME`, or `yaml:TEXT`.
///
/// # Errors
///
/// Why it cannot be read, and the way out.
pub fn read(given: &str) -> Result<Source, String> {
    let (scheme, rest) = match given.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("file", given),
    };
    let text = match scheme {
        "yaml" => Ok(rest.to_owned()),
        "env" => variable(rest),
        "file" if rest == "-" => standard_input(),
        "file" => std::fs::read_to_string(rest).map_err(|error| error.to_string()),
        _ => Err(format!(
            "`{scheme}:` is not supported by linkmend, because it reads files, the environment \
             and its arguments alone; fetch it before, and give it as a file or to standard \
             input (`--config -`)"
        )),
    };
    let name = match (scheme, rest) {
        ("file", "-") => "standard input",
        ("file", path) => path,
        ("yaml", _) => "--config yaml:",
        _ => given,
    };
    match text {
        Ok(text) => Ok(Source {
            name: name.into(),
            text,
        }),
        Err(error) => Err(format!("cannot read the configuration {name}: {error}")),
    }
}

fn is_scheme(text: &str) -> bool {
    matches!(text, "file" | "env" | "yaml") || OTHERS.contains(&text)
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|error| match error {
        VarError::NotPresent => "the environment variable is not set".into(),
        VarError::NotUnicode(_) => "the environment variable is not valid UTF-8".into(),
    })
}

fn standard_input() -> Result<String, String> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map(|_| text).map_err(|error| error.to_string())
}

/// What `--set` gives: `path.of.keys=VALUE`, the value as YAML. A key that has
/// dots in it stands behind `::`, as in the Collector.
///
/// # Errors
///
/// It has no `=`, or a key is missing.
pub fn set(given: &str) -> Result<Source, String> {
    let wanted = || format!("`--set {given}`: write it as `path.of.keys=value`");
    let (path, value) = given.split_once('=').ok_or_else(wanted)?;
    let keys: Vec<_> = if path.contains("::") {
        path.split("::").collect()
    } else {
        path.split('.').collect()
    };
    if keys.iter().any(|key| key.trim().is_empty()) {
        return Err(wanted());
    }
    let mut text = String::new();
    for (depth, key) in keys.iter().enumerate() {
        // A key in quotes is one of JSON, which is YAML, too.
        let key = serde_json::Value::from(key.trim()).to_string();
        let indent = depth;
        let line_end = if depth + 1 < keys.len() { "\n" } else { " " };
        let _ = write!(text, "{:indent$}{key}:{line_end}", "");
    }
    text.push_str(value);
    Ok(Source {
        name: format!("--set {path}"),
        text,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    #[test]
    fn what_is_set_is_a_configuration_of_its_own() {
        let source = set("processors.linkmend.hold.time=2s").unwrap();
        assert_eq!(
            source.text,
            "\"processors\":\n \"linkmend\":\n  \"hold\":\n   \"time\": 2s"
        );
        assert_eq!(source.name, "--set processors.linkmend.hold.time");
        let source = set("exporters::otlp_http::headers::x.y=[a, b]=c").unwrap();
        assert!(
            source.text.ends_with("   \"x.y\": [a, b]=c"),
            "{}",
            source.text
        );
        for wrong in ["processors", "=1", "a..b=1", "a.=1"] {
            assert!(set(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sources_are_told_apart() {
        let yaml = read("yaml:a: {b: 1}").unwrap();
        assert_eq!((&*yaml.name, &*yaml.text), ("--config yaml:", "a: {b: 1}"));
        let unset = read("env:LINKMEND_NO_SUCH_VARIABLE").unwrap_err();
        assert!(unset.contains("is not set"), "{unset}");
        let other = read("https://config.example/linkmend.yaml").unwrap_err();
        assert!(other.contains("`https:` is not supported"), "{other}");
        for path in ["no/such/file.yaml", "file:no/such/file.yaml"] {
            let missing = read(path).unwrap_err();
            assert!(
                missing.contains("configuration no/such/file.yaml: "),
                "{missing}"
            );
        }
    }
}
