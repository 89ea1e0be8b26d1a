//! The ways that are compared.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;

use crate::arguments::Arguments;
use linkmend_hop::process::Hop;
use linkmend_hop::sink::Sink;

/// A way from senders to the sink.
pub struct Way {
    pub name: String,
    pub address: SocketAddr,
    /// Senders compress what they send.
    pub takes_gzip: bool,
    hop: Option<Hop>,
}

/// All of them, with the sink at their end.
pub struct Ways {
    all: Vec<Way>,
    sink: Sink,
}

/// A name, the processors, which of them, the compression of senders and that of
/// the hop.
type Kind = (&'static str, &'static str, &'static str, bool, &'static str);

const KINDS: [Kind; 5] = [
    ("empty hop", "", "", false, "none"),
    ("linkmend", PROCESSOR, "linkmend", false, "none"),
    ("linkmend, gzip out", PROCESSOR, "linkmend", false, "gzip"),
    (
        "linkmend, gzip in and out",
        PROCESSOR,
        "linkmend",
        true,
        "gzip",
    ),
    ("linkmend, zstd out", PROCESSOR, "linkmend", false, "zstd"),
];

/// Nothing is held, since latency is measured: a held span takes as long as its
/// producer.
const PROCESSOR: &str = "
processors:
  linkmend:
    hold: {time: 0s}
";

pub fn configuration(sink: SocketAddr, processors: &str, names: &str, compression: &str) -> String {
    format!(
        "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: LISTEN, max_recv_msg_size_mib: 64}}}}}}}}
{processors}
exporters:
  otlp_grpc: {{endpoint: '{sink}', tls: {{insecure: true}}, compression: {compression}}}
service:
  telemetry: {{metrics: {{level: none}}, logs: {{level: warn}}}}
  pipelines:
    traces: {{receivers: [otlp], processors: [{names}], exporters: [otlp_grpc]}}
"
    )
}

impl Ways {
    pub async fn start(arguments: &Arguments) -> anyhow::Result<Self> {
        let sink = Sink::start(None).await?;
        let mut all = vec![Way {
            name: "straight".into(),
            address: sink.address,
            takes_gzip: false,
            hop: None,
        }];
        let programs = [
            ("", Some(&arguments.linkmend)),
            ("against: ", arguments.against.as_ref()),
        ];
        for (name, processors, names, takes_gzip, compression) in KINDS {
            let text = configuration(sink.address, processors, names, compression);
            for (whose, program) in programs {
                let Some(program) = program else { continue };
                let hop = Hop::start(program, &text).await?;
                all.push(Way {
                    name: format!("{whose}{name}"),
                    address: hop.address,
                    takes_gzip,
                    hop: Some(hop),
                });
            }
        }
        for program in &arguments.collector {
            all.append(&mut of_collector(program, sink.address).await?);
        }
        if let Some(only) = &arguments.only {
            all.retain(|way| way.name.contains(only));
        }
        Ok(Self { all, sink })
    }

    /// Requests that came to the sink, and their bytes.
    pub fn arrived(&self) -> (u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.sink.taken), read(&self.sink.bytes))
    }

    pub fn all(&self) -> &[Way] {
        &self.all
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        for hop in self.all.into_iter().filter_map(|way| way.hop) {
            hop.stop().await?;
        }
        Ok(())
    }
}

/// What a Collector is measured with: a name, its processors, which of them.
const OF_COLLECTOR: [(&str, &str, &str); 3] = [
    ("Collector", "", ""),
    ("Collector, linkmend", PROCESSOR, "linkmend"),
    ("Collector, transform", TRANSFORM, "transform"),
];

/// Less than linkmend does: it looks at the links of consumers, and sets one attribute.
const TRANSFORM: &str = "
processors:
  transform:
    error_mode: ignore
    trace_statements:
      - context: span
        statements:
          - set(span.attributes[\"link.count\"], Len(span.links)) where span.kind == SPAN_KIND_CONSUMER
";

async fn of_collector(program: &Path, sink: SocketAddr) -> anyhow::Result<Vec<Way>> {
    let said = Command::new(program).arg("components").output();
    let said = said.with_context(|| format!("cannot start {}", program.display()))?;
    let components = String::from_utf8_lossy(&said.stdout);
    let mut ways = Vec::new();
    for (name, processors, names) in OF_COLLECTOR {
        if !components.contains(&format!("name: {names}")) {
            continue;
        }
        let text = configuration(sink, processors, names, "none");
        let hop = Hop::collector(program, &text).await?;
        ways.push(Way {
            name: name.into(),
            address: hop.address,
            takes_gzip: false,
            hop: Some(hop),
        });
    }
    Ok(ways)
}

impl Way {
    /// The processor time that the hop has used.
    pub fn used(&self) -> anyhow::Result<Option<Duration>> {
        self.hop.as_ref().map(Hop::used).transpose()
    }

    /// The most memory that the hop has had.
    pub fn peak_memory(&self) -> anyhow::Result<Option<u64>> {
        self.hop.as_ref().map(Hop::peak_memory).transpose()
    }
}
