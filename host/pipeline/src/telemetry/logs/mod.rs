//! The log: lines to be read, or a JSON object each.
//!
//! The rest of the crate says what it has to say with the macros of `tracing`;
//! what could come a thousand times a second goes through a [`Throttle`].

mod line;
mod panic;
mod throttle;

use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::outputs::Outputs;
use crate::component::SetupError;
use crate::config::{LogEncoding, LogLevel, Logs};

pub use panic::catch_panics;
pub use throttle::{Suppressed, Throttle};

/// Messages with this target may have several lines: the exporter `debug` takes
/// care itself that no text of the data can end a line.
pub(crate) const LINES: &str = "linkmend_pipeline::lines";

/// Spans with this target are linkmend's own spans, and no part of its log.
pub(crate) const OWN: &str = "linkmend_pipeline::own";

/// The log as a layer of a subscriber.
///
/// # Errors
///
/// A file of `output_paths` cannot be opened.
pub fn layer<S>(config: &Logs) -> Result<impl Layer<S> + use<S>, SetupError>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let outputs = Outputs::open(&config.output_paths)
        .map_err(|text| SetupError::new("service.telemetry.logs.output_paths", text))?;
    let lines = Lines {
        outputs,
        encoding: config.encoding,
    };
    Ok(lines.with_filter(filter(config.level)))
}

/// What linkmend says, at its level, and what the libraries below it warn of.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("linkmend", level)
        .with_target(OWN, LevelFilter::OFF)
}

struct Lines {
    outputs: Outputs,
    encoding: LogEncoding,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = line::Line::of(event);
        let line = match self.encoding {
            LogEncoding::Console => line.console(),
            LogEncoding::Json => line.json(),
        };
        // There is no place left to say that the log cannot be written.
        let _ = self.outputs.write(line.as_bytes());
    }
}
