//! The process that compiles: it gives up all that it does not need, compiles
//! one component, and ends.

use std::io;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::wire::{Answer, Request};
use crate::engine::{self, Target};

/// What a process takes beside what it compiles: its own code, and what each
/// thread reserves.
const BESIDE: u64 = 1 << 30;

/// Compiles for the process that started this one, over standard input and
/// output, within the limits that it gives. A program that names itself to
/// [`Compiler::command`](crate::Compiler::command) calls this, before all else,
/// when it is started so.
///
/// # Errors
///
/// When the other end is gone, or is no linkmend of this version.
pub fn compile_for_parent() -> io::Result<()> {
    end_with_parent();
    end_before_others();
    let mut from = io::stdin().lock();
    let (mut request, length) = Request::read(&mut from)?;
    restrict(request.time, request.memory)?;
    request.read_component(&mut from, length)?;
    let answer = compile(&request.component);
    answer.write(&mut io::stdout().lock())
}

fn compile(component: &[u8]) -> Answer {
    let compiled = engine::new().and_then(|engine| {
        let code = engine.precompile_component(component)?;
        Ok((Target::of(&engine), code))
    });
    match compiled {
        Ok((Target(engine), code)) => Answer::Code { engine, code },
        Err(error) => Answer::Invalid(linkmend_core::clip(format!("{error:#}"))),
    }
}

/// Whatever this process is made to do, it can take no more than this, and
/// write no file.
fn restrict(time: Duration, memory: u64) -> io::Result<()> {
    let time = time.as_secs().max(1);
    // The first of the two says what it is about (SIGXCPU), the second kills.
    lower(Resource::Cpu, time, time.saturating_add(1))?;
    lower(Resource::Data, memory, memory)?;
    let all = memory.saturating_add(BESIDE);
    lower(Resource::As, all, all)?;
    lower(Resource::Fsize, 0, 0)?;
    lower(Resource::Core, 0, 0)?;
    Ok(())
}

fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let now = getrlimit(resource);
    let within = |most: u64| now.maximum.map_or(most, |maximum| maximum.min(most));
    let limit = Rlimit {
        current: Some(within(soft)),
        maximum: Some(within(hard)),
    };
    Ok(setrlimit(resource, limit)?)
}

#[cfg(target_os = "linux")]
fn end_with_parent() {
    use rustix::process::{Signal, set_parent_process_death_signal};
    // Where it cannot be had, the limits end it.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent() {}

/// Where memory is less than the limit (a container), it is this process that
/// the system ends for the lack of it, and not the one that it compiles for.
fn end_before_others() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}
