//! `linkmend run`, as a process of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// A hop that runs; it is killed when it is dropped.
pub struct Hop {
    pub address: SocketAddr,
    child: Child,
    folder: TempDir,
}

impl Hop {
    /// Starts it with a configuration, in which `LISTEN` stands for where it
    /// is to listen.
    pub async fn start(program: &Path, configuration: &str) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let address = free()?;
        let path = folder.path().join("linkmend.yaml");
        std::fs::write(&path, configuration.replace("LISTEN", &address.to_string()))?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = Command::new(program)
            .args(["run", "--code-cache", "", "--config"])
            .arg(&path)
            .stdin(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut hop = Self {
            address,
            child,
            folder,
        };
        hop.wait().await?;
        Ok(hop)
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(self.address).await.is_err() {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(self.folder.path().join("log"))?;
                bail!("linkmend ended with {status}:\n{log}");
            }
            if Instant::now() > until {
                bail!("linkmend does not listen");
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The processor time that it has used so far.
    pub fn used(&self) -> anyhow::Result<Duration> {
        // proc(5): utime and stime are the 14th and 15th, behind the name in
        // brackets, in hundredths of a second (USER_HZ).
        let stat = self.read("stat")?;
        let (_, behind) = stat.rsplit_once(')').context("not as proc(5) has it")?;
        let ticks = behind.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The most memory that it has had, in bytes.
    pub fn peak_memory(&self) -> anyhow::Result<u64> {
        self.memory("VmHWM")
    }

    /// The memory that it has now, in bytes.
    pub fn resident_memory(&self) -> anyhow::Result<u64> {
        self.memory("VmRSS")
    }

    fn memory(&self, name: &str) -> anyhow::Result<u64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        Ok(kib.context("not as proc(5) has it")? << 10)
    }

    fn read(&self, file: &str) -> anyhow::Result<String> {
        let id = self.child.id().context("linkmend has ended")?;
        Ok(std::fs::read_to_string(format!("/proc/{id}/{file}"))?)
    }

    /// Ends it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.child.start_kill()?;
        timeout(Duration::from_secs(10), self.child.wait()).await??;
        Ok(())
    }
}

fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
