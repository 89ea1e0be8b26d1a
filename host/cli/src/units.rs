//! Sizes, durations, and the limits that are given in them.

use std::time::Duration;

use anyhow::{Context, bail};
use linkmend::{CompileLimits, Limits};

/// Bytes: a number, alone or with KiB, MiB or GiB (KB, MB, GB for powers of
/// 1,000).
pub fn size(text: &str) -> anyhow::Result<usize> {
    const UNITS: [(&str, usize); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    let unit = UNITS.iter().find(|(name, _)| text.ends_with(name));
    let (number, factor) = match unit {
        Some((name, factor)) => (text.trim_end_matches(name).trim_end(), *factor),
        None => (text, 1),
    };
    let number = number.parse::<usize>().ok();
    let bytes = number
        .and_then(|number| number.checked_mul(factor))
        .filter(|bytes| *bytes > 0);
    bytes.with_context(|| format!("`{text}` is no size; give a number of bytes, or such as 64MiB"))
}

pub fn duration(text: &str) -> anyhow::Result<Duration> {
    let duration = humantime::parse_duration(text)
        .ok()
        .filter(|duration| !duration.is_zero());
    duration.with_context(|| format!("`{text}` is no duration; give one such as 500ms or 2s"))
}

fn count(text: &str) -> anyhow::Result<usize> {
    let number = text.parse().ok();
    number.with_context(|| format!("`{text}` is no number"))
}

/// A limit: its name, what it is for, and where it is kept.
struct Limit<T> {
    name: &'static str,
    help: &'static str,
    place: Place<T>,
}

enum Place<T> {
    Count(fn(&mut T) -> &mut usize),
    Size(fn(&mut T) -> &mut usize),
    Time(fn(&mut T) -> &mut Duration),
}

const fn limit<T>(name: &'static str, help: &'static str, place: Place<T>) -> Limit<T> {
    Limit { name, help, place }
}

/// One table for parsing, help and messages.
const COMPILE_LIMITS: [Limit<CompileLimits>; 4] = [
    limit(
        "time",
        "processor time of all its threads, in whole seconds",
        Place::Time(|limits| &mut limits.time),
    ),
    limit(
        "memory",
        "memory of the process",
        Place::Size(|limits| &mut limits.memory),
    ),
    limit(
        "file_size",
        "size of the file of the rule",
        Place::Size(|limits| &mut limits.file_size),
    ),
    limit(
        "functions",
        "functions in the rule",
        Place::Count(|limits| &mut limits.functions),
    ),
];

/// The same of a rule that runs.
const LIMITS: [Limit<Limits>; 8] = [
    limit(
        "max_links",
        "links a span may have; the built-in rule cuts the rest",
        Place::Count(|limits| &mut limits.max_links),
    ),
    limit(
        "call_time",
        "processor time of one call: a batch, or 1,024 spans of it as records",
        Place::Time(|limits| &mut limits.call_time),
    ),
    limit(
        "init_time",
        "processor time for making an instance and configuring it",
        Place::Time(|limits| &mut limits.init_time),
    ),
    limit(
        "memory",
        "linear memory of an instance",
        Place::Size(|limits| &mut limits.memory),
    ),
    limit(
        "table_elements",
        "table elements of an instance",
        Place::Count(|limits| &mut limits.table_elements),
    ),
    limit(
        "output",
        "what one call may pass to the host",
        Place::Size(|limits| &mut limits.output),
    ),
    limit(
        "growth",
        "by how much the edits may let a batch grow",
        Place::Size(|limits| &mut limits.growth),
    ),
    limit(
        "edits_per_span",
        "edits for one span",
        Place::Count(|limits| &mut limits.edits_per_span),
    ),
];

impl<T> Place<T> {
    fn set(&self, limits: &mut T, text: &str) -> anyhow::Result<()> {
        match self {
            Self::Count(place) => *place(limits) = count(text)?,
            Self::Size(place) => *place(limits) = size(text)?,
            Self::Time(place) => *place(limits) = duration(text)?,
        }
        Ok(())
    }

    fn show(&self, limits: &mut T) -> String {
        match self {
            Self::Count(place) => place(limits).to_string(),
            Self::Size(place) => format!("{}MiB", *place(limits) >> 20),
            Self::Time(place) => humantime::format_duration(*place(limits)).to_string(),
        }
    }
}

/// The limits of each of so many rules, with `NAME=VALUE` settings for all and
/// `NUMBER:NAME=VALUE` settings for one over the defaults. What is said of one
/// rule holds against what is said of all, in whatever order they come.
pub fn limits(settings: &[String], rules: usize) -> anyhow::Result<Vec<Limits>> {
    let is_of_one = |setting: &&String| {
        let name = setting
            .split_once('=')
            .map_or(setting.as_str(), |(name, _)| name);
        name.contains(':')
    };
    let (of_one, of_all): (Vec<_>, Vec<_>) = settings.iter().partition(is_of_one);
    let mut limits = vec![Limits::default(); rules];
    for setting in of_all {
        for limits in &mut limits {
            set(limits, setting).with_context(|| format!("--limit {setting}"))?;
        }
    }
    for setting in of_one {
        set_of_one(&mut limits, setting).with_context(|| format!("--limit {setting}"))?;
    }
    Ok(limits)
}

fn set_of_one(limits: &mut [Limits], setting: &str) -> anyhow::Result<()> {
    let (number, setting) = setting.split_once(':').unwrap_or(("", setting));
    let rules = limits.len();
    let place = number
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    let limits = place.and_then(|place| limits.get_mut(place));
    let limits = limits.with_context(|| {
        format!(
            "there is no rule `{number}`; rules are numbered as they are given, from 1 to {rules}"
        )
    })?;
    set(limits, setting)
}

fn set(limits: &mut Limits, setting: &str) -> anyhow::Result<()> {
    set_in(&LIMITS, limits, setting)
}

fn set_in<T>(table: &[Limit<T>], limits: &mut T, setting: &str) -> anyhow::Result<()> {
    let (name, value) = setting
        .split_once('=')
        .with_context(|| format!("a limit is given as NAME=VALUE, such as {}", example(table)))?;
    let Some(limit) = table.iter().find(|limit| limit.name == name) else {
        let names: Vec<&str> = table.iter().map(|limit| limit.name).collect();
        bail!("there is no limit `{name}`; there are {}", names.join(", "));
    };
    limit.place.set(limits, value)
}

/// The first one has a value that is easily understood.
fn example<T>(table: &[Limit<T>]) -> String {
    let limit = table.first();
    limit.map_or_else(String::new, |limit| match limit.place {
        Place::Count(_) => format!("{}=256", limit.name),
        Place::Size(_) => format!("{}=128MiB", limit.name),
        Place::Time(_) => format!("{}=120s", limit.name),
    })
}

/// What compiling a rule may take: `NAME=VALUE` settings over the defaults.
pub fn compile_limits(settings: &[String]) -> anyhow::Result<CompileLimits> {
    let mut limits = CompileLimits::default();
    for setting in settings {
        set_in(&COMPILE_LIMITS, &mut limits, setting)
            .with_context(|| format!("--compile-limit {setting}"))?;
    }
    Ok(limits)
}

/// The limits and their defaults, for `--help`.
pub fn limits_help() -> String {
    format!(
        "A limit for all rules, or for one if its number comes first: `2:memory=128MiB`. \
         May be given several times\n{}",
        lines(&LIMITS, Limits::default())
    )
}

/// The same for compiling.
pub fn compile_limits_help() -> String {
    format!(
        "A limit for compiling a rule, which is done in a separate process. May be given several \
         times\n{}",
        lines(&COMPILE_LIMITS, CompileLimits::default())
    )
}

fn lines<T>(table: &[Limit<T>], mut defaults: T) -> String {
    let lines = table.iter().map(|limit| {
        let default = limit.place.show(&mut defaults);
        format!("\n  {:<15} {} [default: {default}]", limit.name, limit.help)
    });
    lines.collect()
}
