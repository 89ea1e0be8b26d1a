//! `linkmend run`.

use std::io;
use std::time::Duration;

use linkmend::Stop;
use linkmend_pipeline::config::Config;
use linkmend_pipeline::service::{Options, Running, Service, Session};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::RunArguments;
use crate::exit::Exit;
use crate::terminal::tell;
use crate::{memory, open_files, pipeline, state};

/// Runs the command.
pub fn run(arguments: &RunArguments) -> Exit {
    let Some(config) = pipeline::read(&arguments.pipeline) else {
        return Exit::Usage;
    };
    open_files::raise_limit();
    memory::watch(config.most_memory());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(format_args!("cannot start threads: {error}"));
            return Exit::Incomplete;
        }
    };
    let exit = runtime.block_on(session(config, arguments));
    // A thread that hangs in a system call does not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

async fn session(config: Config, arguments: &RunArguments) -> Exit {
    // Before anything is taken, so that no signal is missed.
    let mut signals = match Signals::watch() {
        Ok(signals) => signals,
        Err(error) => {
            tell(format_args!("cannot watch for signals: {error}"));
            return Exit::Incomplete;
        }
    };
    let session = match Session::begin(&config.service.telemetry) {
        Ok(session) => session,
        Err(error) => {
            tell(error);
            return Exit::Usage;
        }
    };
    let options = pipeline::options(&arguments.pipeline, &config, |why| tracing::warn!("{why}"));
    let exit = match options {
        Ok(mut options) => {
            options.state = state::directory(arguments.state_dir.as_deref());
            options.resource = Some(session.resource.clone());
            serve(config, options, arguments.shutdown_timeout, &mut signals).await
        }
        Err(error) => {
            tell(format_args!("{error:#}"));
            Exit::Usage
        }
    };
    session.end().await;
    exit
}

async fn serve(
    config: Config,
    mut options: Options,
    shutdown_timeout: Duration,
    signals: &mut Signals,
) -> Exit {
    // Rules are compiled now, which takes its time.
    let compiling = Stop::default();
    options.compiler = options.compiler.stopped_by(&compiling);
    let of_service = config.clone();
    let mut made = tokio::task::spawn_blocking(move || Service::new(of_service, &options));
    let made = tokio::select! {
        made = &mut made => made,
        () = signals.next() => {
            compiling.stop();
            let _ = made.await;
            return Exit::Done;
        }
    };
    let service = match made {
        Ok(Ok(service)) => service,
        Ok(Err(errors)) => {
            for error in &errors {
                pipeline::tell_fault(&config, error);
            }
            return Exit::Usage;
        }
        Err(error) => {
            tell(format_args!("cannot start: {error}"));
            return Exit::Incomplete;
        }
    };
    let running = tokio::select! {
        started = service.start() => match started {
            Ok(running) => running,
            Err(error) => {
                tracing::error!(%error, "cannot start");
                return Exit::Incomplete;
            }
        },
        () = signals.next() => return Exit::Done,
    };
    signals.next().await;
    tracing::info!("shutting down: what was taken goes on first; once more to end at once");
    tokio::select! {
        exit = stop(running, shutdown_timeout) => exit,
        () = signals.next() => {
            tracing::error!("ended at once: what was on its way may be lost, or come twice");
            Exit::Interrupted
        }
    }
}

async fn stop(running: Running, deadline: Duration) -> Exit {
    match running.stop(deadline).await {
        Ok(()) => {
            tracing::info!("all that was taken has gone on");
            Exit::Done
        }
        Err(overdue) => {
            tracing::error!(%overdue, "the time to shut down is over");
            Exit::Incomplete
        }
    }
}

/// The signals that end the program.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Does not end it; without a handler it would, at once.
    hangup: Signal,
}

impl Signals {
    fn watch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => tracing::warn!(
                    "SIGHUP: the configuration is read at the start only; end it and start it \
                     again. Rules and certificates are read again by themselves"
                ),
            }
        }
    }
}
