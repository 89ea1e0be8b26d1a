//! Why a span was or was not mended, in words.

pub mod spelling;

use core::fmt::{self, Write as _};

use linkmend_rule::{DropReason, MessageKey, Producer};

use crate::batch::Batch;
use crate::candidates::{Doubt, Fit, Search};
use crate::carried::Carried;
use crate::config::Config;
use crate::links::Fate;
use crate::missing::{Met, Outcome, Target};
use crate::producers::{Producers, trace_id};
use crate::records::{Lack, LinkRecord, MessageName, Slot, SpanRecord};
use crate::role::Role;

/// A span, and what was decided on it.
pub struct Told<'s> {
    /// The configuration.
    pub config: &'s Config,
    /// The batch.
    pub batch: &'s Batch,
    /// What the index knows.
    pub producers: &'s Producers,
    /// The span.
    pub span: &'s SpanRecord,
    /// What it lacks.
    pub lack: Option<Lack>,
    /// What becomes of its links.
    pub fates: &'s [Fate<'s>],
    /// What became of its messages; empty when they were not looked at.
    pub outcomes: &'s [Outcome],
    /// How many links were found missing.
    pub added: usize,
    /// How many more it may have.
    pub room: usize,
}

/// More of a kind are only counted: what is told is for reading.
const MOST: usize = 100;

/// Tells of a span.
pub fn story(told: &Told<'_>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = told.write(&mut text);
    text.truncate(text.trim_end().len());
    text
}

impl Told<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        if !self.span.has_ids() {
            writeln!(
                out,
                "its own trace id or span id is invalid: nothing can be linked to it, and it gets \
                 no new links"
            )?;
        }
        writeln!(out, "role: {}", role(self.span.role))?;
        self.write_produced(out)?;
        self.write_messages(out)?;
        self.write_links(out)?;
        self.write_result(out)
    }

    fn write_produced(&self, out: &mut String) -> fmt::Result {
        let produced = self.span.produced.of(&self.batch.producers);
        for producer in produced.iter().take(MOST) {
            writeln!(
                out,
                "remembered as the producer of {}",
                self.spelled(producer.key)
            )?;
        }
        write_more(out, produced.len(), "more messages that it produced")?;
        if self.span.role == Role::Producer && produced.is_empty() {
            writeln!(out, "names no message that could be remembered")?;
        }
        Ok(())
    }

    fn write_messages(&self, out: &mut String) -> fmt::Result {
        match self.lack {
            Some(Lack::Unnamed) => writeln!(out, "names no message, and is linked to nothing")?,
            Some(Lack::Incomplete) => writeln!(
                out,
                "names a message, but not well enough to tell it from others (docs/rule.md, \
                 \"What identifies a message\")"
            )?,
            None => {}
        }
        let slots = self.span.slots.of(&self.batch.slots);
        for (number, slot) in slots.iter().enumerate().take(MOST) {
            writeln!(
                out,
                "message {} of {}{}",
                number + 1,
                slots.len(),
                self.name(slot)
            )?;
            self.write_search(out, slot, (0, 0))?;
            match self.outcomes.get(number) {
                Some(Outcome::Added(target)) if self.room == 0 => writeln!(
                    out,
                    "  → link to {} is missing, and there is no room for it (max_links: {})",
                    Context(*target),
                    self.config.max_links
                )?,
                Some(outcome) => writeln!(out, "  → {}", Shown(*outcome))?,
                None => {}
            }
        }
        write_more(out, slots.len(), "more messages")?;
        match self.span.surplus {
            0 => Ok(()),
            surplus => writeln!(
                out,
                "{surplus} messages more than are looked at in one span"
            ),
        }
    }

    /// What was looked up for a message, and what was found.
    fn write_search(&self, out: &mut String, slot: &Slot, known: Target) -> fmt::Result {
        if let Some((carried, _)) = slot.carried {
            let Carried {
                trace_id, span_id, ..
            } = carried;
            writeln!(
                out,
                "  carries the context {}",
                Context((trace_id, span_id))
            )?;
        }
        let search = Search {
            span: self.span,
            skew: self.config.clock_skew,
            trace_id: known.0,
            span_id: known.1,
        };
        for (place, key) in slot.keys.places().zip(slot.keys.of(&self.batch.wanted)) {
            writeln!(out, "  key: {}", self.spelled(*key))?;
            let (producers, more) = self.producers.of(place);
            if producers.is_empty() {
                writeln!(out, "    no producer is known")?;
            }
            for producer in producers {
                self.write_candidate(out, &search, producer)?;
            }
            if more {
                writeln!(out, "    and more than these")?;
            }
        }
        Ok(())
    }

    fn write_candidate(
        &self,
        out: &mut String,
        search: &Search<'_>,
        producer: &Producer,
    ) -> fmt::Result {
        let context = Context((trace_id(producer), producer.span_id));
        write!(out, "    producer {context}, ")?;
        let (start, own) = (producer.start, self.span.start);
        let apart = Duration(start.abs_diff(own));
        let side = if start > own { "after" } else { "before" };
        let rank = match producer.rank {
            0 => "created the message",
            1 => "sent it",
            _ => "sent it as a client",
        };
        write!(out, "started {apart} {side} this span, {rank}")?;
        match search.fit(producer) {
            Fit::WithinSkew => writeln!(out, " (within clock_skew)"),
            Fit::InTime => writeln!(out),
            Fit::Itself => writeln!(out, ": this span itself"),
            Fit::Disagrees => writeln!(out, ": not the one whose id the link has"),
            Fit::TooLate => writeln!(out, ": too late to be it"),
            Fit::Effect => writeln!(
                out,
                ": in the trace of this span and after it, so what this span sent on"
            ),
        }
    }

    fn write_links(&self, out: &mut String) -> fmt::Result {
        let links = self.span.links.of(&self.batch.links);
        for (number, (link, fate)) in links.iter().zip(self.fates).enumerate().take(MOST) {
            let context = Context((link.trace_id, link.span_id));
            write!(out, "link {} of {} to {context}", number + 1, links.len())?;
            writeln!(out, ": {}", fate_in_words(link, fate))?;
            if !link.is_valid() && link.slot.is_something() {
                self.write_search(out, &link.slot, (link.trace_id, link.span_id))?;
            }
            if let Fate::Repair(context) = fate {
                let context = Context((context.trace_id, context.span_id));
                writeln!(out, "  → repaired: {context}")?;
            }
        }
        write_more(out, links.len(), "more links")
    }

    fn write_result(&self, out: &mut String) -> fmt::Result {
        let added = self.added.min(self.room);
        let dropped = self.fates.iter().filter(|fate| !fate.stays()).count();
        let repaired = |fate: &&Fate<'_>| matches!(fate, Fate::Repair(_));
        let repaired = self.fates.iter().filter(repaired).count();
        write!(
            out,
            "result: {added} added, {repaired} repaired, {dropped} dropped"
        )?;
        match self.added - added {
            0 => writeln!(out),
            rest => writeln!(
                out,
                "; {rest} found no room (max_links: {})",
                self.config.max_links
            ),
        }
    }

    fn spelled(&self, key: MessageKey) -> &str {
        let spelled = self.batch.maker.spelled();
        spelled.map_or("?", |spelled| spelled.get(key))
    }

    /// What a link would say of a message, if it is that simple.
    fn name(&self, slot: &Slot) -> String {
        match slot.name {
            MessageName::Id(id) => {
                let id = String::from_utf8_lossy(id.of(&self.batch.texts));
                format!(": {}", id.escape_debug())
            }
            _ => String::new(),
        }
    }
}

fn write_more(out: &mut String, count: usize, what: &str) -> fmt::Result {
    match count.saturating_sub(MOST) {
        0 => Ok(()),
        rest => writeln!(out, "{rest} {what}"),
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::None => "none in messaging, as far as its operation and kind tell",
        Role::Producer => "producer",
        Role::Consumer => "consumer",
        Role::Settler => "settles messages; gets no links",
    }
}

fn fate_in_words(link: &LinkRecord, fate: &Fate<'_>) -> &'static str {
    match fate {
        Fate::Keep => "stays",
        Fate::Tolerate => "invalid; stays (invalid_links)",
        Fate::Repair(_) => "invalid",
        Fate::Drop(DropReason::Invalid) if link.slot.is_something() => {
            "dropped: invalid, and no producer of its message was found"
        }
        Fate::Drop(DropReason::Invalid) => "dropped: invalid, and it names no message",
        Fate::Drop(DropReason::Duplicate) => "dropped: another link says the same",
        Fate::Drop(DropReason::OverLimit) => "dropped: more links than the span may have",
        Fate::Drop(DropReason::Unwanted) => "dropped: unwanted",
    }
}

struct Context(Target);

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace_id, span_id) = self.0;
        write!(f, "{trace_id:032x}:{span_id:016x}")
    }
}

/// Nanoseconds, in the unit that people would use.
struct Duration(u64);

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            0..1_000 => return write!(f, "{} ns", self.0),
            1_000..1_000_000 => (1_000, "µs"),
            1_000_000..SECOND => (1_000_000, "ms"),
            SECOND..MINUTE => (SECOND, "s"),
            MINUTE..HOUR => {
                return write!(f, "{} min {} s", self.0 / MINUTE, self.0 % MINUTE / SECOND);
            }
            _ => return write!(f, "{} h {} min", self.0 / HOUR, self.0 % HOUR / MINUTE),
        };
        let (whole, rest) = (self.0 / unit, self.0 % unit * 1_000 / unit);
        write!(f, "{whole}.{rest:03} {name}")
    }
}

struct Shown(Outcome);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Outcome::Added(target) => write!(f, "link to {} is missing: added", Context(target)),
            Outcome::Unresolved => f.write_str("unresolved: no producer of it is known"),
            Outcome::TooLate => f.write_str(
                "unresolved: all known producers started later than clock_skew after this span \
                 could have received it",
            ),
            Outcome::Undecided(doubt) => {
                let why = match doubt {
                    Doubt::Simultaneous => "several producers that started at the same time",
                    Doubt::ReusedId => {
                        "several traces that never received it sent it, so that one id names \
                         several messages"
                    }
                    Doubt::ContestedOffset => {
                        "several traces claim one offset, so that their producers do not know it \
                         (acks=0)"
                    }
                    Doubt::UnknownCluster => {
                        "its producer does not name its Kafka cluster, and consumers of this \
                         topic name several"
                    }
                };
                write!(f, "ambiguous: {why} (ambiguous: latest or all)")
            }
            Outcome::Met(met) => write!(f, "no link needed: {}", Reason(met)),
        }
    }
}

struct Reason(Met);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Met::LinkForMessage => f.write_str("a link names the message"),
            Met::Count => f.write_str("there are as many links into other traces as messages"),
            Met::Link(target) => write!(f, "there is a link to its producer {}", Context(target)),
            Met::Parent(target) => write!(
                f,
                "its producer {} is the parent (link_to_parent)",
                Context(target)
            ),
            Met::Trace(target) => write!(
                f,
                "its producer {} is in the same trace (same_trace)",
                Context(target)
            ),
            Met::Receiver => f.write_str("another span received it, for this one to work on"),
            Met::ParentOfParent => f.write_str(
                "the parent is a consumer that has the context of the message, from its own parent or \
                 by a link",
            ),
            Met::RemoteParent => {
                f.write_str("the parent is in another process: the context came with the message")
            }
        }
    }
}
