//! The extension `flows`: a page of the flows of the last fifteen minutes.

mod missing;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use linkmend::Reasons;
use linkmend_advice::Producers;
use linkmend_flows::{Flow, Page, SumsOptions, Window};
use parking_lot::Mutex;

use crate::component::{SetupError, Tasks};
use crate::config::{self, Id, Listen};
use crate::net::tls::server::ServerTls;
use crate::net::web::serve_page;

use missing::Missing;

const CONTENT_TYPE: &str = "text/html; charset=utf-8";

/// What is seen of flows, by all processors together.
pub struct LiveFlows {
    window: Mutex<Window>,
    missing: Mutex<Missing>,
}

impl Default for LiveFlows {
    fn default() -> Self {
        Self {
            window: Mutex::new(Window::new(SumsOptions::default())),
            missing: Mutex::default(),
        }
    }
}

impl LiveFlows {
    /// Flows that were found now, each with whether its message is new, and the
    /// producers of the batch.
    pub(crate) fn add(&self, flows: &[(Flow, bool)], producers: &Producers, now: Instant) {
        let mut window = self.window.lock();
        for (flow, is_new) in flows {
            window.add(flow, *is_new, now);
        }
        drop(window);
        self.missing.lock().see(producers, now);
    }

    /// Links that were not made now.
    pub(crate) fn add_missing(&self, reasons: &Reasons, now: Instant) {
        self.missing.lock().add(reasons, now);
    }

    /// The page as it is now.
    fn page(&self) -> Bytes {
        let now = Instant::now();
        let (sums, flows) = self.window.lock().at(now);
        let (unlinked, left_out) = self.missing.lock().at(now);
        let mut page = Page {
            sums,
            flows: &flows,
            spans: None,
            unlinked,
            source: "the last 15 minutes; reload for what is new".into(),
            notes: Vec::new(),
        };
        if page.sums.total().count > flows.len() as u64 {
            page.notes.push(format!(
                "The latest {} flows can be opened here; graph and tables count all of them.",
                flows.len()
            ));
        }
        if left_out > 0 {
            page.notes.push(format!(
                "{left_out} more reasons why links were not made are in the metrics \
                 (linkmend_unresolved)."
            ));
        }
        page.html().into()
    }
}

/// An extension that does not listen yet.
pub struct FlowsServer {
    id: Id,
    listen: Listen,
    tls: Option<ServerTls>,
    live: Arc<LiveFlows>,
}

impl FlowsServer {
    /// Checks a configuration, and reads certificates and keys.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not what it should be.
    pub fn new(
        id: &Id,
        config: &config::FlowsPage,
        live: Arc<LiveFlows>,
    ) -> Result<Self, SetupError> {
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
    pub async fn start(self) -> Result<(Tasks, Vec<SocketAddr>), SetupError> {
        let tasks = Tasks::default();
        let name = self.id.to_string();
        let live = self.live;
        let page = move || (CONTENT_TYPE, live.page());
        let served = serve_page(&name, &self.listen, self.tls, "/", page, &tasks).await;
        let addresses =
            served.map_err(|text| SetupError::new(format!("extensions.{name}.endpoint"), text))?;
        Ok((tasks, addresses))
    }
}
