//! How brokers are reached, and who asks.

use std::time::Duration;

use krafka::auth::{AuthConfig, TlsConfig};
use krafka::{Kafka, KafkaBuilder};

/// Brokers, and who asks them.
#[derive(Clone)]
pub struct Connection {
    /// `host:port` of some of them.
    pub brokers: Vec<String>,
    /// Who asks, for quotas and logs of brokers.
    pub client_id: String,
    /// Who logs in.
    pub sasl: Option<Sasl>,
    /// TLS, where it is wanted.
    pub tls: Option<Tls>,
    /// How long connecting to a broker may take.
    pub dial_timeout: Duration,
    /// After how long a connection is closed that nothing was sent on.
    pub idle_timeout: Duration,
    /// How often it is asked again who has what.
    pub metadata_refresh: Duration,
}

/// Who logs in, and how.
#[derive(Clone)]
pub struct Sasl {
    /// How.
    pub mechanism: SaslMechanism,
    /// Who.
    pub username: String,
    /// The password, which is shown nowhere.
    pub password: String,
}

/// How somebody logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaslMechanism {
    /// The password as it is: for connections with TLS.
    Plain,
    /// SCRAM-SHA-256.
    ScramSha256,
    /// SCRAM-SHA-512.
    ScramSha512,
}

/// What stands in a file, or is given in place.
#[derive(Clone)]
pub enum Pem {
    /// The path of a file.
    File(String),
    /// The text.
    Text(String),
}

/// A certificate and its key.
#[derive(Clone)]
pub enum Identity {
    /// The paths of both, which may be read again.
    Files(String, String),
    /// Both as texts.
    Texts(String, String),
}

/// TLS of a client.
#[derive(Clone, Default)]
pub struct Tls {
    /// The authorities that brokers are checked against; `None`: those of the system.
    pub authorities: Option<Pem>,
    /// Whether those of the system count as well.
    pub system_authorities: bool,
    /// What this client shows of itself.
    pub identity: Option<Identity>,
    /// Whose certificate it is is not checked.
    pub skip_verify: bool,
    /// The name that certificates must be for.
    pub server_name: Option<String>,
    /// How often files are read again.
    pub reload: Option<Duration>,
}

impl Connection {
    /// Not connected yet. `request`: how long a broker may take to answer.
    pub(crate) fn builder(&self, request: Duration) -> KafkaBuilder {
        let reload = self.tls.as_ref().and_then(|tls| tls.reload);
        Kafka::builder(self.brokers.join(","))
            .client_id(&self.client_id)
            .security(self.security())
            .connect_timeout(self.dial_timeout.min(request))
            .request_timeout(request)
            .connections_max_idle(Some(self.idle_timeout))
            .metadata_max_age(self.metadata_refresh)
            .tls_reload_interval(reload)
    }

    fn security(&self) -> AuthConfig {
        let sasl = self.sasl.as_ref().map(|sasl| {
            let (name, password) = (&sasl.username, &sasl.password);
            match sasl.mechanism {
                SaslMechanism::Plain => AuthConfig::sasl_plain(name, password),
                SaslMechanism::ScramSha256 => AuthConfig::sasl_scram_sha256(name, password),
                SaslMechanism::ScramSha512 => AuthConfig::sasl_scram_sha512(name, password),
            }
        });
        match (sasl, self.tls.as_ref().map(Tls::config)) {
            (None, None) => AuthConfig::plaintext(),
            (None, Some(tls)) => AuthConfig::ssl(tls),
            (Some(sasl), None) => sasl,
            (Some(sasl), Some(tls)) => sasl.with_tls(tls),
        }
    }
}

impl Tls {
    fn config(&self) -> TlsConfig {
        let mut config = if self.skip_verify {
            TlsConfig::insecure()
        } else {
            TlsConfig::new()
        };
        if self.authorities.is_none() || self.system_authorities {
            config = config.with_native_roots();
        }
        config = match &self.authorities {
            Some(Pem::File(path)) => config.with_ca_cert(path),
            Some(Pem::Text(text)) => config.with_ca_cert_pem(text.as_str()),
            None => config,
        };
        config = match &self.identity {
            Some(Identity::Files(certificate, key)) => config.with_client_cert(certificate, key),
            Some(Identity::Texts(certificate, key)) => {
                config.with_client_cert_pem(certificate.as_str(), key.clone().into_bytes())
            }
            None => config,
        };
        match &self.server_name {
            Some(name) => config.with_sni_hostname(name),
            None => config,
        }
    }
}
