//! Hosts, and the servers that they share.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use linkmend_hop::grpc::{Answer, Client};
use linkmend_hop::process::Hop;
use linkmend_hop::sink::Sink;
use linkmend_tests::stores::{Cluster, Store};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::Setting;
use crate::seen::Seen;

/// What hosts share.
pub enum Servers {
    /// Nothing: each has its own memory.
    Nothing,
    One(Store),
    Cluster(Cluster),
}

impl Servers {
    pub fn one() -> anyhow::Result<Self> {
        let store = Store::start("cargo xtask fleet", &[]);
        store.map(Self::One).context(MISSING)
    }

    pub fn cluster() -> anyhow::Result<Self> {
        let cluster = Cluster::start("cargo xtask fleet");
        cluster.map(Self::Cluster).context(MISSING)
    }

    pub fn all(&self) -> &[Store] {
        match self {
            Self::Nothing => &[],
            Self::One(store) => std::slice::from_ref(store),
            Self::Cluster(cluster) => &cluster.stores,
        }
    }

    /// The first, which has keys.
    pub fn first(&mut self) -> Option<&mut Store> {
        match self {
            Self::Nothing => None,
            Self::One(store) => Some(store),
            Self::Cluster(cluster) => cluster.stores.first_mut(),
        }
    }

    /// What is configured as `index`.
    pub fn index(&self, setting: &Setting) -> String {
        let urls: Vec<_> = self.all().iter().map(Store::url).collect();
        let cluster = matches!(self, Self::Cluster(_));
        if urls.is_empty() {
            return "{}".into();
        }
        format!(
            "{{redis: {{endpoints: ['{}'], cluster: {cluster}, timeout: {}}}}}",
            urls.join("', '"),
            humantime::format_duration(setting.timeout)
                .to_string()
                .replace(' ', "")
        )
    }

    /// What those that are there tell of themselves, all together.
    pub fn sum(&self, name: &str) -> f64 {
        self.all().iter().map(|store| store.info(name)).sum()
    }
}

const MISSING: &str = "neither redis-server nor valkey-server is installed";

/// Hosts before one sink.
pub struct Fleet {
    pub hosts: Vec<Hop>,
    pub seen: Seen,
    _sink: Sink,
    /// Rules are compiled once for all.
    _cache: TempDir,
}

impl Fleet {
    /// So many hosts, with what is configured as `index`.
    pub async fn start(setting: &Setting, count: usize, index: &str) -> anyhow::Result<Self> {
        let seen = Seen::default();
        let sink = Sink::showing(seen.show()).await?;
        Self::before(sink, seen, setting, count, index).await
    }

    /// One host, whose spans nobody looks at: reading them would take more of the machine
    /// than the host does.
    pub async fn unseen(setting: &Setting, index: &str) -> anyhow::Result<Self> {
        let sink = Sink::start(None).await?;
        Self::before(sink, Seen::default(), setting, 1, index).await
    }

    async fn before(
        sink: Sink,
        seen: Seen,
        setting: &Setting,
        count: usize,
        index: &str,
    ) -> anyhow::Result<Self> {
        let cache = TempDir::new()?;
        let folder = cache.path().display().to_string();
        let text = configuration(setting, sink.address, index);
        let mut hosts = Vec::new();
        for _ in 0..count {
            hosts.push(Hop::with_cache(&setting.linkmend, &text, &folder).await?);
        }
        Ok(Self {
            hosts,
            seen,
            _sink: sink,
            _cache: cache,
        })
    }

    /// The processor time that all have used.
    pub fn used(&self) -> anyhow::Result<Duration> {
        self.hosts.iter().map(Hop::used).sum()
    }

    /// A metric, of all hosts and all of its series that have these labels.
    pub async fn metric(&self, name: &str, labels: &str) -> anyhow::Result<f64> {
        let mut sum = 0.0;
        for host in &self.hosts {
            sum += metric(&scrape(host.metrics).await?, name, labels);
        }
        Ok(sum)
    }

    /// Until all can ask the store, or a second is over.
    pub async fn connected(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let asked = "state=\"asked\"";
        let servers = "linkmend_shared_index_servers";
        while begun.elapsed() < Duration::from_secs(5) {
            let asked = self.metric(servers, asked).await?;
            if asked > 0.0 && self.metric(servers, "state=\"away\"").await? == 0.0 {
                return Ok(());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        for host in self.hosts {
            host.stop().await?;
        }
        Ok(())
    }
}

fn configuration(setting: &Setting, sink: SocketAddr, index: &str) -> String {
    let hold = humantime::format_duration(setting.hold)
        .to_string()
        .replace(' ', "");
    format!(
        "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: LISTEN, max_recv_msg_size_mib: 64}}}}}}}}
processors:
  linkmend:
    hold: {{time: {hold}}}
    index: {index}
extensions: {{file_storage: {{directory: FOLDER/kept, create_directory: true}}}}
exporters:
  otlp_grpc: {{endpoint: '{sink}', tls: {{insecure: true}}, compression: none}}
service:
  extensions: [file_storage]
  telemetry:
    logs: {{level: info}}
    metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: METRICS}}}}}}}}]}}
  pipelines:
    traces: {{receivers: [otlp], processors: [linkmend], exporters: [otlp_grpc]}}
"
    )
}

async fn scrape(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

fn metric(text: &str, name: &str, labels: &str) -> f64 {
    let lines = text.lines().filter(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']) && rest.contains(labels))
    });
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

/// Sends a frame until a host has it, as senders do: it may be away for a while.
pub async fn deliver(address: SocketAddr, frame: Bytes) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        if let Ok(mut client) = Client::connect(address).await
            && let Ok(Answer::Taken) = client.send(frame.clone()).await
        {
            return Ok(());
        }
        anyhow::ensure!(
            begun.elapsed() < Duration::from_secs(60),
            "a batch is not taken"
        );
        sleep(Duration::from_millis(100)).await;
    }
}
