//! The extension `health_check`.

use linkmend_config::Node;

use crate::config::endpoint::LISTEN;
use crate::config::listener::{self, Listener};
use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{name, text};

/// Tells others over HTTP whether linkmend is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// Where it listens, and how.
    pub listener: Listener,
    /// The path that answers.
    pub path: String,
    /// The body of the answer, instead of the Collector's JSON.
    pub response_body: Option<ResponseBody>,
}

/// What the health check answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseBody {
    /// The body when linkmend is healthy.
    pub healthy: String,
    /// The body when it is not.
    pub unhealthy: String,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            listener: Listener::localhost(13133),
            path: "/".into(),
            response_body: None,
        }
    }
}

const SMALL: &str = "requests to it are small and few";

pub(in crate::config) static MEMBERS: &[Member<HealthCheck>] = &[
    Member::value(
        "endpoint",
        "localhost:13133",
        LISTEN,
        "Where it listens.",
        |_, _| Ok(()),
    ),
    Member::value(
        "path",
        "/",
        "a path of a URL that begins with /",
        "The path that answers.",
        |t, n| slash(n).map(|v| t.path = v),
    ),
    Member::section(
        "response_body",
        "response_body",
        "off",
        "The body of the answer, instead of the Collector's JSON.",
        |t, r, n| t.response_body = response_body(r, n),
    ),
    Member::unsupported(
        "check_collector_pipeline",
        "it does not work in the Collector either; see the metrics of the exporters",
    ),
    Member::unsupported("auth", SMALL),
    Member::unsupported("compression_algorithms", SMALL),
    Member::unsupported("cors", SMALL),
    Member::unsupported("dialer", SMALL),
    Member::unsupported("idle_timeout", SMALL),
    Member::unsupported("include_metadata", SMALL),
    Member::unsupported("keep_alives_enabled", SMALL),
    Member::unsupported("max_request_body_size", SMALL),
    Member::unsupported("middlewares", SMALL),
    Member::unsupported("read_header_timeout", SMALL),
    Member::unsupported("read_timeout", SMALL),
    Member::unsupported("response_headers", SMALL),
    Member::unsupported("write_timeout", SMALL),
];

pub(in crate::config) static RESPONSE_BODY: &[Member<ResponseBody>] = &[
    Member::value(
        "healthy",
        "\"\"",
        "a text",
        "The body when linkmend is healthy.",
        |t, n| text(n).map(|v| t.healthy = v),
    ),
    Member::value(
        "unhealthy",
        "\"\"",
        "a text",
        "The body when it is not.",
        |t, n| text(n).map(|v| t.unhealthy = v),
    ),
];

fn slash(node: &Node) -> Result<String, Refusal> {
    let path = name(node)?;
    path.starts_with('/').then_some(path).ok_or(Refusal::Value)
}

fn response_body(reader: &mut Reader, node: &Node) -> Option<ResponseBody> {
    if node.is_null() {
        return None;
    }
    let mut body = ResponseBody::default();
    member::read(reader, node, &[RESPONSE_BODY], &mut body);
    Some(body)
}

pub(super) fn read(reader: &mut Reader, node: &Node) -> HealthCheck {
    let mut check = HealthCheck::default();
    listener::read(reader, node, MEMBERS, |c| &mut c.listener, &mut check);
    check
}
