//! The parts that worlds are built of.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::{Emitted, Message, Service, World};
use crate::context::SpanContext;
use crate::profile::{Kind, Profile, Republish, Shape};
use crate::random::Random;
use crate::template::View;

/// Nanoseconds.
pub const MICROSECOND: u64 = 1_000;
/// Nanoseconds.
pub const MILLISECOND: u64 = 1_000 * MICROSECOND;
/// Nanoseconds.
pub const SECOND: u64 = 1_000 * MILLISECOND;

/// The service that messages begin with.
pub const PRODUCER: &str = "shop";

const BEGIN: u64 = 1_760_000_000 * SECOND;

/// A world that is being built.
pub struct Builder<'p> {
    pub profile: &'p Profile,
    pub random: Random,
    pub world: World,
    /// The environment at hand.
    pub site: Site,
    /// The last offset of each partition, and the last id of each queue, in
    /// the environment at hand.
    pub offsets: Vec<((String, u64), u64)>,
    pub jobs: u64,
    /// What was sent there.
    pub sent: Vec<Message>,
}

/// An environment: its services by their numbers.
#[derive(Debug, Clone, Default)]
pub struct Site {
    pub name: &'static str,
    pub producer: usize,
    pub consumers: Vec<usize>,
    pub queues: Vec<String>,
    pub begin: u64,
}

/// A span to be made.
pub struct Draft {
    pub service: usize,
    pub scope: &'static str,
    pub name: String,
    pub kind: Kind,
    pub attributes: Vec<KeyValue>,
    pub parent: Option<SpanContext>,
    pub start: u64,
    pub length: u64,
}

pub fn world(profile: &Profile, seed: u64) -> World {
    let mut builder = Builder {
        profile,
        random: Random::named(seed, profile.name),
        world: World {
            services: Vec::new(),
            republishes: profile.traits.republish != Republish::Never,
            spans: Vec::new(),
        },
        site: Site::default(),
        offsets: Vec::new(),
        jobs: 0,
        sent: Vec::new(),
    };
    // Without an environment on the resource there is but one.
    let environments: &[&str] = match builder.random.below(3) {
        0 => &[""],
        1 => &["production"],
        _ => &["production", "staging"],
    };
    for name in environments {
        builder.enter(name);
        builder.produce_all();
        builder.consume_all();
        builder.add_traffic();
    }
    builder.world
}

impl Builder<'_> {
    fn enter(&mut self, environment: &'static str) {
        let groups: &[&str] = if self.profile.traits.fan_out {
            &["billing", "audit"]
        } else {
            &["billing"]
        };
        let producer = self.service(PRODUCER, environment);
        let consumers = groups.iter().map(|name| self.service(name, environment));
        let consumers = consumers.collect();
        let queues = ["orders", "invoices", "mail.out"];
        let count = self.random.between(1, queues.len() as u64) as usize;
        self.site = Site {
            name: environment,
            producer,
            consumers,
            queues: queues.iter().take(count).map(ToString::to_string).collect(),
            begin: BEGIN + self.random.below(1_000) * SECOND,
        };
        self.offsets.clear();
        self.jobs = 0;
        self.sent.clear();
    }

    fn service(&mut self, name: &str, environment: &'static str) -> usize {
        // Services move to the new name one by one.
        let key = if self.random.chance(30) {
            "deployment.environment"
        } else {
            "deployment.environment.name"
        };
        let environment = (!environment.is_empty()).then_some((key, environment));
        self.world.services.push(Service {
            name: name.to_owned(),
            environment,
        });
        self.world.services.len() - 1
    }

    /// A draft of a declared span.
    pub fn draft(
        &self,
        shape: &Shape,
        about: &[Message],
        is_producer: bool,
        service: usize,
    ) -> Draft {
        let (scopes, destinations) = (self.profile.scopes, self.profile.destinations);
        let (scope, destination) = if is_producer {
            (scopes.producer, destinations.producer)
        } else {
            (scopes.consumer, destinations.consumer)
        };
        let view = View {
            messages: about,
            destination,
        };
        Draft {
            service,
            scope,
            name: view.name(shape.name),
            kind: shape.kind,
            attributes: view.attributes(shape.attributes),
            parent: None,
            start: 0,
            length: MILLISECOND,
        }
    }

    /// Makes a span, and answers with its number.
    pub fn emit(&mut self, draft: Draft, is_producer: bool) -> usize {
        let parent = draft.parent.unwrap_or_default();
        let context = parent.child(&mut self.random);
        let parent_service = self.world.spans.iter().rev().find_map(|emitted| {
            let is_parent = parent.is_valid() && emitted.context() == parent;
            is_parent.then_some(emitted.service)
        });
        let span = Span {
            trace_id: context.trace_id.to_be_bytes().to_vec(),
            span_id: context.span_id.to_be_bytes().to_vec(),
            parent_span_id: draft
                .parent
                .map(|parent| parent.span_id.to_be_bytes().to_vec())
                .unwrap_or_default(),
            flags: 0x101,
            name: draft.name,
            kind: draft.kind as i32,
            start_time_unix_nano: draft.start,
            end_time_unix_nano: draft.start + draft.length,
            attributes: draft.attributes,
            ..Span::default()
        };
        self.world.spans.push(Emitted {
            service: draft.service,
            scope: draft.scope,
            span,
            is_producer,
            has_remote_parent: parent_service.is_some_and(|service| service != draft.service),
            deliveries: Vec::new(),
        });
        self.world.spans.len() - 1
    }

    /// The context of a span by its number.
    pub fn context(&self, number: usize) -> SpanContext {
        self.world
            .spans
            .get(number)
            .map(Emitted::context)
            .unwrap_or_default()
    }

    /// Marks a span as failed.
    pub fn fail(&mut self, number: usize) {
        if let Some(emitted) = self.world.spans.get_mut(number) {
            emitted.span.status = Some(Status {
                code: 2,
                message: "timed out".to_owned(),
            });
        }
    }
}

/// A span that has nothing to do with messages.
pub fn other(service: usize, name: &str, kind: Kind) -> Draft {
    Draft {
        service,
        scope: "io.opentelemetry.http",
        name: name.to_owned(),
        kind,
        attributes: Vec::new(),
        parent: None,
        start: 0,
        length: 5 * MILLISECOND,
    }
}
