//! CORS: what pages of other origins may do, as browsers ask for it.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::config::Cors;
use crate::net::serve::Reply;

/// Headers that requests may always have.
const SAFE: [&str; 4] = ["accept", "content-type", "origin", "x-requested-with"];

/// What is allowed.
pub(super) struct CorsPolicy {
    origins: Vec<String>,
    any_header: bool,
    headers: Vec<String>,
    exposed: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

impl CorsPolicy {
    pub(super) fn new(config: &Cors) -> Self {
        let lower = |names: &[String]| -> Vec<String> {
            names.iter().map(|name| name.to_ascii_lowercase()).collect()
        };
        let mut headers = lower(&config.allowed_headers);
        headers.extend(SAFE.map(String::from));
        let exposed = config.exposed_headers.join(", ");
        let max_age = config.max_age.map(|age| HeaderValue::from(age.as_secs()));
        Self {
            origins: lower(&config.allowed_origins),
            any_header: headers.iter().any(|name| name == "*"),
            headers,
            exposed: HeaderValue::try_from(exposed)
                .ok()
                .filter(|exposed| !exposed.is_empty()),
            max_age,
        }
    }

    /// The answer to a browser that asks before it sends. One that must not is
    /// told nothing.
    pub(super) fn preflight(&self, request: &HeaderMap) -> Response<Reply> {
        let mut response = Response::new(Reply::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        headers.insert(VARY, HeaderValue::from_static(vary));
        let wanted = request.get(ACCESS_CONTROL_REQUEST_HEADERS);
        let method = request.get(ACCESS_CONTROL_REQUEST_METHOD);
        let Some(origin) = self.allowed_origin(request) else {
            return response;
        };
        let is_post = method.is_some_and(|method| method == "POST");
        if !is_post || !self.are_allowed(request) {
            return response;
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        headers.insert(
            ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        if let Some(wanted) = wanted {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        if let Some(max_age) = &self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, max_age.clone());
        }
        response
    }

    /// The headers of the answer to any other request.
    pub(super) fn headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = self.allowed_origin(request) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
            if let Some(exposed) = &self.exposed {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
            }
        }
        headers
    }

    /// What stands for the origin in the answer, if it is allowed.
    fn allowed_origin(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let given = request.get(ORIGIN)?;
        if self.origins.iter().any(|origin| origin == "*") {
            return Some(HeaderValue::from_static("*"));
        }
        let text = given.to_str().ok()?.to_ascii_lowercase();
        let is_allowed = self.origins.iter().any(|origin| matches(origin, &text));
        is_allowed.then(|| given.clone())
    }

    fn are_allowed(&self, request: &HeaderMap) -> bool {
        let wanted = request.get_all(ACCESS_CONTROL_REQUEST_HEADERS);
        self.any_header
            || wanted.iter().all(|wanted| {
                let wanted = String::from_utf8_lossy(wanted.as_bytes()).to_ascii_lowercase();
                let mut names = wanted.split(',').map(str::trim);
                names.all(|name| name.is_empty() || self.headers.iter().any(|known| known == name))
            })
    }
}

/// Whether an origin is one that a text stands for, in which the first `*` is
/// any text.
fn matches(pattern: &str, origin: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == origin,
        Some((before, behind)) => {
            origin.len() >= before.len() + behind.len()
                && origin.starts_with(before)
                && origin.ends_with(behind)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, origin, expected) in [
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://a.example.evil", false),
            ("https://*.example", "https://a.example", true),
            ("https://*.example", "https://a.b.example", true),
            ("https://*.example", "https://example", false),
            ("http*", "https://any", true),
            ("https://aba*aba", "https://aba", false),
        ] {
            assert_eq!(matches(pattern, origin), expected, "{pattern} {origin}");
        }
    }
}
