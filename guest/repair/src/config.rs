//! The rule's configuration.

use serde_json::Value;

/// How the rule was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `max_links`
    pub max_links: u32,
    /// `invalid_links`
    pub invalid_links: InvalidLinks,
    /// `link_to_parent`
    pub link_to_parent: bool,
    /// `same_trace`: it says that propagation worked.
    pub same_trace_satisfies: bool,
    /// `ambiguous`
    pub ambiguous: Ambiguous,
    /// `clock_skew`, in nanoseconds.
    pub clock_skew: u64,
    /// `link_type_attribute`; empty: off.
    pub type_attribute: String,
    /// `provenance_attribute`; empty: off.
    pub provenance_attribute: String,
}

/// What becomes of links with an invalid context that can not be repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidLinks {
    /// They go.
    Drop,
    /// They go when they carry neither attributes nor a trace state
    /// (OpenTelemetry specification 1.33, trace/api.md, "Link").
    DropBare,
    /// They stay.
    Keep,
}

/// What becomes of a message with several producers and no way to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguous {
    /// No link.
    Skip,
    /// A link to the latest.
    Latest,
    /// A link to each.
    All,
}

/// A key of the configuration: what is checked, set and documented.
#[derive(Debug)]
pub struct Setting {
    /// The key.
    pub key: &'static str,
    /// The default, as JSON.
    pub default: &'static str,
    /// The values it takes.
    pub values: &'static str,
    /// What it does.
    pub summary: &'static str,
    set: fn(&mut Config, &Value) -> Option<()>,
}

/// Every key of the configuration.
pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "max_links",
        default: "128",
        values: "an integer from 0 to 4294967295",
        summary: "How many links a span may have. The host has a limit of its own, which holds too.",
        set: |config, value| {
            config.max_links = u32::try_from(value.as_u64()?).ok()?;
            Some(())
        },
    },
    Setting {
        key: "invalid_links",
        default: "\"drop\"",
        values: "\"drop\", \"drop_bare\", \"keep\"",
        summary: "What becomes of links with an invalid context that can not be repaired: all go, those \
                  without attributes and trace state go, or all stay.",
        set: |config, value| {
            config.invalid_links = match value.as_str()? {
                "drop" => InvalidLinks::Drop,
                "drop_bare" => InvalidLinks::DropBare,
                "keep" => InvalidLinks::Keep,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        key: "link_to_parent",
        default: "false",
        values: "true, false",
        summary: "Whether a consumer gets a link to its producer when that is its parent already.",
        set: |config, value| {
            config.link_to_parent = value.as_bool()?;
            Some(())
        },
    },
    Setting {
        key: "same_trace",
        default: "\"satisfied\"",
        values: "\"satisfied\", \"link\"",
        summary: "Whether a consumer in the trace of its producer needs no link, or gets one unless the \
                  producer is its parent.",
        set: |config, value| {
            config.same_trace_satisfies = match value.as_str()? {
                "satisfied" => true,
                "link" => false,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        key: "ambiguous",
        default: "\"skip\"",
        values: "\"skip\", \"latest\", \"all\"",
        summary: "What becomes of a message with several producers and no way to choose: no link, a link \
                  to the latest, or one to each.",
        set: |config, value| {
            config.ambiguous = match value.as_str()? {
                "skip" => Ambiguous::Skip,
                "latest" => Ambiguous::Latest,
                "all" => Ambiguous::All,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        key: "clock_skew",
        default: "\"5s\"",
        values: "a duration like \"500ms\", \"5s\", \"2m\" or \"1h\"",
        summary: "How far the clocks of two hosts may differ: a producer that starts later than that \
                  after its consumer is not its producer.",
        set: |config, value| {
            config.clock_skew = duration(value.as_str()?)?;
            Some(())
        },
    },
    Setting {
        key: "link_type_attribute",
        default: "\"link.type\"",
        values: "an attribute name outside of \"messaging.\", or \"\" for none",
        summary: "The attribute of a link that says why it exists.",
        set: |config, value| {
            config.type_attribute = attribute_name(value.as_str()?)?;
            Some(())
        },
    },
    Setting {
        key: "provenance_attribute",
        default: "\"link.repaired\"",
        values: "an attribute name outside of \"messaging.\", or \"\" for none",
        summary: "The attribute that is true on links that linkmend made or repaired.",
        set: |config, value| {
            config.provenance_attribute = attribute_name(value.as_str()?)?;
            Some(())
        },
    },
];

impl Default for Config {
    fn default() -> Self {
        let mut config = Self {
            max_links: 0,
            invalid_links: InvalidLinks::Drop,
            link_to_parent: false,
            same_trace_satisfies: true,
            ambiguous: Ambiguous::Skip,
            clock_skew: 0,
            type_attribute: String::new(),
            provenance_attribute: String::new(),
        };
        for setting in SETTINGS {
            let value = serde_json::from_str(setting.default).unwrap_or_default();
            let _ = (setting.set)(&mut config, &value);
        }
        config
    }
}

impl Config {
    /// Reads a JSON object; what it leaves out, and an empty text, is default.
    ///
    /// # Errors
    ///
    /// A text that names the key at fault, and what would be right.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut config = Self::default();
        if text.trim().is_empty() {
            return Ok(config);
        }
        let value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
        let Value::Object(members) = value else {
            return Err("the configuration is not a JSON object, like {\"max_links\": 64}".into());
        };
        for (key, value) in &members {
            let setting = SETTINGS.iter().find(|setting| setting.key == key);
            let setting = setting.ok_or_else(|| unknown_key(key))?;
            (setting.set)(&mut config, value).ok_or_else(|| {
                let (value, values) = (shown(value), setting.values);
                format!("{key}: {value} is not a value it takes; it takes {values}")
            })?;
        }
        let (kind, mark) = (&config.type_attribute, &config.provenance_attribute);
        if kind == mark && !kind.is_empty() {
            return Err(format!(
                "provenance_attribute: \"{mark}\" is the link_type_attribute too; name another one"
            ));
        }
        Ok(config)
    }
}

/// A value in few words. Writing it as JSON would take a writer of JSON into
/// the component.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("\"{text}\""),
        Value::Array(_) => "an array".into(),
        Value::Object(_) => "an object".into(),
    }
}

fn unknown_key(key: &str) -> String {
    let nearest = SETTINGS
        .iter()
        .map(|setting| setting.key)
        .min_by_key(|known| distance(known, key))
        .unwrap_or_default();
    let keys: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    let keys = keys.join(", ");
    format!("{key}: unknown key; the nearest is {nearest} (all keys: {keys})")
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let substituted = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = substituted.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Whole numbers of one unit.
fn duration(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// Names under `messaging.` say which message a link is for.
fn attribute_name(name: &str) -> Option<String> {
    (!name.starts_with("messaging.")).then(|| name.to_owned())
}
