//! Many hosts, without sockets: linkmend's own index, hold and rule, and a model of the
//! network.
//!
//! A slice of the fleet is simulated, some hosts at their full rate. So what is of one
//! host needs no scaling: how many spans it holds, how many keys it asks for and watches.
//! What is of the store is a sum over hosts that do the same, and so it is that of the
//! slice times the number of slices. That a message hardly ever passes one host twice is
//! kept as it is in the whole fleet. What an entry, a write and a look-up take is measured
//! on a real server.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `options` | the fleet that is simulated |
//! | `world` | the store and the network |
//! | `host` | a host |
//! | `fleet` | some of them, for some seconds |
//! | `route` | the alternative, by numbers |

mod fleet;
mod host;
mod options;
mod route;
mod world;

use std::time::Duration;

use anyhow::Context as _;

use crate::Setting;
use crate::traffic::{BATCH, EVERY};
use crate::weight::{self, Weight};

use fleet::Outcome;
use host::LOOKING;

pub use options::Options;

/// Compared hold times, in seconds.
const HOLDS: [u64; 7] = [0, 2, 4, 6, 8, 12, 20];

pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<()> {
    println!(
        "{} hosts, {:.0} spans/s, {:.0} messages/s; simulated: {} of them at their full rate for {} s \
         ({:.0} messages); what is of the store is multiplied by {}",
        options.hosts,
        options.spans,
        options.messages,
        options.slice,
        options.seconds,
        options.messages_per_host() * options.slice as f64 * options.seconds,
        options.slices(),
    );
    println!(
        "exports every {:?}, {} % of them late by {} on average; {} % of producers pass no host\n",
        EVERY,
        options.late * 100.0,
        options.late_by,
        options.never * 100.0
    );
    let kept = by_hold(setting, options)?;
    by_lateness(&kept, setting);
    let weight = weight::measure()?;
    store(options, &kept, &weight);
    routing(setting, options);
    Ok(())
}

/// The outcome with the hold time that is configured.
fn by_hold(setting: &Setting, options: &Options) -> anyhow::Result<Outcome> {
    println!("| index | hold | recall | wrong | most held by a host | of their bytes | overflow |");
    println!("|---|---|---|---|---|---|---|");
    let row = |name: &str, hold: Duration, outcome: &Outcome| {
        let (_, judgement) = outcome.judge(f64::NEG_INFINITY..f64::INFINITY);
        println!(
            "| {name} | {} s | {:.2} % | {} | {} | {:.1} MiB | {} |",
            hold.as_secs_f64(),
            judgement.recall() * 100.0,
            judgement.wrong,
            outcome.figures.most_held,
            outcome.figures.most_bytes as f64 / 1_048_576.0,
            outcome.figures.overflow,
        );
    };
    let alone = fleet::run(options, false, setting.hold, setting.seed)?;
    row("memory of each", setting.hold, &alone);
    drop(alone);
    let mut holds = HOLDS.map(Duration::from_secs).to_vec();
    holds.push(setting.hold);
    holds.sort_unstable();
    holds.dedup();
    let mut kept = None;
    for hold in holds {
        let outcome = fleet::run(options, true, hold, setting.seed)?;
        row("store", hold, &outcome);
        if hold == setting.hold {
            kept = Some(outcome);
        }
    }
    kept.context("the hold time is one of them")
}

fn by_lateness(outcome: &Outcome, setting: &Setting) {
    println!("\nheld for {:?} at most:\n", setting.hold);
    println!("| the producer comes | of all messages | recall |");
    println!("|---|---|---|");
    let (all, _) = outcome.judge(f64::NEG_INFINITY..f64::INFINITY);
    for (name, range) in [
        ("before its consumer", f64::NEG_INFINITY..0.0),
        ("0 to 1 s after it", 0.0..1.0),
        ("1 to 3 s", 1.0..3.0),
        ("3 to 5 s", 3.0..5.0),
        ("5 to 6 s", 5.0..6.0),
        ("6 to 10 s", 6.0..10.0),
        ("later", 10.0..f64::INFINITY),
    ] {
        let (count, judgement) = outcome.judge(range);
        println!(
            "| {name} | {:.2} % | {:.2} % |",
            count as f64 / all as f64 * 100.0,
            judgement.recall() * 100.0
        );
    }
}

/// What one server is taken to have: memory, a processor, and a network of 10 Gbit/s, of
/// each of which a part stays free.
const SERVER_MEMORY: f64 = 64e9 * 0.75;
const SERVER_PROCESSOR: f64 = 0.7;
const SERVER_NETWORK: f64 = 1.25e9 * 0.5;

fn store(options: &Options, outcome: &Outcome, weight: &Weight) {
    println!(
        "\nan entry: {:.0} bytes of memory ({:.0} says `MEMORY USAGE`); {:.0} bytes and {:.2} µs of the \
         server to write it, {:.0} and {:.2} to look it up, {:.0} and {:.2} to watch it\n",
        weight.memory,
        weight.said,
        weight.written_bytes,
        weight.write * 1e6,
        weight.asked_bytes,
        weight.lookup * 1e6,
        weight.watched_bytes,
        weight.watch * 1e6
    );
    // What comes is spread over a longer time than what is sent.
    let slices = options.slices();
    let a_message = |of_slice: u64| {
        let messages = options.messages_per_host() * options.slice as f64 * options.seconds;
        of_slice as f64 / messages * options.messages
    };
    let looks = 1.0 / LOOKING.as_secs_f64() * options.hosts as f64;
    let watched = outcome.figures.watched as f64 / outcome.figures.looks as f64;
    let rates = [
        (
            "written",
            a_message(outcome.written),
            weight.written_bytes,
            weight.write,
        ),
        (
            "looked up",
            a_message(outcome.looked_up),
            weight.asked_bytes,
            weight.lookup,
        ),
        (
            "watched, if as many wait as at most",
            looks * outcome.figures.most_held as f64,
            weight.watched_bytes,
            weight.watch,
        ),
    ];
    println!("| keys | a second | bytes a second | the server's processors |");
    println!("|---|---|---|---|");
    let (mut bytes, mut processors) = (0.0, 0.0);
    for (name, rate, of_bytes, of_time) in rates {
        bytes += rate * of_bytes;
        processors += rate * of_time;
        println!(
            "| {name} | {:.2} M | {:.0} MB | {:.2} |",
            rate / 1e6,
            rate * of_bytes / 1e6,
            rate * of_time
        );
    }
    println!("| all | | {:.0} MB | {processors:.2} |", bytes / 1e6);
    println!(
        "\nrequests of a host: {:.0} questions/s, {:.1} looks/s of {watched:.0} keys on average \
         ({slices} slices)",
        a_message(outcome.questions) / options.hosts as f64,
        1.0 / LOOKING.as_secs_f64(),
    );
    println!("\n| time_to_live | memory | servers for it | for the processor | for the network |");
    println!("|---|---|---|---|---|");
    let mut times = vec![Duration::from_mins(1), Duration::from_mins(5)];
    times.push(*options.time_to_live);
    for time in times {
        let memory = a_message(outcome.written) * time.as_secs_f64() * weight.memory;
        println!(
            "| {time:?} | {:.0} GB | {:.1} | {:.1} | {:.1} |",
            memory / 1e9,
            memory / SERVER_MEMORY,
            processors / SERVER_PROCESSOR,
            bytes / SERVER_NETWORK
        );
    }
}

fn routing(setting: &Setting, options: &Options) {
    println!("\nrouting by message, instead of a store (10 messages a batch receive):\n");
    println!(
        "| hosts | requests for a batch of {BATCH} | spans of each | requests/s in all | links found of \
         batch receives | messages that move when a host is added |"
    );
    println!("|---|---|---|---|---|---|");
    for hosts in [2, 8, 40, options.hosts] {
        let routed = route::run(options, hosts, 10, setting.seed);
        println!(
            "| {hosts} | {:.1} | {:.1} | {:.0} | {:.0} % | {:.1} % |",
            routed.pieces,
            BATCH as f64 / routed.pieces,
            options.spans * hosts as f64 / options.hosts as f64 / BATCH as f64 * routed.pieces,
            routed.found_of_groups * 100.0,
            routed.moved * 100.0
        );
    }
}
