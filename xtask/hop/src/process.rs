//! `linkmend run`, or a Collector, as a process of its own.

use std::ffi::OsString;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// A hop that runs; it is killed when it is dropped.
pub struct Hop {
    /// Where it takes batches.
    pub address: SocketAddr,
    /// Where its metrics are, if the configuration has a place for that.
    pub metrics: SocketAddr,
    program: PathBuf,
    arguments: Vec<OsString>,
    child: Child,
    folder: TempDir,
}

impl Hop {
    /// Starts it with a configuration, in which `LISTEN` stands for where it is to
    /// listen, `METRICS` for the port of its metrics, and `FOLDER` for a folder of its own.
    ///
    /// # Errors
    ///
    /// When it does not start; what it said then.
    pub async fn start(program: &Path, configuration: &str) -> anyhow::Result<Self> {
        Self::with_cache(program, configuration, "").await
    }

    /// The same with a folder for compiled rules, which several may share.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn with_cache(
        program: &Path,
        configuration: &str,
        code_cache: &str,
    ) -> anyhow::Result<Self> {
        Self::with(program, configuration, |folder| {
            let state = folder.join("state").into();
            let begin = ["run", "--code-cache", code_cache, "--state-dir"];
            begin.into_iter().map(Into::into).chain([state]).collect()
        })
        .await
    }

    /// A Collector with a configuration.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn collector(program: &Path, configuration: &str) -> anyhow::Result<Self> {
        Self::with(program, configuration, |_| Vec::new()).await
    }

    async fn with(
        program: &Path,
        configuration: &str,
        arguments: impl FnOnce(&Path) -> Vec<OsString>,
    ) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let (address, metrics) = (free()?, free()?);
        let text = configuration
            .replace("LISTEN", &address.to_string())
            .replace("METRICS", &metrics.port().to_string())
            .replace("FOLDER", &folder.path().display().to_string());
        std::fs::write(folder.path().join("linkmend.yaml"), text)?;
        let arguments = arguments(folder.path());
        let child = spawn(program, &arguments, folder.path())?;
        let mut hop = Self {
            address,
            metrics,
            program: program.into(),
            arguments,
            child,
            folder,
        };
        hop.wait().await?;
        Ok(hop)
    }

    /// Ends it at once, as `kill -9` does.
    ///
    /// # Errors
    ///
    /// When it cannot be ended.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.start_kill()?;
        timeout(Duration::from_secs(10), self.child.wait()).await??;
        Ok(())
    }

    /// Starts it again where it was, with what it kept; how long it took until it
    /// listened.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn start_again(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.child = spawn(&self.program, &self.arguments, self.folder.path())?;
        self.wait().await?;
        Ok(begun.elapsed())
    }

    /// What it has logged.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn log(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join("log"))?)
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(self.address).await.is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}:\n{}", self.log()?);
            }
            if Instant::now() > until {
                bail!("it does not listen");
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
    ///
    /// # Errors
    ///
    /// When it cannot be ended.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.kill().await
    }
}

fn spawn(program: &Path, arguments: &[OsString], folder: &Path) -> anyhow::Result<Child> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))?;
    Command::new(program)
        .args(arguments)
        .arg("--config")
        .arg(folder.join("linkmend.yaml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))
}

fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
