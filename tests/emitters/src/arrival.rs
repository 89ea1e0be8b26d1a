//! In which batches spans arrive.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, TracesData};

use crate::random::Random;
use crate::template::key_text;
use crate::world::{Emitted, Service, World};

/// How spans arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// In any order.
    pub is_shuffled: bool,
    /// Some batches come twice.
    pub is_doubled: bool,
}

impl Arrival {
    /// As the spans end, and once.
    pub const IN_ORDER: Self = Self {
        is_shuffled: false,
        is_doubled: false,
    };
    /// In any order.
    pub const SHUFFLED: Self = Self {
        is_shuffled: true,
        ..Self::IN_ORDER
    };
    /// Some twice.
    pub const DOUBLED: Self = Self {
        is_doubled: true,
        ..Self::IN_ORDER
    };
}

impl World {
    /// The spans in batches: as they end, or in any order.
    #[must_use]
    pub fn batches(&self, arrival: Arrival, random: &mut Random) -> Vec<TracesData> {
        let mut spans: Vec<_> = self.spans.iter().collect();
        if arrival.is_shuffled {
            random.shuffle(&mut spans);
        } else {
            spans.sort_by_key(|emitted| emitted.span.end_time_unix_nano);
        }
        self.cut(&spans, arrival, random)
    }

    /// The spans in batches, those that send before those that receive, as a
    /// stream has to have them where nothing is kept back.
    #[must_use]
    pub fn batches_in_stream(&self, arrival: Arrival, random: &mut Random) -> Vec<TracesData> {
        let mut spans: Vec<_> = self.spans.iter().collect();
        spans.sort_by_key(|emitted| (!emitted.is_producer, emitted.span.end_time_unix_nano));
        self.cut(&spans, arrival, random)
    }

    fn cut(&self, spans: &[&Emitted], arrival: Arrival, random: &mut Random) -> Vec<TracesData> {
        let mut batches = Vec::new();
        let mut rest = spans;
        while !rest.is_empty() {
            let size = random.between(1, 24) as usize;
            let (now, later) = rest.split_at(size.min(rest.len()));
            let batch = self.batch(now);
            if arrival.is_doubled && random.chance(30) {
                batches.push(batch.clone());
            }
            batches.push(batch);
            rest = later;
        }
        batches
    }

    /// Spans by service and scope, in the order in which these come.
    fn batch(&self, spans: &[&Emitted]) -> TracesData {
        let mut groups: Vec<(usize, Vec<ScopeSpans>)> = Vec::new();
        for emitted in spans {
            let known = groups
                .iter()
                .position(|(service, _)| *service == emitted.service);
            let place = known.unwrap_or(groups.len());
            if known.is_none() {
                groups.push((emitted.service, Vec::new()));
            }
            if let Some((_, scopes)) = groups.get_mut(place) {
                put(scopes, emitted);
            }
        }
        let resource_spans = groups
            .into_iter()
            .map(|(service, scope_spans)| ResourceSpans {
                resource: self.services.get(service).map(Service::resource),
                scope_spans,
                ..ResourceSpans::default()
            });
        TracesData {
            resource_spans: resource_spans.collect(),
        }
    }
}

fn put(scopes: &mut Vec<ScopeSpans>, emitted: &Emitted) {
    let is_same = |scope: &&mut ScopeSpans| {
        let known = scope.scope.as_ref().map(|scope| scope.name.as_str());
        known == Some(emitted.scope)
    };
    if let Some(scope) = scopes.iter_mut().find(is_same) {
        scope.spans.push(emitted.span.clone());
        return;
    }
    scopes.push(ScopeSpans {
        scope: Some(InstrumentationScope {
            name: emitted.scope.to_owned(),
            ..InstrumentationScope::default()
        }),
        spans: vec![emitted.span.clone()],
        ..ScopeSpans::default()
    });
}

impl Service {
    fn resource(&self) -> Resource {
        let mut attributes = vec![key_text("service.name", &self.name)];
        attributes.extend(self.environment.map(|(key, value)| key_text(key, value)));
        Resource {
            attributes,
            ..Resource::default()
        }
    }
}
