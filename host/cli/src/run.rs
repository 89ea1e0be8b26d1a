//! `linkmend run`.

use std::time::Duration;

use linkmend_pipeline::config::Config;
use linkmend_pipeline::service::{Running, Service};
use linkmend_pipeline::telemetry;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::RunArguments;
use crate::{Exit, pipeline, tell};

/// Runs the command.
pub fn run(arguments: &RunArguments) -> Exit {
    let Some(config) = pipeline::read(&arguments.pipeline) else {
        return Exit::Usage;
    };
    if let Err(error) = telemetry::begin(&config.service.telemetry) {
        tell(error);
        return Exit::Usage;
    }
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
    let exit = runtime.block_on(serve(config, arguments));
    // A thread that hangs in a system call does not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

async fn serve(config: Config, arguments: &RunArguments) -> Exit {
    // Before anything is taken, so that no signal is missed.
    let (mut terminate, mut interrupt) = match signals() {
        Ok(signals) => signals,
        Err(error) => {
            tell(format_args!("cannot watch for signals: {error}"));
            return Exit::Incomplete;
        }
    };
    let service = match Service::new(config, &pipeline::options(&arguments.pipeline)) {
        Ok(service) => service,
        Err(errors) => {
            errors.iter().for_each(tell);
            return Exit::Usage;
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
        () = either(&mut terminate, &mut interrupt) => return Exit::Done,
    };
    either(&mut terminate, &mut interrupt).await;
    tracing::info!("shutting down: what was taken goes on first; once more to end at once");
    tokio::select! {
        exit = stop(running, arguments.shutdown_timeout) => exit,
        () = either(&mut terminate, &mut interrupt) => {
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

fn signals() -> std::io::Result<(Signal, Signal)> {
    Ok((
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ))
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
