//! Services with traces, metrics and logs on, each set up by its SDK from the
//! environment alone, as `tests/clients/LANGUAGE/signals` has them.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::clients::{Running, has, sources};

/// A service, and the protocol that it speaks; `None`: that of its SDK.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    pub language: &'static str,
    pub protocol: Option<&'static str>,
}

impl Service {
    /// `None`, said aloud, where its language is not there.
    pub fn find(installed: &Path, language: &'static str) -> Option<Self> {
        has(installed, language).then_some(Self {
            language,
            protocol: None,
        })
    }

    pub fn by(self, protocol: &'static str) -> Self {
        Self {
            protocol: Some(protocol),
            ..self
        }
    }

    /// Starts it: so many messages are sent and received.
    pub fn begin(self, installed: &Path, to: SocketAddr, messages: usize) -> Running {
        let mut command = self.command(installed);
        command.arg(messages.to_string());
        Running::start_with(self.to_string(), command, |command| {
            // All that is set beside what is to be exported.
            let endpoint = format!("http://localhost:{}", to.port());
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
            for signal in ["TRACES", "METRICS", "LOGS"] {
                command.env(format!("OTEL_{signal}_EXPORTER"), "otlp");
            }
            command.env("OTEL_SERVICE_NAME", format!("signals-{}", self.language));
            if let Some(protocol) = self.protocol {
                command.env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
            }
        })
    }

    fn command(self, installed: &Path) -> Command {
        let installed = installed.join(self.language);
        let sources = sources().join(self.language);
        match self.language {
            "python" => {
                let programs = installed.join("bin");
                let mut command = Command::new(programs.join("opentelemetry-instrument"));
                command.env("OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED", "true");
                command.arg(programs.join("python")).arg("-B");
                command.arg(sources.join("signals.py"));
                command
            }
            "javascript" => {
                let mut command = Command::new("node");
                command.arg(sources.join("signals.js"));
                command.env("NODE_PATH", installed.join("node_modules"));
                command
            }
            "java" => {
                let mut agent = OsString::from("-javaagent:");
                agent.push(installed.join("opentelemetry-javaagent.jar"));
                let mut classes = installed.join("classes").into_os_string();
                classes.push(":");
                classes.push(installed.join("lib/*"));
                let mut command = Command::new("java");
                // The machine warns of agents otherwise.
                command.arg("-Xshare:off").arg(agent);
                command.arg("-cp").arg(classes).arg("Signals");
                command
            }
            _ => Command::new(installed.join("signals")),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.protocol.unwrap_or("its own protocol");
        write!(f, "a service in {} by {protocol}", self.language)
    }
}
