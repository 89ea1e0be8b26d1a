//! The tables of the manual (`docs/configuration.md`): the same that the
//! configuration is read by.

use std::fmt::Write;

use super::member::{Member, What};
use super::{
    exporters, extensions, grpc, http, kafka, listener, processors, receivers, sending, service,
    tls,
};

/// A table of the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name: the heading it stands under, and what other tables call it.
    pub name: &'static str,
    /// Markdown.
    pub text: String,
}

/// All tables, in the order of the manual.
pub fn tables() -> Vec<Table> {
    vec![
        table("receiver otlp", &[receivers::OTLP]),
        table("protocols", &[receivers::PROTOCOLS]),
        table("admission", &[receivers::ADMISSION]),
        server("grpc server", grpc::SERVER),
        table("grpc keepalive", &[grpc::KEEPALIVE]),
        table("grpc server_parameters", &[grpc::SERVER_PARAMETERS]),
        server("http server", http::SERVER),
        table("cors", &[http::CORS]),
        table("receiver otlpjsonfile", &[receivers::OTLP_JSON_FILE]),
        part("receiver kafka", &[receivers::KAFKA], &[kafka::CLIENT]),
        table("kafka topics", &[receivers::TOPICS]),
        table("kafka autocommit", &[receivers::AUTOCOMMIT]),
        table("message_marking", &[receivers::MARKING]),
        table("kafka auth", &[kafka::AUTH]),
        table("kafka sasl", &[kafka::SASL]),
        table("kafka metadata", &[kafka::METADATA]),
        table("processor linkmend", &[processors::LINKMEND]),
        table("limits", &[processors::LIMITS]),
        table("hold", &[processors::HOLD]),
        table("index", &[processors::INDEX]),
        table("redis", &[processors::REDIS]),
        table("scope", &[processors::SCOPE]),
        table("flows", &[processors::FLOWS]),
        table("processor memory_limiter", &[processors::MEMORY_LIMITER]),
        table("processor batch", &[processors::BATCH]),
        table("exporter otlp_grpc", &[exporters::OTLP_GRPC]),
        table("grpc client", &[grpc::CLIENT]),
        table("client keepalive", &[grpc::CLIENT_KEEPALIVE]),
        table("exporter otlp_http", &[exporters::OTLP_HTTP]),
        table("http client", &[http::CLIENT]),
        table("compression_params", &[http::COMPRESSION_PARAMS]),
        table("retry_on_failure", &[sending::RETRY]),
        table("sending_queue", &[sending::QUEUE]),
        table("batch", &[sending::BATCH]),
        table("exporter file", &[exporters::FILE]),
        table("rotation", &[exporters::ROTATION]),
        table("exporter debug", &[exporters::DEBUG]),
        part("exporter kafka", &[exporters::KAFKA], &[kafka::CLIENT]),
        table("kafka topic", &[exporters::TOPIC]),
        table("kafka producer", &[exporters::PRODUCER]),
        table("kafka compression_params", &[exporters::LEVEL]),
        table("record_partitioner", &[exporters::PARTITIONER]),
        table("sticky_key", &[exporters::STICKY_KEY]),
        table("round_robin", &[exporters::ROUND_ROBIN]),
        server("extension health_check", extensions::HEALTH_CHECK),
        table("response_body", &[extensions::RESPONSE_BODY]),
        server("extension flows", extensions::FLOWS),
        table("extension file_storage", &[extensions::FILE_STORAGE]),
        table("tls server", &[tls::COMMON, tls::SERVER]),
        table("tls client", &[tls::COMMON, tls::CLIENT]),
        table("service", &[service::MEMBERS]),
        table("pipeline", &[service::PIPELINE]),
        table("telemetry", &[service::TELEMETRY]),
        table("telemetry logs", &[service::LOGS]),
        table("telemetry metrics", &[service::METRICS]),
        table("telemetry reader", &[service::READER]),
        table("prometheus", &[service::PROMETHEUS]),
        table("periodic", &[service::PERIODIC]),
        part(
            "telemetry otlp metrics",
            &[service::TELEMETRY_OTLP_METRICS],
            &[service::TELEMETRY_OTLP],
        ),
        table("telemetry traces", &[service::TRACES]),
        table("telemetry batch", &[service::TELEMETRY_BATCH]),
        table("telemetry otlp", &[service::TELEMETRY_OTLP]),
    ]
}

fn table<T>(name: &'static str, tables: &[&[Member<T>]]) -> Table {
    let mut rows = Rows::default();
    rows.add(tables);
    rows.table(name)
}

/// The table of a server, with what all servers have in common.
fn server<T>(name: &'static str, own: &[Member<T>]) -> Table {
    let mut rows = Rows::default();
    rows.add(&[own]);
    rows.add(&[listener::MEMBERS]);
    rows.table(name)
}

/// The table of a component, with what it has of a part.
fn part<T, P>(name: &'static str, own: &[&[Member<T>]], part: &[&[Member<P>]]) -> Table {
    let mut rows = Rows::default();
    rows.add(part);
    rows.add(own);
    rows.table(name)
}

#[derive(Default)]
struct Rows {
    text: String,
    unsupported: Vec<String>,
}

impl Rows {
    fn add<T>(&mut self, tables: &[&[Member<T>]]) {
        let text = &mut self.text;
        for member in tables.iter().copied().flatten() {
            let key = member.key;
            match &member.what {
                What::Value {
                    default,
                    values,
                    summary,
                    ..
                } => {
                    let default = shown(default);
                    let _ = writeln!(text, "| `{key}` | {default} | {values} | {summary} |");
                }
                What::Section {
                    table,
                    default,
                    summary,
                    ..
                } => {
                    let _ = writeln!(text, "| `{key}` | {default} | *{table}* | {summary} |");
                }
                What::Unsupported(_) => self.unsupported.push(format!("`{key}`")),
            }
        }
    }

    fn table(self, name: &'static str) -> Table {
        let head = "| key | default | values | what it does |\n|---|---|---|---|\n";
        let mut text = format!("{head}{}", self.text);
        if !self.unsupported.is_empty() {
            let _ = write!(text, "\nNot supported: {}.\n", self.unsupported.join(", "));
        }
        Table { name, text }
    }
}

fn shown(default: &str) -> String {
    match default {
        "" => "(must be given)".into(),
        "null" => "(none)".into(),
        default => format!("`{default}`"),
    }
}

#[cfg(test)]
mod tests {
    //! The defaults that the manual tells are those that the code has.
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test that panics has failed"
    )]

    use std::fmt::Debug;

    use linkmend_config::Layers;

    use super::super::member::{self, Refusal};
    use super::super::reader::Reader;
    use super::*;

    #[track_caller]
    fn check<T: Default + PartialEq + Debug>(tables: &[&[Member<T>]]) {
        for member in tables.iter().copied().flatten() {
            let What::Value { default, set, .. } = &member.what else {
                continue;
            };
            let mut layers = Layers::default();
            layers.add(&format!("{}: {default}\n", member.key)).unwrap();
            let node = layers.root().unwrap().get(member.key).unwrap();
            let mut given = T::default();
            match set(&mut given, node) {
                Ok(()) | Err(Refusal::Default) => {}
                Err(refusal) => panic!("{}: {default}: {refusal:?}", member.key),
            }
            assert_eq!(given, T::default(), "{}: {default}", member.key);
        }
    }

    #[test]
    fn the_defaults_of_the_manual_are_those_of_the_code() {
        check(&[receivers::ADMISSION]);
        check(&[grpc::SERVER]);
        check(&[grpc::SERVER_PARAMETERS]);
        check(&[grpc::CLIENT]);
        check(&[grpc::CLIENT_KEEPALIVE]);
        check(&[http::SERVER]);
        check(&[http::CORS]);
        check(&[http::CLIENT]);
        check(&[http::COMPRESSION_PARAMS]);
        check(&[sending::RETRY]);
        check(&[sending::QUEUE]);
        check(&[sending::BATCH]);
        check(&[tls::COMMON, tls::SERVER]);
        check(&[tls::CLIENT]);
        check(&[receivers::OTLP_JSON_FILE]);
        check(&[receivers::KAFKA]);
        check(&[receivers::TOPICS]);
        check(&[receivers::AUTOCOMMIT]);
        check(&[receivers::MARKING]);
        check(&[kafka::CLIENT]);
        check(&[kafka::METADATA]);
        check(&[processors::LINKMEND]);
        check(&[processors::LIMITS]);
        check(&[processors::HOLD]);
        check(&[processors::INDEX]);
        check(&[processors::REDIS]);
        check(&[processors::SCOPE]);
        check(&[processors::MEMORY_LIMITER]);
        check(&[exporters::OTLP_GRPC]);
        check(&[exporters::OTLP_HTTP]);
        check(&[exporters::FILE]);
        check(&[exporters::ROTATION]);
        check(&[exporters::DEBUG]);
        check(&[exporters::KAFKA]);
        check(&[exporters::TOPIC]);
        check(&[exporters::PRODUCER]);
        check(&[exporters::LEVEL]);
        check(&[exporters::STICKY_KEY]);
        check(&[extensions::HEALTH_CHECK]);
        check(&[extensions::RESPONSE_BODY]);
        check(&[extensions::FILE_STORAGE]);
        check(&[service::LOGS]);
        check(&[service::METRICS]);
        check(&[service::PROMETHEUS]);
        check(&[service::PERIODIC]);
        check(&[service::TELEMETRY_OTLP_METRICS]);
        check(&[service::TELEMETRY]);
        check(&[service::TELEMETRY_BATCH]);
        check(&[service::TELEMETRY_OTLP]);
    }

    /// A default is what a key without it means; this holds that the check
    /// above can fail.
    #[test]
    fn a_default_that_differs_is_found() {
        let mut given = sending::Retry::default();
        let mut layers = Layers::default();
        layers.add("initial_interval: 6s\n").unwrap();
        member::read(
            &mut Reader::default(),
            layers.root().unwrap(),
            &[sending::RETRY],
            &mut given,
        );
        assert_ne!(given, sending::Retry::default());
    }
}
