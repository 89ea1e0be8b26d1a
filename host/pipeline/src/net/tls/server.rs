//! TLS of a server, whose certificates may be replaced while it runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsAcceptor;

use super::{Pem, identity, versions};
use crate::component::{SetupError, Tasks};
use crate::config::Tls;

/// How often it is looked whether `client_ca_file` has changed, with
/// `client_ca_file_reload`.
const CLIENT_CA_INTERVAL: Duration = Duration::from_secs(5);

/// TLS of a server.
pub(crate) struct ServerTls {
    settings: Tls,
    current: Arc<ArcSwap<ServerConfig>>,
    client_ca_interval: Duration,
    /// What `client_ca_file` was when it was read.
    client_ca: Option<Vec<u8>>,
}

impl ServerTls {
    /// Reads certificates and keys.
    pub(crate) fn new(settings: &Tls) -> Result<Self, SetupError> {
        // Before: what changes in between is read again.
        let client_ca = settings.client_ca_file.as_ref();
        let client_ca = client_ca.and_then(|path| std::fs::read(path).ok());
        let config = load(settings)?;
        Ok(Self {
            client_ca,
            settings: settings.clone(),
            current: Arc::new(ArcSwap::from_pointee(config)),
            client_ca_interval: CLIENT_CA_INTERVAL,
        })
    }

    /// Looks for a changed `client_ca_file` so often.
    #[must_use]
    pub(crate) fn with_client_ca_interval(mut self, interval: Duration) -> Self {
        self.client_ca_interval = interval;
        self
    }

    /// Makes handshakes with the certificates of now.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }

    /// Reads the files again as the configuration says, until the tasks end.
    pub(crate) fn watch(&self, name: &str, tasks: &Tasks) {
        let reload = Reload {
            name: name.to_owned(),
            settings: self.settings.clone(),
            current: Arc::clone(&self.current),
            client_ca: self.client_ca.clone(),
        };
        let client_ca = self.settings.client_ca_file.clone();
        let client_ca = client_ca.filter(|_| self.settings.client_ca_file_reload);
        let client_ca = client_ca.map(|path| (path, self.client_ca_interval));
        let stop = tasks.stop.clone();
        let interval = self.settings.reload_interval;
        if interval.is_none() && client_ca.is_none() {
            return;
        }
        tasks.tracker.spawn(async move {
            stop.run_until_cancelled(reload.run(interval, client_ca))
                .await;
        });
    }
}

struct Reload {
    name: String,
    settings: Tls,
    current: Arc<ArcSwap<ServerConfig>>,
    client_ca: Option<Vec<u8>>,
}

impl Reload {
    async fn run(
        mut self,
        interval: Option<Duration>,
        client_ca: Option<(std::path::PathBuf, Duration)>,
    ) {
        let far = Duration::from_hours(24 * 365);
        let now = Instant::now();
        let mut next_all = now + interval.unwrap_or(far);
        let mut next_ca = now + client_ca.as_ref().map_or(far, |(_, interval)| *interval);
        loop {
            sleep_until(next_all.min(next_ca)).await;
            let now = Instant::now();
            if now >= next_all {
                next_all = now + interval.unwrap_or(far);
                self.load().await;
            }
            if let Some((path, interval)) = &client_ca
                && now >= next_ca
            {
                next_ca = now + *interval;
                // A file that is just being replaced may be missing.
                let text = read(path).await;
                if text.is_some() && text != self.client_ca {
                    self.client_ca = text;
                    self.load().await;
                }
            }
        }
    }

    /// What cannot be read leaves all as it was.
    async fn load(&self) {
        let settings = self.settings.clone();
        let name = &self.name;
        match tokio::task::spawn_blocking(move || load(&settings)).await {
            Ok(Ok(config)) => {
                self.current.store(Arc::new(config));
                tracing::debug!("{name}: the certificates were read again");
            }
            Ok(Err(error)) => {
                tracing::error!("{name}: the certificates stay as they were: tls.{error}");
            }
            Err(error) => tracing::error!("{name}: the certificates stay as they were: {error}"),
        }
    }
}

async fn read(path: &Path) -> Option<Vec<u8>> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read(path));
    read.await.ok()?.ok()
}

fn load(settings: &Tls) -> Result<ServerConfig, SetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(settings))
        .map_err(|error| SetupError::new("min_version", error.to_string()))?;
    let client_ca = Pem::read(
        ["client_ca_file", "client_ca_file"],
        settings.client_ca_file.as_deref(),
        None,
    )?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in pem.certificates()? {
                roots.add(certificate).map_err(|error| pem.error(error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| pem.error(error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let Some((certificates, key)) = identity(settings)? else {
        let text = "a server needs a certificate: give `cert_file` and `key_file`";
        return Err(SetupError::new("cert_file", text));
    };
    let mut config = builder
        .with_single_cert(certificates, key)
        .map_err(|error| {
            SetupError::new(
                "key_file",
                format!("it does not fit the certificate: {error}"),
            )
        })?;
    // HTTP/1 so that it can be told there what is spoken instead.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
