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
//! | [`read`] | OTLP's bytes |
//! | [`facts`], [`value`] | the attributes that count, under all their names |
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
pub mod config;
mod explain;
pub mod facts;
mod keys;
mod kind;
mod links;
mod mend;
mod missing;
mod producers;
pub mod read;
mod records;
mod role;
mod slots;
mod system;
mod texts;
pub mod value;

use linkmend_rule::{
    About, BatchRule, Index, IndexError, Plan, Selector, SpanKinds, Tasks, Verdict,
};

use batch::Batch;
use config::Config;
use facts::{KEY_ATTRIBUTES, LinkFacts, Origin, SpanFacts};
use mend::Besides;
use producers::Producers;
use read::ExtraReader;

/// The built-in rule.
#[derive(Debug, Default)]
pub struct Repair {
    config: Config,
    batch: Batch,
    producers: Producers,
}

impl BatchRule for Repair {
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
        traces: &[u8],
        index: &mut dyn Index,
    ) -> Result<Verdict, String> {
        self.begin(tasks);
        let mut links = Vec::new();
        let mut reader = ExtraReader::default();
        let mut number = 0;
        for resource_spans in read::resources(traces) {
            let origin = read::origin(resource_spans, &self.config.environment_attributes);
            let extra = &self.config.extra;
            if extra.is_wanted() {
                reader.read_resource(extra, resource_spans);
            }
            read::for_each_span(resource_spans, |message| {
                links.clear();
                let span = read::span_facts(number, message, &mut links);
                self.add_message(tasks, origin, &span, message, &links, &mut reader);
                number += 1;
            });
        }
        self.decide(tasks, index)
    }
}

impl Repair {
    /// The rule with a configuration.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            batch: Batch::default(),
            producers: Producers::default(),
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
            reads: Vec::new(),
        }
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Begins a batch. Together with [`Self::add`] and [`Self::decide`] this
    /// is [`BatchRule::process`] for spans that are not on the wire.
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
    fn add_message<'a>(
        &mut self,
        tasks: Tasks,
        origin: Origin<'a>,
        span: &SpanFacts<'a>,
        message: &'a [u8],
        links: &[&'a [u8]],
        reader: &mut ExtraReader<'a>,
    ) {
        let Self { config, batch, .. } = self;
        let extra = &config.extra;
        // Shorter lived: what it has of the resource is the reader's.
        let mut origin: Origin<'_> = origin;
        let digests = links.len() > 1;
        let mut builder = core::mem::take(&mut batch.digests);
        let mut facts = |link: &&'a [u8]| {
            let digests = digests.then_some(&mut builder);
            read::link_facts(link, config, digests)
        };
        if extra.is_wanted() {
            reader.read_span(extra, message, links);
            origin.extra = reader.resource();
            let span = SpanFacts {
                extra: reader.span(),
                events: reader.events(),
                ..*span
            };
            let links = links.iter().enumerate().map(|(number, link)| LinkFacts {
                extra: reader.link(extra, number),
                ..facts(link)
            });
            batch.add(config, tasks, &origin, &span, links);
        } else {
            batch.add(config, tasks, &origin, span, links.iter().map(facts));
        }
        batch.digests = builder;
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
        Ok(mend::mend(&self.config, tasks, batch, &self.producers))
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

linkmend_rule::export!(Repair);
