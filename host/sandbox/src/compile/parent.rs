//! Starts a process that compiles, and ends it when it takes too much.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use linkmend_core::clip;

use super::limits::{CompileError, CompileLimits, Failure};
use super::stop::Stop;
use super::wire::{self, Answer};
use crate::checksum::Checksum;

/// A compilation may last so many times as long as it may run.
const MOST_WAITED: u32 = 5;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// More threads take more memory and no less time of the processor.
const MOST_THREADS: usize = 8;

/// Of what it says when it fails.
const MOST_TOLD: u64 = 4 << 10;

/// The end of a process for lack of time (`SIGXCPU`) and of memory (`SIGABRT`,
/// after words).
const OUT_OF_TIME: i32 = rustix::process::Signal::XCPU.as_raw();
const KILLED: i32 = rustix::process::Signal::KILL.as_raw();
const OUT_OF_MEMORY: [&str; 3] = [
    "memory allocation of",
    "Cannot allocate memory",
    "out of memory",
];

/// What is started.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<OsString>,
}

/// Ends with whoever waits for it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How it ended.
enum End {
    Itself(ExitStatus),
    Stopped,
    Late(Duration),
}

/// Has a component compiled for this engine.
pub(super) fn compile(
    program: &Program,
    limits: &CompileLimits,
    stops: &[Stop],
    engine: Checksum,
    component: &[u8],
) -> Result<Vec<u8>, Failure> {
    let mut running = start(program)?;
    let child = &mut running.0;
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut input), Some(mut output), Some(errors)) = (input, output, errors) else {
        return Err(process("it has no pipes").into());
    };
    thread::scope(|scope| {
        let (time, memory) = (limits.time, limits.memory as u64);
        // One that ends early leaves its input.
        scope.spawn(move || wire::ask(&mut input, time, memory, component));
        let answer = scope.spawn(move || Answer::read(&mut output));
        let told = scope.spawn(move || told(errors));
        let end = wait(&mut running, limits, stops);
        // Its pipes end with it, and those who read them.
        drop(running);
        let (answer, told) = (answer.join(), told.join().unwrap_or_default());
        let status = match end? {
            End::Itself(status) => status,
            End::Stopped => return Err(CompileError::Stopped.into()),
            End::Late(waited) => {
                let limit = limits.time;
                return Err(CompileError::Starved { waited, limit }.into());
            }
        };
        if !status.success() {
            return Err(failed(status, &told, limits).into());
        }
        match answer {
            Ok(Ok(Answer::Code { engine: of, code })) if of == engine => Ok(code),
            Ok(Ok(Answer::Code { .. })) => {
                Err(process("it is another version, or is made for another processor").into())
            }
            Ok(Ok(Answer::Invalid(text))) => Err(Failure::Invalid(text)),
            Ok(Err(error)) => Err(process(&error.to_string()).into()),
            Err(_) => Err(process("its answer could not be read").into()),
        }
    })
}

fn start(program: &Program) -> Result<Running, CompileError> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut command = Command::new(&program.path);
    command
        .args(&program.arguments)
        // What is in the environment is none of its business.
        .env_clear()
        .env("RAYON_NUM_THREADS", threads.min(MOST_THREADS).to_string())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    let started = command.spawn();
    let path = program.path.display();
    let started = started.map_err(|error| process(&format!("{path} cannot be started: {error}")));
    Ok(Running(started?))
}

fn wait(running: &mut Running, limits: &CompileLimits, stops: &[Stop]) -> Result<End, Failure> {
    let begun = Instant::now();
    let latest = limits.time.saturating_mul(MOST_WAITED);
    loop {
        match running.0.try_wait() {
            Ok(Some(status)) => return Ok(End::Itself(status)),
            Ok(None) => {}
            Err(error) => return Err(process(&error.to_string()).into()),
        }
        if stops.iter().any(Stop::is_stopped) {
            return Ok(End::Stopped);
        }
        let waited = begun.elapsed();
        if waited > latest {
            return Ok(End::Late(waited));
        }
        thread::sleep(LOOK);
    }
}

/// The first of what it says; the rest must not keep it.
fn told(mut errors: impl Read) -> String {
    let mut first = Vec::new();
    let _ = (&mut errors).take(MOST_TOLD).read_to_end(&mut first);
    let _ = std::io::copy(&mut errors, &mut std::io::sink());
    String::from_utf8_lossy(&first).trim().to_owned()
}

fn failed(status: ExitStatus, told: &str, limits: &CompileLimits) -> CompileError {
    if status.signal() == Some(OUT_OF_TIME) {
        let limit = limits.time;
        return CompileError::Time { limit };
    }
    if OUT_OF_MEMORY.iter().any(|words| told.contains(words)) {
        let limit = limits.memory;
        return CompileError::Memory { limit };
    }
    if status.signal() == Some(KILLED) {
        return process("the system ended it, perhaps for lack of memory");
    }
    match told {
        "" => process(&status.to_string()),
        told => process(&format!("{status}: {told}")),
    }
}

fn process(text: &str) -> CompileError {
    CompileError::Process(clip(text.to_owned()))
}
