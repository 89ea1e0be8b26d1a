//! The built-in link rule of linkmend.
//!
//! It finds the producers of messages by what identifies a message on both
//! sides, gives consumers the links that they lack, repairs links whose
//! context was lost, drops what is invalid, doubled or too much, and says of
//! every link why it exists.
//!
//! A batch goes through it in three steps: every span is read once and comes
//! down to a few numbers (`Batch`), the producers are remembered and all
//! keys looked up in one call each (and, where several producers have to be
//! told apart, in another one), and then each span is decided on.
//!
//! | module | what it knows |
//! |---|---|
//! | [`config`] | the configuration: one table of keys |
//! | [`reads`] | which attributes are read, and what for |
//! | [`facts`], [`value`] | the attributes that count, under all their names |
//! | `read` | facts from located fields |
//! | `role` | producers, consumers, settlers |
//! | `slots` | which facts belong to which message of a batch |
//! | `system`, `keys` | what identifies a message |
//! | `checksum` | texts that are compared, and not kept |
//! | `carried` | contexts in captured headers and in ids |
//! | `columns` | contexts and custom keys, one for each message |
//! | `records`, `texts`, `batch` | what is kept of a batch |
//! | `asides` | what is remembered of consumers, to tell producers apart |
//! | `producers` | what the index knows |
//! | `candidates` | which producers can be the one |
//! | `chain`, `choice` | the choice among several |
//! | `missing` | whether a link is missing |
//! | `links` | repaired, dropped, doubled, cut |
//! | `kind` | `link.type` |
//! | `mend`, `answer` | the decision, and the edits |
//! | `room` | vectors whose room is used again |
//! | `explain` | the decision in words |

mod answer;
mod asides;
mod batch;
mod candidates;
mod carried;
mod chain;
mod checksum;
mod choice;
mod columns;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod config;
mod explain;
pub mod facts;
mod keys;
mod kind;
mod links;
mod mend;
mod missing;
mod producers;
mod read;
pub mod reads;
mod records;
mod role;
mod room;
mod slots;
mod system;
mod texts;
pub mod value;

use linkmend_rule::wire::located::{Item, Link, Located, Span};
use linkmend_rule::{
    About, FieldRule, Index, IndexError, Plan, Selector, SpanKinds, Tasks, Verdict,
};

use batch::Batch;
use config::Config;
use facts::{KEY_ATTRIBUTES, LinkFacts, Origin, SpanFacts};
use mend::{Besides, Scratch};
use producers::Producers;
use read::ExtraReader;
use reads::Reads;

/// The built-in rule.
#[derive(Debug)]
pub struct Repair {
    config: Config,
    reads: Reads,
    batch: Batch,
    producers: Producers,
    scratch: Scratch<'static>,
}

impl FieldRule for Repair {
    fn describe() -> About {
        About {
            name: "repair".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: "Links consumers to the producers of their messages, repairs broken links, \
                      and says why each link exists."
                .into(),
        }
    }

    fn configure(config: &str) -> Result<(Self, Plan), String> {
        let repair = Self::new(Config::read(config)?);
        let plan = repair.plan();
        Ok((repair, plan))
    }

    fn process(
        &mut self,
        tasks: Tasks,
        traces: Located<'_>,
        index: &mut dyn Index,
    ) -> Result<Verdict, String> {
        self.begin(tasks);
        let mut reader = ExtraReader::default();
        let mut origin = Origin::default();
        let mut facts = SpanFacts::default();
        let mut number = 0;
        for item in traces.items() {
            match item {
                Item::Resource(resource) => {
                    origin = read::origin(&self.reads, resource.clone());
                    if self.config.extra.is_wanted() {
                        reader.read_resource(&self.config.extra, &self.reads, resource);
                    }
                }
                Item::Scope(..) => {}
                Item::Span(span) => {
                    read::span_facts(&self.reads, number, &span, &mut facts);
                    self.add_span(tasks, origin, &facts, &span, &mut reader);
                    number += 1;
                }
            }
        }
        self.decide(tasks, index)
    }
}

impl Repair {
    /// The rule with a configuration.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            reads: Reads::of(&config),
            config,
            batch: Batch::default(),
            producers: Producers::default(),
            scratch: Scratch::default(),
        }
    }

    /// What it needs of the host.
    ///
    /// Consumers are looked at whatever they name: one that names nothing and is
    /// linked to nothing is told of. Other spans are of no concern unless they
    /// name a message or have links.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let known = KEY_ATTRIBUTES.iter().map(|&key| key.into());
        let named = self.config.extra.names.iter().cloned();
        // What events hold no selector sees.
        let kinds = if self.config.event_attributes {
            SpanKinds::CONSUMER | SpanKinds::PRODUCER | SpanKinds::CLIENT
        } else {
            SpanKinds::CONSUMER
        };
        Plan {
            selector: Selector {
                kinds,
                attribute_keys: known.chain(named).collect(),
                attribute_prefixes: Vec::new(),
                with_links: true,
            },
            uses_index: true,
            type_attribute: self.config.type_attribute.clone(),
            count_all_drops: self.config.count_invalid_in_dropped,
            reads: self.reads.keys.clone(),
        }
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The attributes that it reads.
    #[must_use]
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Begins a batch. Together with [`Self::add`] and [`Self::decide`] this
    /// is [`FieldRule::process`] for spans that are not located.
    pub fn begin(&mut self, tasks: Tasks) {
        self.batch.clear(tasks.contains(Tasks::EXPLAIN));
    }

    /// Takes a span of the batch in, with its links in their order.
    pub fn add<'a>(
        &mut self,
        tasks: Tasks,
        origin: &Origin<'_>,
        span: &SpanFacts<'a>,
        links: impl Iterator<Item = LinkFacts<'a>>,
    ) {
        self.batch.add(&self.config, tasks, origin, span, links);
    }

    #[inline]
    fn add_span<'a>(
        &mut self,
        tasks: Tasks,
        origin: Origin<'a>,
        facts: &SpanFacts<'a>,
        span: &Span<'a>,
        reader: &mut ExtraReader<'a>,
    ) {
        let Self {
            config,
            reads,
            batch,
            ..
        } = self;
        let extra = &config.extra;
        let is_compared = span.links > 1;
        let of_link = |link: Link<'a>| read::link_facts(reads, link, is_compared);
        if !extra.is_wanted() {
            batch.add(config, tasks, &origin, facts, span.links().map(of_link));
            return;
        }
        reader.read_span(extra, reads, span);
        // Shorter lived: what it has of the resource is the reader's.
        let mut origin: Origin<'_> = origin;
        origin.extra = reader.resource();
        let facts = SpanFacts {
            extra: reader.span(),
            events: reader.events(),
            ..*facts
        };
        let links = span.links().enumerate().map(|(number, link)| LinkFacts {
            extra: reader.link(extra, number),
            ..of_link(link)
        });
        batch.add(config, tasks, &origin, &facts, links);
    }

    /// Ends a batch: remembers, looks up, decides.
    ///
    /// # Errors
    ///
    /// When the index does not answer.
    pub fn decide(&mut self, tasks: Tasks, index: &mut dyn Index) -> Result<Verdict, String> {
        let batch = &self.batch;
        if tasks.contains(Tasks::REMEMBER) && !batch.producers.is_empty() {
            index
                .remember(&batch.producers, &batch.producer_texts)
                .map_err(|error| index_failed("remember", error))?;
        }
        let recalled = if batch.wanted.is_empty() {
            nothing()
        } else {
            index
                .recall_before(&batch.wanted, &batch.before)
                .map_err(|error| index_failed("recall", error))?
        };
        self.producers
            .take(recalled, batch.wanted.len())
            .map_err(|error| index_failed("recall", error))?;
        let Besides {
            consumers,
            questions,
        } = Besides::of(&self.config, tasks, batch, &self.producers);
        if !consumers.is_empty() {
            index
                .remember(&consumers, &[])
                .map_err(|error| index_failed("remember", error))?;
        }
        if !questions.is_empty() {
            let keys: Vec<_> = questions.iter().map(|question| question.key()).collect();
            let before: Vec<_> = questions.iter().map(|question| question.before).collect();
            let recalled = index
                .recall_before(&keys, &before)
                .map_err(|error| index_failed("recall", error))?;
            self.producers
                .take_asides(questions, recalled)
                .map_err(|error| index_failed("recall", error))?;
        }
        Ok(mend::mend(
            &self.config,
            tasks,
            batch,
            &self.producers,
            &mut self.scratch,
        ))
    }
}

fn nothing() -> linkmend_rule::Recalled {
    linkmend_rule::Recalled {
        counts: Vec::new(),
        producers: Vec::new(),
        texts: Vec::new(),
    }
}

#[cold]
fn index_failed(call: &str, error: IndexError) -> String {
    let reason = match error {
        IndexError::Malformed => "the question and the answer do not fit",
        IndexError::TooMany => "more than it takes in one call",
        IndexError::Unavailable => "it can not be reached",
    };
    format!("the message index did not {call}: {reason}")
}
