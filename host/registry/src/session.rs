//! Requests to one registry. When it wants to know who asks it is told, and asked again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use linkmend::plain;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::challenge::Challenge;
use crate::connection::{Answer, Connection, Unanswered};
use crate::credentials::{self, Credentials};
use crate::error::RegistryError;
use crate::reference::{Reference, is_local};

/// Of an answer that is no component: a manifest, as the specification has it.
pub(crate) const SMALL: usize = 4 << 20;
/// How often an answer may lead to another place.
const REDIRECTS: usize = 5;
/// How much of what a registry says of an error is repeated.
const LONGEST: usize = 300;

/// A request, as it is to be sent perhaps more than once.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// A path of the registry, or a whole URL that it gave.
    pub(crate) to: String,
    pub(crate) accept: &'static str,
    pub(crate) content: &'static str,
    pub(crate) body: Bytes,
    pub(crate) sending: Option<Duration>,
    /// The longest answer.
    pub(crate) most: usize,
}

impl Ask {
    pub(crate) fn new(method: Method, to: impl Into<String>) -> Self {
        Self {
            method,
            to: to.into(),
            accept: "*/*",
            content: "",
            body: Bytes::new(),
            sending: None,
            most: SMALL,
        }
    }
}

/// What is asked of a registry, one request after the other.
pub(crate) struct Session<'r> {
    connection: Connection,
    reference: &'r Reference,
    /// Which rights a token is to have.
    actions: &'static str,
    authorization: Option<HeaderValue>,
    /// It was told who asks, by name.
    is_known: bool,
}

impl<'r> Session<'r> {
    pub(crate) fn new(
        reference: &'r Reference,
        actions: &'static str,
    ) -> Result<Self, RegistryError> {
        let connection = Connection::new().map_err(|why| RegistryError::Away {
            host: reference.host().to_owned(),
            why,
        })?;
        Ok(Self {
            connection,
            reference,
            actions,
            authorization: None,
            is_known: false,
        })
    }

    /// Sends a request, with what the registry wants to know.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<Answer, RegistryError> {
        let answer = self.follow(ask).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let challenge = Challenge::of(&answer.headers);
        let challenge = challenge.ok_or_else(|| self.unauthorized(&answer))?;
        let Some(authorization) = self.authorize(challenge, &answer).await? else {
            return Err(self.unauthorized(&answer));
        };
        self.authorization = Some(authorization);
        let answer = self.follow(ask).await?;
        if answer.status == 401 {
            return Err(self.unauthorized(&answer));
        }
        Ok(answer)
    }

    /// What an answer means that is no success.
    pub(crate) fn refused(&self, answer: &Answer) -> RegistryError {
        let (host, status) = (self.host(), status(answer));
        match answer.status.as_u16() {
            404 => RegistryError::NotThere { host, status },
            _ => RegistryError::Refused { host, status },
        }
    }

    /// Sends a request, and goes where the answer leads to. Who asks is told to the
    /// registry alone.
    async fn follow(&self, ask: &Ask) -> Result<Answer, RegistryError> {
        let mut to = self.url(&ask.to)?;
        for _ in 0..=REDIRECTS {
            let answer = self.send(ask, &to).await?;
            let is_read = ask.method == Method::GET || ask.method == Method::HEAD;
            if !answer.status.is_redirection() || !is_read {
                return Ok(answer);
            }
            let next = answer.headers.get(LOCATION);
            let next = next.and_then(|next| next.to_str().ok());
            to = self.url(next.ok_or_else(|| self.refused(&answer))?)?;
        }
        Err(self.away("its answers lead from one place to the next".into()))
    }

    async fn send(&self, ask: &Ask, to: &Uri) -> Result<Answer, RegistryError> {
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(to)
            .header(ACCEPT, ask.accept)
            .header(
                "user-agent",
                concat!("linkmend/", env!("CARGO_PKG_VERSION")),
            );
        if !ask.content.is_empty() {
            request = request.header(CONTENT_TYPE, ask.content);
        }
        let is_registry = to.authority().map(Authority::as_str) == Some(api(self.reference.host()));
        if let Some(authorization) = self.authorization.as_ref().filter(|_| is_registry) {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(ask.body.clone()));
        let request = request.map_err(|error| self.away(error.to_string()))?;
        let answer = self.connection.send(request, ask.sending, ask.most).await;
        answer.map_err(|why| match why {
            Unanswered::Away(why) if is_registry => self.away(why),
            Unanswered::Away(why) => self.away(format!("it leads to {to}: {why}")),
            Unanswered::TooLarge(most) => {
                self.away(format!("its answer has more than {most} bytes"))
            }
        })
    }

    /// A place that a registry names. TLS is never left on the way.
    fn url(&self, to: &str) -> Result<Uri, RegistryError> {
        let url = if to.starts_with('/') {
            let scheme = if self.reference.is_local() {
                "http"
            } else {
                "https"
            };
            format!("{scheme}://{}{to}", api(self.reference.host()))
        } else {
            to.to_owned()
        };
        let uri: Uri = url
            .parse()
            .map_err(|_| self.away(format!("it leads to `{}`, which is no URL", plain(to))))?;
        let host = uri.authority().map(Authority::as_str);
        let is_plain = self.reference.is_local() && host.is_some_and(is_local);
        match uri.scheme_str() {
            Some("https") => Ok(uri),
            Some("http") if is_plain => Ok(uri),
            _ => Err(self.away(format!("it leads to {}, which is without TLS", plain(&url)))),
        }
    }

    /// What is to go with requests; nothing when nobody is known whom it could let in.
    async fn authorize(
        &mut self,
        challenge: Challenge,
        answer: &Answer,
    ) -> Result<Option<HeaderValue>, RegistryError> {
        let host = self.host();
        let known = {
            let host = host.clone();
            // Helpers are programs, which may wait for somebody.
            tokio::task::spawn_blocking(move || Credentials::of(&host)).await
        };
        let known = known.unwrap_or_else(|error| Err(error.to_string()));
        let known = known.map_err(|text| RegistryError::Unauthorized {
            host,
            status: status(answer),
            known: format!("what there is to tell it cannot be read: {text}"),
        })?;
        self.is_known = !matches!(known, Credentials::Nobody);
        let value = match challenge {
            Challenge::Basic => match known {
                Credentials::Password(name, password) => basic(&name, &password),
                _ => return Ok(None),
            },
            Challenge::Bearer { realm, service } => {
                let token = self.token(&realm, service.as_deref(), known).await?;
                format!("Bearer {token}")
            }
        };
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| self.away("its token cannot be sent".into()))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// A token, from where the registry says that they are to be had.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        known: Credentials,
    ) -> Result<String, RegistryError> {
        let scope = format!("repository:{}:{}", self.reference.name(), self.actions);
        let mut fields = vec![("scope", scope.as_str())];
        fields.extend(service.map(|service| ("service", service)));
        let uri = self.url(realm)?;
        let join = if realm.contains('?') { '&' } else { '?' };
        let mut request = Request::builder().header(ACCEPT, "application/json");
        let body = match &known {
            Credentials::Identity(token) => {
                fields.extend([
                    ("grant_type", "refresh_token"),
                    ("client_id", "linkmend"),
                    ("refresh_token", token.as_str()),
                ]);
                request = request
                    .method(Method::POST)
                    .uri(uri)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                form(&fields)
            }
            other => {
                if let Credentials::Password(name, password) = other {
                    request = request.header(AUTHORIZATION, basic(name, password));
                }
                request = request.uri(format!("{uri}{join}{}", form(&fields)));
                String::new()
            }
        };
        let request = request
            .body(Full::new(body.into()))
            .map_err(|error| self.away(error.to_string()))?;
        let host = request.uri().host().unwrap_or_default().to_owned();
        let answer = match self.connection.send(request, None, SMALL).await {
            Ok(answer) => answer,
            Err(Unanswered::Away(why)) => {
                return Err(self.away(format!("it leads to {host} for a token: {why}")));
            }
            Err(Unanswered::TooLarge(_)) => {
                return Err(self.away(format!("the token of {host} is too large")));
            }
        };
        if !answer.status.is_success() {
            return Err(self.unauthorized(&answer));
        }
        token_of(&answer.body).ok_or_else(|| self.away(format!("what {host} says is no token")))
    }

    fn unauthorized(&self, answer: &Answer) -> RegistryError {
        let file = credentials::file().map(|file| file.display().to_string());
        let file = file.unwrap_or_else(|| "config.json of Docker".into());
        let host = self.host();
        RegistryError::Unauthorized {
            known: if self.is_known {
                format!("does not accept what {file} says")
            } else {
                format!("{file} says nothing of it; `docker login {host}` writes it")
            },
            host,
            status: status(answer),
        }
    }

    fn away(&self, why: String) -> RegistryError {
        let host = self.host();
        RegistryError::Away { host, why }
    }

    fn host(&self) -> String {
        self.reference.host().to_owned()
    }
}

/// Where a registry is: Docker's own has another name.
fn api(host: &str) -> &str {
    if host == "docker.io" {
        return "registry-1.docker.io";
    }
    host
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let fields = fields.iter();
    let fields: Vec<_> = fields
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    fields.join("&")
}

fn token_of(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Token {
        token: Option<String>,
        access_token: Option<String>,
    }
    let token: Token = serde_json::from_slice(body).ok()?;
    token.token.or(token.access_token)
}

/// `404 Not Found: manifest unknown`
fn status(answer: &Answer) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Error>,
    }
    #[derive(Deserialize)]
    struct Error {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let status = answer.status.to_string();
    let said = serde_json::from_slice::<Errors>(&answer.body).ok();
    let said = said.and_then(|said| said.errors.into_iter().next());
    match said {
        Some(Error { code, message }) => {
            let text: String = if message.is_empty() { code } else { message };
            let text: String = text.chars().take(LONGEST).collect();
            format!("{status}: {}", plain(&text))
        }
        None => status,
    }
}
