//! TLS: certificates and keys, of servers and of clients.

pub(crate) mod client;
pub(crate) mod server;

use std::path::Path;

use rustls::SupportedProtocolVersion;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::component::SetupError;
use crate::config::{Secret, Tls, TlsVersion};

/// Where PEM comes from: a file or the configuration itself.
pub(crate) struct Pem {
    key: &'static str,
    text: Vec<u8>,
    /// What it is called in errors.
    name: String,
}

impl Pem {
    /// Reads what is set of `KEY_file` and `KEY_pem`: `keys` are both names.
    pub(crate) fn read(
        keys: [&'static str; 2],
        file: Option<&Path>,
        pem: Option<&Secret>,
    ) -> Result<Option<Self>, SetupError> {
        let [file_key, pem_key] = keys;
        if let Some(pem) = pem {
            let text = pem.expose().as_bytes().to_vec();
            let name = "the text".to_owned();
            let key = pem_key;
            return Ok(Some(Self { key, text, name }));
        }
        let Some(path) = file else {
            return Ok(None);
        };
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(text) => Ok(Some(Self {
                key: file_key,
                text,
                name,
            })),
            Err(error) => Err(SetupError::new(
                file_key,
                format!("cannot read {name}: {error}"),
            )),
        }
    }

    /// All certificates, one at least.
    pub(crate) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, SetupError> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.text).collect();
        match found {
            Ok(found) if !found.is_empty() => Ok(found),
            Ok(_) => Err(self.error("there is no certificate in it (`BEGIN CERTIFICATE`)")),
            Err(error) => Err(self.error(format!("it is no PEM: {error}"))),
        }
    }

    /// The first private key.
    pub(crate) fn private_key(&self) -> Result<PrivateKeyDer<'static>, SetupError> {
        PrivateKeyDer::from_pem_slice(&self.text).map_err(|error| match error {
            rustls::pki_types::pem::Error::NoItemsFound => {
                self.error("there is no private key in it (`BEGIN PRIVATE KEY`)")
            }
            error => self.error(format!("it is no PEM: {error}")),
        })
    }

    /// What is wrong with it.
    pub(crate) fn error(&self, text: impl std::fmt::Display) -> SetupError {
        SetupError::new(self.key, format!("{}: {text}", self.name))
    }
}

/// The certificate and the key of a server or a client, where they are set.
pub(crate) type Identity = Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>;

/// Reads `cert_file`, `cert_pem`, `key_file`, `key_pem`.
pub(crate) fn identity(tls: &Tls) -> Result<Identity, SetupError> {
    let cert = Pem::read(
        ["cert_file", "cert_pem"],
        tls.cert_file.as_deref(),
        tls.cert_pem.as_ref(),
    )?;
    let key = Pem::read(
        ["key_file", "key_pem"],
        tls.key_file.as_deref(),
        tls.key_pem.as_ref(),
    )?;
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some((cert.certificates()?, key.private_key()?))),
        _ => Ok(None),
    }
}

/// The versions between `min_version` and `max_version`.
pub(crate) fn versions(tls: &Tls) -> Vec<&'static SupportedProtocolVersion> {
    let least = tls.min_version.unwrap_or(TlsVersion::Tls12);
    let most = tls.max_version.unwrap_or(TlsVersion::Tls13);
    let all = [
        (TlsVersion::Tls12, &rustls::version::TLS12),
        (TlsVersion::Tls13, &rustls::version::TLS13),
    ];
    let wanted = all
        .into_iter()
        .filter(|(version, _)| (least..=most).contains(version));
    wanted.map(|(_, version)| version).collect()
}
