//! TLS of clients: whom they trust, and what they show.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::{Pem, identity, versions};
use crate::component::SetupError;
use crate::config::Tls;

/// The TLS of a client, read again when `reload_interval` says so.
pub(crate) struct ClientTls {
    tls: Tls,
    protocols: Vec<Vec<u8>>,
    current: ArcSwap<ClientConfig>,
    read_at: Mutex<Instant>,
}

impl ClientTls {
    /// Reads certificates and keys. `protocols` are those of ALPN, the best
    /// first.
    pub(crate) fn new(tls: &Tls, protocols: &[&[u8]]) -> Result<Self, SetupError> {
        let protocols: Vec<_> = protocols.iter().map(|name| name.to_vec()).collect();
        let config = read(tls, &protocols)?;
        Ok(Self {
            tls: tls.clone(),
            protocols,
            current: ArcSwap::from_pointee(config),
            read_at: Mutex::new(Instant::now()),
        })
    }

    /// What the next connection uses. Files count from then on: connections
    /// that are open stay as they are.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        if self.is_due() {
            match read(&self.tls, &self.protocols) {
                Ok(config) => self.current.store(Arc::new(config)),
                Err(error) => tracing::warn!(
                    %error,
                    "TLS files cannot be read again; what was read before stays"
                ),
            }
        }
        self.current.load_full()
    }

    fn is_due(&self) -> bool {
        let Some(interval) = self.tls.reload_interval else {
            return false;
        };
        let mut read_at = self.read_at.lock();
        let is_due = read_at.elapsed() >= interval;
        if is_due {
            *read_at = Instant::now();
        }
        is_due
    }
}

fn read(tls: &Tls, protocols: &[Vec<u8>]) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(tls))
        .map_err(|error| SetupError::new("min_version", error.to_string()))?;
    let builder = if tls.insecure_skip_verify {
        let unchecked = Arc::new(Unchecked(provider));
        builder
            .dangerous()
            .with_custom_certificate_verifier(unchecked)
    } else {
        builder.with_root_certificates(roots(tls)?)
    };
    let mut config = match identity(tls)? {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| SetupError::new("cert_file", error.to_string()))?,
    };
    config.alpn_protocols = protocols.to_vec();
    Ok(config)
}

/// The authorities: those that are given, or those of the system.
fn roots(tls: &Tls) -> Result<RootCertStore, SetupError> {
    let given = Pem::read(
        ["ca_file", "ca_pem"],
        tls.ca_file.as_deref(),
        tls.ca_pem.as_ref(),
    )?;
    let mut roots = RootCertStore::empty();
    if let Some(given) = &given {
        for certificate in given.certificates()? {
            roots
                .add(certificate)
                .map_err(|error| given.error(error.to_string()))?;
        }
    }
    if given.is_none() || tls.include_system_ca_certs_pool {
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        if roots.is_empty() {
            let text = "the system has no certificates of authorities (`ca-certificates`); give \
                        those that the other side is checked against, or `insecure: true` if it \
                        speaks no TLS";
            return Err(SetupError::new("ca_file", text));
        }
    }
    Ok(roots)
}

/// `insecure_skip_verify`: whose certificate it is is not checked; that the
/// other side has its key still is.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
