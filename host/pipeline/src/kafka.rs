//! What receiver and exporter of Kafka have in common: who they are to the brokers.

use std::path::Path;

use linkmend_kafka::{Connection, Identity, Pem, Sasl, SaslMechanism, Tls};

use crate::component::SetupError;
use crate::config::{self, KafkaClient};
use crate::net::tls::client::ClientTls;

/// The brokers, and who asks. Certificates and keys are read once here, so that what is
/// wrong with them is told before anything opens.
///
/// # Errors
///
/// When they cannot be read.
pub(crate) fn connection(client: &KafkaClient) -> Result<Connection, SetupError> {
    let tls = client.tls.as_ref().map(tls).transpose();
    Ok(Connection {
        brokers: client.brokers.clone(),
        client_id: client.client_id.clone(),
        sasl: client.sasl.as_ref().map(|sasl| Sasl {
            mechanism: match sasl.mechanism {
                config::SaslMechanism::Plain => SaslMechanism::Plain,
                config::SaslMechanism::ScramSha256 => SaslMechanism::ScramSha256,
                config::SaslMechanism::ScramSha512 => SaslMechanism::ScramSha512,
            },
            username: sasl.username.clone(),
            password: sasl.password.expose().to_owned(),
        }),
        tls: tls.map_err(|error| error.within("tls"))?,
        dial_timeout: client.dial_timeout,
        idle_timeout: client.conn_idle_timeout,
        metadata_refresh: client.metadata_refresh,
    })
}

fn tls(tls: &config::Tls) -> Result<Tls, SetupError> {
    ClientTls::new(tls, &[])?;
    let text = |secret: &config::Secret| secret.expose().to_owned();
    let authorities = match (&tls.ca_file, &tls.ca_pem) {
        (Some(file), _) => Some(Pem::File(path("ca_file", file)?)),
        (None, Some(pem)) => Some(Pem::Text(text(pem))),
        (None, None) => None,
    };
    let certificate = (&tls.cert_file, &tls.cert_pem);
    let key = (&tls.key_file, &tls.key_pem);
    let identity = match (certificate, key) {
        ((Some(certificate), _), (Some(key), _)) => Some(Identity::Files(
            path("cert_file", certificate)?,
            path("key_file", key)?,
        )),
        ((None, None), _) | (_, (None, None)) => None,
        (certificate, key) => Some(Identity::Texts(
            whole("cert_file", certificate)?,
            whole("key_file", key)?,
        )),
    };
    Ok(Tls {
        authorities,
        system_authorities: tls.include_system_ca_certs_pool,
        identity,
        skip_verify: tls.insecure_skip_verify,
        server_name: tls.server_name_override.clone(),
        reload: tls.reload_interval,
    })
}

/// The client of Kafka has paths as texts.
fn path(key: &str, path: &Path) -> Result<String, SetupError> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| SetupError::new(key, "the path is not UTF-8"))
}

fn whole(
    key: &str,
    (file, pem): (&Option<std::path::PathBuf>, &Option<config::Secret>),
) -> Result<String, SetupError> {
    match (file, pem) {
        (_, Some(pem)) => Ok(pem.expose().to_owned()),
        (Some(file), None) => std::fs::read_to_string(file).map_err(|error| {
            SetupError::new(key, format!("cannot read {}: {error}", file.display()))
        }),
        (None, None) => Ok(String::new()),
    }
}
