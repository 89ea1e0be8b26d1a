//! The components that the Collector has, by all their names, and what is to be
//! done with those that linkmend has not.
//!
//! There is one text for each way out, so that what has the same way out can be
//! told together.

mod names;

use names::{CONNECTORS, EXPORTERS, EXTENSIONS, OLDER, OTHERS, PROCESSORS, RECEIVERS};

pub(super) use names::VERSION;

const RECEIVER: &str = "linkmend does not have this receiver: leave it to the Collector, and have \
    the Collector's exporter `otlp_grpc` send to linkmend; remove it here";
const PROCESSOR: &str = "linkmend does not have this processor: leave it to the Collector, in \
    front of linkmend or behind it; remove it here";
const SAMPLER: &str = "linkmend does not have this processor, which leaves spans out: leave it to \
    a Collector behind linkmend, which must see spans before any are left out; remove it here";
const EXPORTER: &str = "linkmend does not have this exporter: leave it to the Collector, and send \
    to the Collector with `otlp_grpc`; remove it here";
const EXTENSION: &str = "linkmend does not have this extension: leave it to the Collector; remove \
    it here";
const AUTHENTICATOR: &str = "linkmend has no authentication extensions: exporters have `headers` \
    and `tls`, receivers `tls.client_ca_file`, and the rest is left to the Collector; remove it \
    here";
const OBSERVES: &str = "linkmend needs no such extension, which is for programs in Go: \
    `service.telemetry` says what linkmend tells of itself; remove it here";
pub(super) const CONNECTOR: &str = "linkmend has no connectors, its pipelines do not feed each \
    other: leave it to the Collector, with the pipelines that it feeds; remove it here";
const IDLE: &str = "linkmend does not have it, since a pipeline without data is of no use; remove \
    it here";

const SAMPLERS: [&str; 7] = [
    "tail_sampling",
    "probabilistic_sampler",
    "adaptive_tail_sampling",
    "dynamic_sampling",
    "adaptive_sampling",
    "adaptivetelemetry",
    "span_pruning",
];
const AUTHENTICATORS: [&str; 10] = [
    "asapclient",
    "aws_iam_db_auth",
    "azure_auth",
    "basicauth",
    "bearertokenauth",
    "googleclientauth",
    "headers_setter",
    "oauth2client",
    "oidc",
    "sigv4auth",
];

const FOR_GO: [&str; 4] = ["pprof", "zpages", "expvar", "cgroup_runtime"];

/// What is to be done with a component that linkmend does not have, if the
/// Collector has it, or had it, by this name or an older one.
pub(super) fn way_out(section: &str, name: &str) -> Option<String> {
    if let Some(text) = of_its_own(section, name) {
        return Some(text.into());
    }
    let mut older = OLDER.iter();
    let older = older.find(|(of, older, _)| *of == section && is_same(older, name));
    if let Some((.., Some(newer))) = older {
        return Some(format!(
            "the Collector removed this exporter, too: use `{newer}` in its place"
        ));
    }
    let mut others = OTHERS.iter();
    let is_other = others.any(|(of, other)| *of == section && is_same(other, name));
    let mut listed = names(section).split_ascii_whitespace();
    let is_known = older.is_some() || is_other || listed.any(|known| is_same(known, name));
    is_known.then(|| general(section, name).to_owned())
}

/// Whether the Collector has it, or had it.
#[cfg(test)]
fn has(section: &str, name: &str) -> bool {
    way_out(section, name).is_some()
}

/// Whether a processor leaves spans out, by what it is there for.
fn is_sampler(name: &str) -> bool {
    is_one_of(&SAMPLERS, name)
}

fn is_one_of(types: &[&str], name: &str) -> bool {
    types.iter().any(|known| is_same(known, name))
}

/// Whether two names are of one type: newer ones have more `_` than older ones.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|letter| *letter != '_')
}

fn names(section: &str) -> &'static str {
    match section {
        "receivers" => RECEIVERS,
        "processors" => PROCESSORS,
        "exporters" => EXPORTERS,
        "extensions" => EXTENSIONS,
        "connectors" => CONNECTORS,
        _ => "",
    }
}

fn of_its_own(section: &str, name: &str) -> Option<&'static str> {
    let name: String = letters(name).collect();
    Some(match (section, name.as_str()) {
        ("extensions", "memoryballast") => {
            "linkmend needs no such extension: there is no garbage collector to be calmed; remove \
             it here"
        }
        ("extensions", "memorylimiter") => {
            "linkmend has this as a processor: put it under `processors`, into each pipeline, and \
             remove it here"
        }
        ("extensions", "dbstorage" | "redisstorage") => {
            "linkmend keeps queues in files: use `file_storage` in its place"
        }
        ("extensions", "healthcheckv2") => {
            "linkmend does not have this extension, which is not finished: use `health_check` in \
             its place"
        }
        _ => return None,
    })
}

fn general(section: &str, name: &str) -> &'static str {
    match section {
        "receivers" | "exporters" if name == "nop" => IDLE,
        "receivers" => RECEIVER,
        "processors" if is_sampler(name) => SAMPLER,
        "processors" => PROCESSOR,
        "exporters" => EXPORTER,
        "extensions" if is_one_of(&AUTHENTICATORS, name) => AUTHENTICATOR,
        "extensions" if is_one_of(&FOR_GO, name) => OBSERVES,
        "extensions" => EXTENSION,
        _ => CONNECTOR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_known_by_all_their_names() {
        for (section, name) in [
            ("receivers", "hostmetrics"),
            ("receivers", "host_metrics"),
            ("receivers", "filelog"),
            ("receivers", "file_log"),
            ("receivers", "icmpcheckreceiver"),
            ("receivers", "kafka"),
            ("receivers", "smartagent"),
            ("processors", "k8sattributes"),
            ("processors", "resourcedetection"),
            ("processors", "cumulativetodelta"),
            ("processors", "spanmetrics"),
            ("exporters", "loadbalancing"),
            ("exporters", "otlphttp"),
            ("exporters", "otlp"),
            ("exporters", "sapm"),
            ("extensions", "jaeger_query"),
            ("connectors", "spanmetrics"),
            ("connectors", "span_metrics"),
        ] {
            assert!(has(section, name), "{section}: {name}");
        }
        for (section, name) in [
            ("receivers", "redis_cluster"),
            ("exporters", "hostmetrics"),
            ("receivers", ""),
        ] {
            assert!(!has(section, name), "{section}: {name}");
        }
    }

    #[test]
    fn samplers_are_to_stand_behind() {
        for name in ["tail_sampling", "probabilistic_sampler"] {
            let text = way_out("processors", name).unwrap_or_default();
            assert!(text.contains("a Collector behind linkmend"), "{text}");
        }
    }

    /// A name that is there twice would be dead.
    #[test]
    fn the_table_is_in_order() {
        for section in [
            "receivers",
            "processors",
            "exporters",
            "extensions",
            "connectors",
        ] {
            let names: Vec<_> = names(section).split_ascii_whitespace().collect();
            assert!(names.is_sorted_by(|a, b| a < b), "{section}");
            assert!(names.len() > 10, "{section}");
        }
    }
}
