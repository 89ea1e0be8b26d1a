//! Who asks a registry: what `docker login` and its like left in
//! `~/.docker/config.json`, or in the folder that `DOCKER_CONFIG` names, and the
//! helper programs that this names.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::PathBuf;

use docker_credential::{
    CredentialRetrievalError as Error, DockerCredential, get_credential_from_reader,
};

/// What Docker's own registry is called there.
const DOCKER: &str = "https://index.docker.io/v1/";

/// What is known of who asks.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// Nothing.
    Nobody,
    /// Name and password.
    Password(String, String),
    /// What a token is to be had for.
    Identity(String),
}

impl Credentials {
    /// For a registry. Helpers may take their time: to be called where that is possible.
    ///
    /// # Errors
    ///
    /// When there is something that cannot be read: nobody is somebody else then.
    pub(crate) fn of(host: &str) -> Result<Self, String> {
        let Some(path) = file() else {
            return Ok(Self::Nobody);
        };
        let file = match File::open(&path) {
            Ok(file) => BufReader::new(file),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Nobody),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let host = if host == "docker.io" { DOCKER } else { host };
        match get_credential_from_reader(file, host) {
            Ok(DockerCredential::UsernamePassword(name, password)) => {
                Ok(Self::Password(name, password))
            }
            Ok(DockerCredential::IdentityToken(token)) => Ok(Self::Identity(token)),
            Err(Error::NoCredentialConfigured) => Ok(Self::Nobody),
            Err(error) => match told(error) {
                Some(text) => Err(format!("{}: {text}", path.display())),
                None => Ok(Self::Nobody),
            },
        }
    }
}

/// `config.json` of Docker.
pub(crate) fn file() -> Option<PathBuf> {
    let folder = std::env::var_os("DOCKER_CONFIG").filter(|value| !value.is_empty());
    let folder = folder.map(PathBuf::from);
    let folder = folder.or_else(|| Some(std::env::home_dir()?.join(".docker")));
    Some(folder?.join("config.json"))
}

/// What is wrong; nothing when a helper just knows of no one. What a helper writes
/// may be a secret, and is not repeated but for its error.
fn told(error: Error) -> Option<String> {
    Some(match error {
        // What helpers print is what Docker's own library of them prints.
        Error::HelperFailure { stdout, .. } if stdout.contains("credentials not found") => {
            return None;
        }
        Error::HelperFailure { helper, stderr, .. } => {
            format!("the credential helper `{helper}` failed: {}", stderr.trim())
        }
        Error::HelperCommunicationError => {
            "the credential helper that it names cannot be run, or ended before it was asked; \
             `docker-credential-NAME` is to be in PATH"
                .into()
        }
        Error::MalformedHelperResponse => {
            "the answer of the credential helper that it names cannot be read".into()
        }
        Error::CredentialDecodingError | Error::CredentialMismatchError => {
            "`auth` is not NAME:PASSWORD in Base64".into()
        }
        _ => "it is not the JSON that Docker writes".into(),
    })
}
