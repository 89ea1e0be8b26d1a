//! One line of the log.

use std::fmt::{self, Write};

use jiff::Timestamp;
use linkmend::{plain, plain_lines};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use super::LINES;

/// What an event says.
pub(super) struct Line {
    time: String,
    level: &'static str,
    message: String,
    fields: Map<String, Value>,
    has_lines: bool,
}

impl Line {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut line = Self {
            time: Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
                .to_string(),
            level: level(*event.metadata().level()),
            message: String::new(),
            fields: Map::new(),
            has_lines: event.metadata().target() == LINES,
        };
        event.record(&mut line);
        // What libraries say is told apart from what linkmend says.
        if !event.metadata().target().starts_with("linkmend") {
            line.set("logger", event.metadata().target().into());
        }
        line
    }

    /// As the Collector has it: time, level, message, and the fields as JSON.
    pub(super) fn console(&self) -> String {
        let message = if self.has_lines {
            plain_lines(&self.message)
        } else {
            plain(&self.message)
        };
        let mut line = format!("{}\t{}\t{message}", self.time, self.level);
        if !self.fields.is_empty() {
            let fields = Value::Object(self.fields.clone());
            let _ = write!(line, "\t{}", escaped(&fields.to_string()));
        }
        line.push('\n');
        line
    }

    /// The line's own members first, then the fields.
    pub(super) fn json(&self) -> String {
        let message = Value::from(self.message.as_str()).to_string();
        let mut line = format!(
            r#"{{"ts":"{}","level":"{}","msg":{}"#,
            self.time,
            self.level,
            escaped(&message)
        );
        for (name, value) in &self.fields {
            let name = Value::from(name.as_str());
            let _ = write!(line, ",{name}:{}", escaped(&value.to_string()));
        }
        line.push_str("}\n");
        line
    }

    fn set(&mut self, name: &str, value: Value) {
        match name {
            "message" => {
                self.message = match value {
                    Value::String(text) => text,
                    other => other.to_string(),
                }
            }
            // These are the line's own.
            "ts" | "level" | "msg" => {
                self.fields.insert(format!("{name}_"), value);
            }
            name => {
                self.fields.insert(name.to_owned(), value);
            }
        }
    }
}

/// JSON escapes the first 32 characters only; a terminal obeys more of them.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if plain(character.encode_utf8(&mut [0; 4])).len() == character.len_utf8() {
            out.push(character);
        } else {
            let _ = write!(out, "\\u{:04x}", u32::from(character));
        }
    }
    out
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.set(field.name(), value.to_string().into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}").into());
    }
}
