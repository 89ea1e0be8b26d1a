//! The extension `flows`: a page of the flows of the last fifteen minutes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use linkmend_flows::{Flow, Page, SumsOptions, Unlinked, Window};
use parking_lot::Mutex;

use crate::component::{SetupError, Tasks};
use crate::config::{self, Id, Listen};
use crate::net::tls::server::ServerTls;
use crate::net::web::serve_page;
use crate::telemetry::metrics::Metrics;

const CONTENT_TYPE: &str = "text/html; charset=utf-8";

/// What is seen of flows, by all processors together.
pub struct Live {
    window: Mutex<Window>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            window: Mutex::new(Window::new(SumsOptions::default())),
        }
    }
}

impl Live {
    /// Flows that were found now, each with whether its message is new.
    pub(crate) fn add(&self, flows: &[(Flow, bool)], now: Instant) {
        let mut window = self.window.lock();
        for (flow, is_new) in flows {
            window.add(flow, *is_new, now);
        }
    }

    /// The page as it is now.
    pub(crate) fn page(&self, metrics: &Metrics) -> Bytes {
        let (sums, flows) = self.window.lock().at(Instant::now());
        let mut page = Page {
            sums,
            flows: &flows,
            spans: None,
            unlinked: unlinked(metrics),
            source: "the last 15 minutes; reload for what is new".into(),
            notes: Vec::new(),
        };
        if page.sums.total().count > flows.len() as u64 {
            page.notes.push(format!(
                "The latest {} flows can be opened here; graph and tables count all of them.",
                flows.len()
            ));
        }
        if !page.unlinked.is_empty() {
            let text = "Messages without a link are counted since linkmend started.";
            page.notes.push(text.into());
        }
        page.html().into()
    }
}

/// An extension that does not listen yet.
pub struct FlowsServer {
    id: Id,
    listen: Listen,
    tls: Option<ServerTls>,
    live: Arc<Live>,
}

impl FlowsServer {
    /// Checks a configuration, and reads certificates and keys.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not what it should be.
    pub fn new(id: &Id, config: &config::FlowsPage, live: Arc<Live>) -> Result<Self, SetupError> {
        let tls = config.listener.tls.as_ref();
        let tls = tls.map(ServerTls::new).transpose();
        let tls = tls.map_err(|error| error.within(format!("extensions.{id}.tls")))?;
        Ok(Self {
            id: id.clone(),
            listen: config.listener.endpoint.clone(),
            tls,
            live,
        })
    }

    /// What it is called in the configuration.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Listens, and shows what is seen of flows.
    ///
    /// # Errors
    ///
    /// When the port cannot be opened.
    pub async fn start(
        self,
        metrics: Arc<Metrics>,
    ) -> Result<(Tasks, Vec<SocketAddr>), SetupError> {
        let tasks = Tasks::default();
        let name = self.id.to_string();
        let live = self.live;
        let page = move || (CONTENT_TYPE, live.page(&metrics));
        let served = serve_page(&name, &self.listen, self.tls, "/", page, &tasks).await;
        let addresses =
            served.map_err(|text| SetupError::new(format!("extensions.{name}.endpoint"), text))?;
        Ok((tasks, addresses))
    }
}

/// What the metrics say of links that were not made.
fn unlinked(metrics: &Metrics) -> Vec<Unlinked> {
    let families = metrics.registry().gather();
    let named = families
        .iter()
        .filter(|family| family.name().starts_with("linkmend_unresolved"));
    let mut all = Vec::new();
    for one in named.flat_map(|family| family.get_metric().iter()) {
        let label = |name: &str| {
            let mut labels = one.get_label().iter();
            let label = labels.find(|label| label.name() == name);
            label
                .map(|label| label.value().to_owned())
                .unwrap_or_default()
        };
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a counter of whole numbers"
        )]
        let count = one.get_counter().get_value() as u64;
        all.push(Unlinked {
            reason: label("reason"),
            service: label("service"),
            system: label("messaging_system"),
            count,
            advice: "Record some of its traces: linkmend process says what to do.".into(),
        });
    }
    all.retain(|of| of.count > 0);
    all.sort_by_key(|of| std::cmp::Reverse(of.count));
    all.truncate(50);
    all
}
