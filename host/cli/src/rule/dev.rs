//! `linkmend rule dev`.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use linkmend::plain;
use linkmend_workbench::dev::{Built, OwnTraces, Workshop};
use linkmend_workbench::test::{TestError, Tests, find};

use super::args::DevArguments;
use super::{said, subject, test};
use crate::exit::Exit;
use crate::terminal::{say, tell};

/// How many spans that came out otherwise are shown.
const MOST_SPANS: usize = 20;

/// Runs the command.
pub fn run(arguments: &DevArguments) -> anyhow::Result<Exit> {
    let linkmend = std::env::current_exe().context("cannot find this program")?;
    let opened = Workshop::open(&arguments.source);
    let mut workshop = opened.map_err(|error| anyhow!(error))?;
    let traces = arguments.traces.as_deref().map(OwnTraces::new);
    let mut traces = traces.transpose().context("there is no room for results")?;
    loop {
        workshop.wait().context("cannot read the folder")?;
        let built = workshop.build(&linkmend).context("cannot run `build`")?;
        round(arguments, &workshop, &built, traces.as_mut());
        if arguments.once {
            return Ok(Exit::Done);
        }
        say("waiting for a change; Ctrl-C ends");
    }
}

/// What came of one change.
fn round(
    arguments: &DevArguments,
    workshop: &Workshop,
    built: &Built,
    traces: Option<&mut OwnTraces>,
) {
    let Some(component) = &built.component else {
        say(format_args!("build FAILED after {:.1?}", built.took));
        say(built.output.trim_end());
        return;
    };
    say(format_args!(
        "built {} in {:.1?}",
        component.display(),
        built.took
    ));
    let tested = run_rule(arguments, workshop, component, traces);
    if let Err(error) = tested {
        tell(format_args!("{error:#}"));
    }
}

fn run_rule(
    arguments: &DevArguments,
    workshop: &Workshop,
    component: &Path,
    traces: Option<&mut OwnTraces>,
) -> anyhow::Result<()> {
    let subject = subject(&component.to_string_lossy(), &arguments.options)?;
    if let Some(traces) = traces {
        let mended = traces.mend(&subject);
        let path = traces.path().display();
        match mended {
            Ok(found) if found.is_empty() => say(format_args!("{path}: nothing is different")),
            Ok(found) => {
                say(format_args!("{path}: {} spans are different", found.len()));
                let shown = found.iter().take(MOST_SPANS);
                shown.for_each(|span| test::show_span(traces.path(), span));
            }
            Err(errors) => {
                for error in errors {
                    say(format_args!("{path}: {}", plain(&error)));
                }
            }
        }
        said::show(&subject.heard.take());
    }
    let cases = match find(&workshop.folder().join("tests"), None) {
        Ok(cases) => cases,
        // It may have none yet.
        Err(TestError::NoCases(_) | TestError::Folder { .. }) => return Ok(()),
        Err(error) => return Err(anyhow!("{error}")),
    };
    let mut tests = Tests::new(subject.clone(), false);
    let mut reports = Vec::new();
    for case in &cases {
        match tests.run(case) {
            Ok(report) => reports.push(report),
            Err(TestError::Load(error)) => return Err(anyhow!(subject.whole(&error))),
            Err(error) => return Err(anyhow!("{error}")),
        }
    }
    test::show_all(&reports);
    Ok(())
}
