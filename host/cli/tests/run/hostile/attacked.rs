//! A linkmend that is attacked, and what it takes of the machine.

use std::time::{Duration, Instant};

use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, request, span};
use crate::support::wait;

pub const MIB: u64 = 1 << 20;

/// What all requests may take together, by default.
pub const BUDGET: u64 = 128 * MIB;

/// What comes on top of a bound: threads, buffers of sockets, and what the
/// allocator keeps.
const SLACK: u64 = 48 * MIB;

/// How long others may have to wait for an answer, on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// What the process may take in all, with all that it takes anyhow, where it is
/// configured as it is by default and has two threads.
pub const RESIDENT: u64 = 250_000_000;

pub struct Attacked {
    pub intake: Intake,
    pub linkmend: Linkmend,
    sender: Sender,
    before: Usage,
}

#[derive(Debug, Clone, Copy)]
struct Usage {
    resident: u64,
    files: usize,
}

impl Attacked {
    pub fn start(configs: &[&str]) -> Self {
        Self::before(|intake| linkmend::by_grpc(intake, ""), configs)
    }

    /// With another exporter than that of OTLP/gRPC.
    pub fn before(exporter: impl FnOnce(&Intake) -> String, configs: &[&str]) -> Self {
        let intake = Intake::start();
        let exporter = exporter(&intake);
        let configs: Vec<_> = [exporter.as_str()].iter().chain(configs).copied().collect();
        let linkmend = Linkmend::start(&configs);
        let mut attacked = Self {
            intake,
            linkmend,
            sender: Sender::new(),
            before: Usage {
                resident: 0,
                files: 0,
            },
        };
        attacked.serves();
        attacked.begin();
        attacked
    }

    /// From here on the peak is that of the attack.
    fn begin(&mut self) {
        self.before = Usage {
            resident: self.status("VmRSS"),
            files: self.open_files(),
        };
        std::fs::write(self.proc("clear_refs"), "5").unwrap();
    }

    /// `kill -9`, and again: it may be killed by what it has on disk.
    pub fn restart(&mut self) {
        self.linkmend.kill();
        self.linkmend.restart();
    }

    /// It keeps no more than this when all is over, beyond what it took before.
    pub fn keeps_at_most(&self, bound: u64) {
        let kept = self.status("VmRSS").saturating_sub(self.before.resident);
        eprintln!("{} MiB are kept of {}", kept / MIB, bound / MIB);
        assert!(kept <= bound + SLACK, "{} MiB are kept", kept / MIB);
    }

    /// What an attack took is given back within a time, to this and the slack.
    pub fn gives_back(&self, bound: u64, within: Duration) {
        let bound = self.before.resident + bound + SLACK;
        let begun = Instant::now();
        wait::until_true("memory is given back", within, || {
            self.status("VmRSS") <= bound
        });
        let (now, peak) = (self.status("VmRSS"), self.status("VmHWM"));
        eprintln!(
            "{} MB of {} after {:?}",
            now / 1_000_000,
            peak / 1_000_000,
            begun.elapsed()
        );
    }

    /// It never took more than it may by default.
    pub fn stays_small(&self) {
        let peak = self.status("VmHWM");
        eprintln!(
            "{} MB at the peak of {}",
            peak / 1_000_000,
            RESIDENT / 1_000_000
        );
        assert!(peak <= RESIDENT, "{} MB", peak / 1_000_000);
    }

    /// Others are served by both protocols.
    pub fn serves(&self) {
        let begun = Instant::now();
        let one = || request(vec![span(1, Role::Plain)]);
        let to = self.linkmend.addresses;
        self.sender.grpc(to.grpc, one()).unwrap();
        let body = prost::Message::encode_to_vec(&one());
        let answer = self.sender.http(to.http, "application/x-protobuf", body);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }

    /// It took no more than this at its peak, beyond what it takes anyhow.
    pub fn took_at_most(&self, bound: u64) {
        let peak = self.status("VmHWM");
        let taken = peak.saturating_sub(self.before.resident);
        eprintln!("{} MiB at the peak of {}", taken / MIB, bound / MIB);
        assert!(
            taken <= bound + SLACK,
            "{} MiB, {} may be",
            taken / MIB,
            bound / MIB
        );
    }

    /// The attack is over: others are served, and files come back. Memory does,
    /// too, for the next one; the allocator of the system keeps the pages.
    pub fn recovers(&self) {
        self.recovers_but_for(0);
    }

    /// The same, but for so many connections to the backend, which are kept for
    /// what comes next.
    pub fn recovers_but_for(&self, connections: usize) {
        // That the attack is over it notices a little later: until then it refuses, and
        // says when to try again.
        let to = self.linkmend.addresses.grpc;
        let one = || request(vec![span(1, Role::Plain)]);
        wait::until_true("it has room again", SOON, || {
            self.sender.grpc(to, one()).is_ok()
        });
        self.serves();
        let most = self.before.files + 8 + connections;
        let are_back = || (self.open_files() <= most).then_some(());
        wait::until_or(wait::LONG, are_back, || {
            format!("files come back to {most}, of {:?}", self.kinds_of_files())
        });
    }

    pub fn open_files(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// How many of its files are sockets, and what the others are.
    fn kinds_of_files(&self) -> std::collections::BTreeMap<String, usize> {
        let mut kinds = std::collections::BTreeMap::new();
        for file in std::fs::read_dir(self.proc("fd")).unwrap().flatten() {
            let target = std::fs::read_link(file.path()).unwrap_or_default();
            let target = target.to_string_lossy().into_owned();
            let kind = target.split(":[").next().unwrap_or_default();
            *kinds.entry(kind.to_owned()).or_default() += 1;
        }
        kinds
    }

    fn status(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let kib = line.split_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap() << 10
    }

    fn proc(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.linkmend.id())
    }
}
