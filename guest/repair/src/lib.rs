//! The built-in link rule of linkmend.
//!
//! It finds the producers of messages by what identifies a message on both
//! sides, gives consumers the links that they lack, repairs links whose
//! context was lost, drops what is invalid, doubled or too much, and says of
//! every link why it exists.
//!
//! A batch goes through it in three steps: every span is read once and comes
//! down to a few numbers (`Batch`), the producers are remembered and all
//! keys looked up in one call each, and then each span is decided on.
//!
//! | module | what it knows |
//! |---|---|
//! | [`config`] | the configuration: one table of keys |
//! | [`read`] | OTLP's bytes |
//! | [`facts`], [`value`] | the attributes that count, under all their names |
//! | `role` | producers, consumers, settlers |
//! | `slots` | which facts belong to which message of a batch |
//! | `system`, `keys` | what identifies a message |
//! | `carried` | contexts in captured headers |
//! | `records`, `batch` | what is kept of a batch |
//! | `producers` | the choice among several producers |
//! | `missing` | whether a link is missing |
//! | `links` | repaired, dropped, doubled, cut |
//! | `kind` | `link.type` |
//! | `mend`, `answer` | the decision, and the edits |

mod answer;
mod batch;
mod carried;
pub mod config;
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
pub mod value;

use linkmend_rule::{
    About, BatchRule, Index, IndexError, Plan, Selector, SpanKinds, Tasks, Verdict,
};

use batch::Batch;
use config::Config;
use facts::{KEY_ATTRIBUTES, LinkFacts, SpanFacts};
use producers::Producers;

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
        self.begin();
        let mut links = Vec::new();
        let mut number = 0;
        read::for_each_span(traces, |environment, message| {
            links.clear();
            let span = read::span_facts(number, message, &mut links);
            let digests = links.len() > 1;
            let Self { config, batch, .. } = self;
            let mut builder = core::mem::take(&mut batch.digests);
            let links = links.iter().map(|link| {
                let digests = digests.then_some(&mut builder);
                read::link_facts(link, config, digests)
            });
            batch.add(tasks, environment, &span, links);
            batch.digests = builder;
            number += 1;
        });
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
    /// Span kinds are not asked for: a producer or consumer that neither names
    /// a message nor has links is of no concern.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let keys = KEY_ATTRIBUTES.iter().map(|&key| key.into());
        Plan {
            selector: Selector {
                kinds: SpanKinds::empty(),
                attribute_keys: keys.collect(),
                attribute_prefixes: Vec::new(),
                with_links: true,
            },
            uses_index: true,
            type_attribute: self.config.type_attribute.clone(),
            count_all_drops: false,
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
    pub fn begin(&mut self) {
        self.batch.clear();
    }

    /// Takes a span of the batch in, with its links in their order.
    pub fn add<'a>(
        &mut self,
        tasks: Tasks,
        environment: &[u8],
        span: &SpanFacts<'a>,
        links: impl Iterator<Item = LinkFacts<'a>>,
    ) {
        self.batch.add(tasks, environment, span, links);
    }

    /// Ends a batch: remembers, looks up, decides.
    ///
    /// # Errors
    ///
    /// When the index does not answer.
    pub fn decide(&mut self, tasks: Tasks, index: &mut dyn Index) -> Result<Verdict, String> {
        let batch = &self.batch;
        if !batch.producers.is_empty() {
            index
                .remember(&batch.producers, &batch.producer_texts)
                .map_err(|error| index_failed("remember", error))?;
        }
        let recalled = if batch.wanted.is_empty() {
            linkmend_rule::Recalled {
                counts: Vec::new(),
                producers: Vec::new(),
                texts: Vec::new(),
            }
        } else {
            index
                .recall(&batch.wanted)
                .map_err(|error| index_failed("recall", error))?
        };
        self.producers
            .take(recalled, batch.wanted.len())
            .map_err(|error| index_failed("recall", error))?;
        Ok(mend::mend(&self.config, tasks, batch, &self.producers))
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
