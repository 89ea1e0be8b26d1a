//! Exporters that become linkmend's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use linkmend_config::{Part, Shape};
use serde_json::Value;

use crate::Check;
use crate::collector::{Collector, is_of, kind};
use crate::edit;

/// An exporter in linkmend's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) id: String,
    /// Lines of YAML, below `exporters:`.
    pub(crate) lines: String,
    /// The authenticator whose header it has.
    pub(crate) authenticator: Option<String>,
}

/// The exporter for linkmend, or why linkmend cannot do it.
pub(crate) fn exporter(
    collector: &Collector<'_>,
    id: &str,
    check: Check<'_>,
) -> Result<Taken, String> {
    const NAMES: [&str; 5] = ["otlp", "otlp_grpc", "otlp_http", "kafka", "debug"];
    if !is_of(id, &NAMES) && kind(id) != "file" {
        return Err(format!("linkmend does not have the exporter `{id}`"));
    }
    let value = collector.component("exporters", id).unwrap_or(&Value::Null);
    if value
        .get("sending_queue")
        .and_then(|queue| queue.get("storage"))
        .is_some_and(|storage| !storage.is_null())
    {
        return Err(format!(
            "the queue of `{id}` is in a storage of the Collector"
        ));
    }
    let authenticator = value.get("auth").and_then(|auth| auth.get("authenticator"));
    let authenticator = authenticator.and_then(Value::as_str);
    let header = match authenticator {
        Some(authenticator) => Some(header(collector, id, authenticator)?),
        None => None,
    };
    let lines = lines(collector, id, value, header.as_deref());
    let draft = format!(
        "receivers: {{otlp: {{protocols: {{grpc: }}}}}}\nexporters:\n{lines}service:\n  pipelines:\n    \
         traces: {{receivers: [otlp], exporters: [{}]}}\n",
        Value::from(id)
    );
    match check(&draft).first() {
        Some(fault) => Err(format!("linkmend cannot do all that `{id}` has: {fault}")),
        None => Ok(Taken {
            id: id.to_owned(),
            lines,
            authenticator: authenticator.map(str::to_owned),
        }),
    }
}

/// The value of the header that an authenticator makes.
fn header(collector: &Collector<'_>, id: &str, authenticator: &str) -> Result<String, String> {
    let cannot = || format!("linkmend cannot do what `{authenticator}` does for `{id}`");
    let section = collector
        .component("extensions", authenticator)
        .ok_or_else(cannot)?;
    let text = |section: &Value, key: &str| {
        let value = section.get(key).and_then(Value::as_str);
        value.map(str::to_owned)
    };
    let keys = section.as_object().map_or(0, serde_json::Map::len);
    if is_of(authenticator, &["bearertokenauth"]) {
        let token = text(section, "token").ok_or_else(cannot)?;
        let scheme = text(section, "scheme");
        if keys != 1 + usize::from(scheme.is_some()) {
            return Err(cannot());
        }
        return Ok(format!("{} {token}", scheme.as_deref().unwrap_or("Bearer")));
    }
    if is_of(authenticator, &["basicauth"]) && keys == 1 {
        let client = section.get("client_auth").ok_or_else(cannot)?;
        let user = text(client, "username").ok_or_else(cannot)?;
        let password = text(client, "password").ok_or_else(cannot)?;
        // What the environment says is not known here.
        if user.contains('$') || password.contains('$') {
            return Err(format!(
                "`{authenticator}` makes its header of what the environment says"
            ));
        }
        let encoded = STANDARD.encode(format!("{user}:{password}"));
        return Ok(format!("Basic {encoded}"));
    }
    Err(cannot())
}

/// The exporter's own lines, as far as they can stand in another file.
fn lines(collector: &Collector<'_>, id: &str, value: &Value, header: Option<&str>) -> String {
    let section = collector.part.find(&["exporters"]);
    if header.is_none()
        && let Some((key, part)) = section.and_then(|section| section.member(id))
        && is_of_its_own(part)
    {
        let bytes = key.start..part.bytes.end.max(key.end);
        return edit::moved(collector.text, &bytes, 2);
    }
    let mut value = value.clone();
    if let (Some(header), Some(section)) = (header, value.as_object_mut()) {
        section.remove("auth");
        let headers = section
            .entry("headers")
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
        if let Some(headers) = headers.as_object_mut() {
            headers.insert("authorization".into(), header.into());
        }
    }
    let mut out = String::new();
    edit::block(&mut out, id, &value, 2);
    out
}

/// Whether no alias and no merge in it needs another part of the file.
fn is_of_its_own(part: &Part) -> bool {
    match &part.shape {
        Shape::Scalar => true,
        Shape::Alias => false,
        Shape::List(elements) => elements.iter().all(is_of_its_own),
        Shape::Map(members) => members.iter().all(|(.., part)| is_of_its_own(part)),
    }
}
