//! The ways that are compared.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Arguments;
use crate::process::Hop;
use crate::sink::Sink;

/// A way from senders to the sink.
pub struct Way {
    pub name: &'static str,
    pub address: SocketAddr,
    hop: Option<Hop>,
}

/// All of them, with the sink at their end.
pub struct Ways {
    all: Vec<Way>,
}

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
        let hop_with = |processors, names, compression| {
            configuration(sink.address, processors, names, compression)
        };
        let empty = hop_with("", "", "none");
        let mending = hop_with(PROCESSOR, "linkmend", "none");
        let compressing = hop_with(PROCESSOR, "linkmend", "gzip");
        let hop = |configuration: String| async move {
            Hop::start(&arguments.linkmend, &configuration).await
        };
        let mut all = vec![Way {
            name: "straight",
            address: sink.address,
            hop: None,
        }];
        let hops = [
            ("empty hop", empty),
            ("linkmend", mending),
            ("linkmend, gzip", compressing),
        ];
        for (name, configuration) in hops {
            let hop = hop(configuration).await?;
            all.push(Way {
                name,
                address: hop.address,
                hop: Some(hop),
            });
        }
        Ok(Self { all })
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
