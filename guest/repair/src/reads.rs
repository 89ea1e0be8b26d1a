//! Which attributes are read, and what each of them is for.

use linkmend_rule::wire::located::Reads as Table;

use crate::config::{Config, NameId};
use crate::facts::{NAMES, Name, TASK_LIBRARIES, TaskLibrary};

/// The attributes that are read, by their numbers.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    /// Their keys, as [`linkmend_rule::Plan::reads`] has them.
    pub keys: Vec<String>,
    uses: Vec<Use>,
}

/// What an attribute is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Use {
    /// It is known.
    pub name: Option<Name>,
    /// It tells of a library.
    pub tasks: Option<TaskLibrary>,
    /// What it is for on a link.
    pub of_link: OfLink,
    /// The configuration names it.
    pub extra: Option<NameId>,
    /// It names the environment on a resource: which of those that do.
    pub environment: Option<u16>,
    /// It names the service on a resource.
    pub is_service: bool,
}

/// What an attribute is for on a link alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OfLink {
    /// Nothing.
    #[default]
    Nothing,
    /// It says why the link exists.
    Type,
    /// It is linkmend's mark.
    Mark,
    /// `opentracing.ref_type`
    RefType,
    /// `retry.attempt`, `retry.of`
    Retry,
    /// What a vendor says that it is: which of them.
    Alias(u8),
}

/// Sentry's, then Datadog's two.
const ALIASES: [&str; 3] = ["sentry.link.type", "link.kind", "dd.kind"];

const EVENT: &str = "event:";

impl Reads {
    /// What `config` asks for.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let mut reads = Self::default();
        for (name, key) in NAMES {
            reads.put(key, |known| known.name = Some(*name));
        }
        reads.add_links(config);
        for (number, name) in (0..).zip(&config.extra.names) {
            reads.put(name, |known| known.extra = Some(number));
        }
        for (rank, name) in (0..).zip(&config.environment_attributes) {
            reads.put(name, |known| {
                known.environment = known.environment.or(Some(rank));
            });
        }
        reads.put("service.name", |known| known.is_service = true);
        for (library, beginning) in TASK_LIBRARIES {
            for (key, known) in reads.keys.iter().zip(&mut reads.uses) {
                if key.starts_with(beginning) {
                    known.tasks = Some(*library);
                }
            }
            reads.put(&format!("{beginning}*"), |known| {
                known.tasks = Some(*library);
            });
        }
        if config.event_attributes {
            // Full names only: `message.id` is a number within an RPC (semconv,
            // schema 1.25.0).
            let of_messages = NAMES
                .iter()
                .filter(|(_, key)| key.starts_with("messaging."));
            for (name, key) in of_messages {
                reads.put(&format!("{EVENT}{key}"), |known| known.name = Some(*name));
            }
        }
        reads
    }

    fn add_links(&mut self, config: &Config) {
        self.put("opentracing.ref_type", |known| {
            known.of_link = OfLink::RefType;
        });
        for key in ["retry.attempt", "retry.of"] {
            self.put(key, |known| known.of_link = OfLink::Retry);
        }
        if config.type_aliases {
            for (number, key) in (0..).zip(ALIASES) {
                self.put(key, |known| known.of_link = OfLink::Alias(number));
            }
        }
        // What the configuration says goes before what is known.
        let own = [
            (&config.provenance_attribute, OfLink::Mark),
            (&config.type_attribute, OfLink::Type),
        ];
        for (key, of_link) in own {
            if !key.is_empty() {
                self.put(key, |known| known.of_link = of_link);
            }
        }
    }

    /// What the attribute with a number is for.
    #[inline]
    #[must_use]
    pub fn used(&self, number: u16) -> Use {
        self.uses
            .get(usize::from(number))
            .copied()
            .unwrap_or_default()
    }

    /// The numbers of keys, as the host has them.
    #[must_use]
    pub fn table(&self) -> Table {
        Table::new(&self.keys)
    }

    /// Says what else a key is for.
    fn put(&mut self, key: &str, put: impl FnOnce(&mut Use)) {
        let known = self.keys.iter().position(|known| known == key);
        let place = known.unwrap_or_else(|| {
            self.keys.push(key.to_owned());
            self.uses.push(Use::default());
            self.uses.len() - 1
        });
        if let Some(known) = self.uses.get_mut(place) {
            put(known);
        }
    }
}
