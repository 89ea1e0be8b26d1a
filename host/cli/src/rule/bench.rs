//! `linkmend rule bench`.

use linkmend::plain;
use linkmend_workbench::bench::{Bench, BenchError, Cost, Figures, Load};
use linkmend_workload::{Traffic, Workload};
use serde::Serialize;

use super::args::{BenchArguments, LoadName, Order};
use super::{exit_of, said, say_json, subject};
use crate::exit::Exit;
use crate::report::thousands;
use crate::terminal::{say, tell};

#[derive(Debug, Serialize)]
struct Report {
    rule: String,
    rounds: u16,
    figures: Vec<Figures>,
}

/// Runs the command.
pub fn run(arguments: &BenchArguments) -> anyhow::Result<Exit> {
    let subject = subject(&arguments.rule, &arguments.options)?;
    let bench = Bench::new(&subject, arguments.rounds.into());
    let mut figures = Vec::new();
    for wanted in wanted(arguments) {
        let measured = wanted
            .load()
            .and_then(|load| bench.measure(&load, wanted.config()));
        match measured {
            Ok(measured) => figures.push(measured),
            Err(BenchError::Load(error)) => {
                tell(subject.whole(&error));
                return Ok(exit_of(&error));
            }
            Err(error) => {
                tell(&error);
                return Ok(match error {
                    BenchError::Fault(_) => Exit::Rule,
                    _ => Exit::Incomplete,
                });
            }
        }
    }
    let report = Report {
        rule: arguments.rule.clone(),
        rounds: arguments.rounds,
        figures,
    };
    if arguments.options.json {
        say_json(&report)?;
    } else {
        show(&report);
        if arguments.verbose {
            said::show(&subject.heard.take());
        }
    }
    Ok(Exit::Done)
}

/// A load that is not made yet: each takes some memory.
enum Wanted<'a> {
    File(&'a std::path::Path),
    Generated(Traffic, bool),
}

impl Wanted<'_> {
    fn load(&self) -> Result<Load, BenchError> {
        match self {
            Self::File(path) => Load::read(path),
            Self::Generated(traffic, descending) => {
                Ok(Load::from(&Workload::new(*traffic, *descending)))
            }
        }
    }

    /// Of the built-in rule.
    fn config(&self) -> &'static str {
        match self {
            Self::File(_) => "{}",
            Self::Generated(traffic, _) => traffic.config(),
        }
    }
}

fn wanted(arguments: &BenchArguments) -> Vec<Wanted<'_>> {
    if !arguments.inputs.is_empty() {
        let inputs = arguments.inputs.iter();
        return inputs.map(|path| Wanted::File(path)).collect();
    }
    let orders: &[bool] = match arguments.order {
        Order::Ascending => &[false],
        Order::Descending => &[true],
        Order::Both => &[false, true],
    };
    let loads = match arguments.loads.as_slice() {
        [] => &[LoadName::Mixed, LoadName::Messaging],
        loads => loads,
    };
    let each = |load: &LoadName| {
        let traffic = traffic(*load);
        let orders = orders.iter();
        orders.map(move |descending| Wanted::Generated(traffic, *descending))
    };
    loads.iter().flat_map(each).collect()
}

fn traffic(load: LoadName) -> Traffic {
    match load {
        LoadName::Mixed => Traffic::Mixed,
        LoadName::Messaging => Traffic::Messaging,
        LoadName::Unselected => Traffic::Unselected,
        LoadName::Single => Traffic::Single,
        LoadName::Configured => Traffic::Configured,
    }
}

fn show(report: &Report) {
    say(format_args!(
        "rule {}: medians of {} rounds, one thread; native is scan, select, check and splice, sandbox the calls of rules",
        plain(&report.rule),
        report.rounds
    ));
    for figures in &report.figures {
        let order = figures
            .order
            .map_or_else(String::new, |order| format!(", fields {order}"));
        say(format_args!(
            "\n{}{order}: {} spans of {} bytes in {} batches, {} selected ({:.1} %)",
            plain(&figures.load),
            thousands(figures.spans),
            figures.bytes_per_span,
            thousands(figures.batches as u64),
            thousands(figures.selected),
            share(figures.selected, figures.spans)
        ));
        say(format_args!(
            "  {:<22} {:>12} {:>12} {:>12} {:>14}",
            "", "ns a span", "native", "sandbox", "spans/s"
        ));
        show_cost("rule", &figures.rule);
        if let Some(cost) = &figures.builtin {
            show_cost("builtin", cost);
        }
        if let Some(cost) = &figures.both {
            show_cost("builtin, then rule", cost);
        }
        if let Some((added, builtin)) = figures.added_ns_per_span.zip(figures.builtin) {
            say(format_args!(
                "  the rule adds {added:.0} ns a span to the built-in rule ({:+.0} %)",
                100.0 * added / builtin.ns_per_span
            ));
        }
    }
}

fn show_cost(name: &str, cost: &Cost) {
    say(format_args!(
        "  {name:<22} {:>12.0} {:>12.0} {:>12.0} {:>14}",
        cost.ns_per_span,
        cost.native_ns_per_span,
        cost.sandbox_ns_per_span,
        thousands(rounded(cost.spans_per_second))
    ));
}

#[allow(clippy::cast_precision_loss, reason = "one digit is shown")]
fn share(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole as f64
}

#[allow(clippy::cast_sign_loss, reason = "it is not negative")]
fn rounded(figure: f64) -> u64 {
    figure.round() as u64
}
