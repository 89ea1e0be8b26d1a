//! The extension `health_check`: tells over HTTP whether linkmend is up.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::json;

use crate::component::{BoundAddress, SetupError, Tasks};
use crate::config::{self, Id, ResponseBody};
use crate::net::serve::{Asked, Handler, Reply, Rules, Server, Unread};
use crate::net::tls::server::ServerTls;
use crate::traces::BoxFuture;

/// Requests are small and few.
const CONNECTIONS: usize = 256;

/// Whether a service is up: what it says of itself.
#[derive(Debug, Default)]
pub struct Health {
    ready_since: Mutex<Option<SystemTime>>,
}

impl Health {
    /// Says that all runs, or that it does not any more.
    pub fn set_ready(&self, is_ready: bool) {
        let mut since = self.ready_since.lock();
        *since = match (is_ready, *since) {
            (false, _) => None,
            (true, None) => Some(SystemTime::now()),
            (true, since) => since,
        };
    }

    /// Whether all runs.
    pub fn is_ready(&self) -> bool {
        self.ready_since().is_some()
    }

    /// Since when.
    pub fn ready_since(&self) -> Option<SystemTime> {
        *self.ready_since.lock()
    }
}

/// An extension that does not listen yet.
pub struct HealthCheck {
    id: Id,
    config: config::HealthCheck,
    tls: Option<ServerTls>,
}

impl HealthCheck {
    /// Checks a configuration, and reads certificates and keys.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not what it should be.
    pub fn new(id: &Id, config: &config::HealthCheck) -> Result<Self, SetupError> {
        let tls = config.listener.tls.as_ref();
        let tls = tls.map(ServerTls::new).transpose();
        let tls = tls.map_err(|error| error.within(format!("extensions.{id}.tls")))?;
        Ok(Self {
            id: id.clone(),
            config: config.clone(),
            tls,
        })
    }

    /// What it is called in the configuration.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Listens, and tells what `health` says.
    ///
    /// # Errors
    ///
    /// When the port cannot be opened.
    pub async fn start(self, health: Arc<Health>) -> Result<Tasks, SetupError> {
        let mut tasks = Tasks::default();
        let server = Server {
            name: self.id.to_string(),
            tls: self.tls.map(Arc::new),
            rules: Rules::small(CONNECTIONS),
            handler: Arc::new(Check {
                health,
                path: self.config.path,
                body: self.config.response_body,
            }),
        };
        let listening = server.start(&self.config.listener.endpoint, &tasks).await;
        let addresses = listening
            .map_err(|text| SetupError::new(format!("extensions.{}.endpoint", self.id), text))?;
        let bound = addresses.into_iter().map(|address| BoundAddress {
            protocol: "http",
            address,
        });
        tasks.bound.extend(bound);
        Ok(tasks)
    }
}

struct Check {
    health: Arc<Health>,
    path: String,
    body: Option<ResponseBody>,
}

impl Handler for Check {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Response<Reply>> {
        let is_path = asked.request.uri().path() == self.path;
        Box::pin(async move {
            let mut response = if is_path {
                self.state()
            } else {
                let mut response = Response::new(Reply::new(format!(
                    "404 page not found: the health is at {}\n",
                    self.path
                )));
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            };
            response.extensions_mut().insert(Unread);
            response
        })
    }
}

impl Check {
    fn state(&self) -> Response<Reply> {
        let since = self.health.ready_since();
        let text = match (&self.body, since) {
            (Some(body), Some(_)) => body.healthy.clone(),
            (Some(body), None) => body.unhealthy.clone(),
            (None, Some(since)) => up(since),
            (None, None) => json!({"status": "Server not available"}).to_string(),
        };
        let mut response = Response::new(Reply::new(text));
        if since.is_none() {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        if self.body.is_none() {
            let kind = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, kind);
        }
        response
    }
}

/// As the Collector says it: the uptime is a duration of Go.
fn up(since: SystemTime) -> String {
    let uptime = SystemTime::now().duration_since(since);
    let since = Timestamp::try_from(since).map_or_else(|_| String::new(), |at| at.to_string());
    json!({
        "status": "Server available",
        "upSince": since,
        "uptime": go_duration(uptime.unwrap_or_default()),
    })
    .to_string()
}

/// `1h2m3.5s`.
fn go_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let rest = Duration::new(seconds % 60, duration.subsec_nanos()).as_secs_f64();
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, minutes) => format!("{minutes}m{rest}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (millis, expected) in [
            (0, "0s"),
            (1500, "1.5s"),
            (61_000, "1m1s"),
            (3_600_000, "1h0m0s"),
            (90_061_250, "25h1m1.25s"),
        ] {
            assert_eq!(go_duration(Duration::from_millis(millis)), expected);
        }
    }
}
