//! Tenants that are told apart (`scope`): by what their resources say, and by what
//! comes with their requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, number, request, span, text};
use crate::support::wait;

const BY_REQUEST: &str = "
receivers: {otlp: {protocols: {grpc: {include_metadata: true}, http: {include_metadata: true}}}}
processors: {linkmend: {scope: {metadata_keys: [X-Scope-OrgID]}}}
";

const BY_RESOURCE: &str = "
processors: {linkmend: {scope: {resource_attributes: [tenant.id]}}}
";

/// How a tenant says who it is, and by which protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Metadata,
    Header,
    Attribute,
}

struct Tenants {
    intake: Intake,
    linkmend: Linkmend,
    sender: Sender,
}

impl Tenants {
    fn start(configs: &[&str]) -> Self {
        let intake = Intake::start();
        let exporter = linkmend::by_grpc(&intake, "");
        let configs: Vec<_> = [exporter.as_str()].iter().chain(configs).copied().collect();
        Self {
            linkmend: Linkmend::start(&configs),
            intake,
            sender: Sender::new(),
        }
    }

    fn send(&self, says: Says, tenant: Option<&str>, spans: Vec<Span>) {
        let to = self.linkmend.addresses;
        let request = request(spans);
        match says {
            Says::Metadata => drop(self.sender.grpc_as(tenant, to.grpc, request).unwrap()),
            Says::Header => assert_eq!(self.sender.http_as(tenant, to.http, &request), 200),
            Says::Attribute => self.send_of(tenant, to.grpc, request),
        }
    }

    fn send_of(
        &self,
        tenant: Option<&str>,
        to: SocketAddr,
        mut request: ExportTraceServiceRequest,
    ) {
        if let Some(tenant) = tenant {
            let resource = request.resource_spans[0].resource.as_mut().unwrap();
            resource.attributes.push(text("tenant.id", tenant));
        }
        self.sender.grpc(to, request).unwrap();
    }

    /// What the spans of these numbers are linked to, when all of them are there.
    fn links(&self, numbers: impl IntoIterator<Item = u64>) -> BTreeMap<u64, Vec<u64>> {
        let numbers: Vec<_> = numbers.into_iter().collect();
        wait::until("they arrive", wait::LONG, || {
            let spans = self
                .intake
                .spans_where(|span| numbers.contains(&number(span)));
            let links: BTreeMap<_, _> = spans
                .iter()
                .map(|span| (number(span), linked(span)))
                .collect();
            (links.len() == numbers.len()).then_some(links)
        })
    }

    /// Whoever is quiet has all links of its 300 messages.
    fn quiet_are_linked(&self) {
        let links = self.links((1..301).map(|message| CONSUMER | message));
        let lost = links
            .iter()
            .filter(|(number, links)| **links != [**number ^ CONSUMER]);
        assert_eq!(lost.count(), 0);
    }
}

fn producers(messages: std::ops::Range<u64>) -> Vec<Span> {
    messages
        .map(|message| span(message, Role::Sends(message)))
        .collect()
}

const CONSUMER: u64 = 1 << 32;

fn consumers(messages: std::ops::Range<u64>) -> Vec<Span> {
    let one = |message| span(CONSUMER | message, Role::Receives(message));
    messages.map(one).collect()
}

/// Producers first, and consumers first.
fn equal_ids_do_not_link(config: &str, says: &[Says]) {
    // Long enough for a producer to come on a machine that is busy.
    let hold = "processors: {linkmend: {hold: {time: 5s}}}";
    let tenants = Tenants::start(&[config, hold]);
    let mut message = 0;
    let mut expected = BTreeMap::new();
    for (sent, received) in says
        .iter()
        .flat_map(|one| says.iter().map(move |other| (*one, *other)))
    {
        for (from, to) in [
            (Some("a"), Some("b")),
            (Some("a"), None),
            (None, Some("a")),
            (Some("a"), Some("a")),
            (None, None),
        ] {
            for producer_is_first in [true, false] {
                message += 1;
                let one = message..message + 1;
                if producer_is_first {
                    tenants.send(sent, from, producers(one.clone()));
                    tenants.send(received, to, consumers(one));
                } else {
                    tenants.send(received, to, consumers(one.clone()));
                    tenants.send(sent, from, producers(one));
                }
                let links = if from == to { vec![message] } else { vec![] };
                expected.insert(CONSUMER | message, links);
            }
        }
    }
    assert_eq!(tenants.links(expected.keys().copied()), expected);
}

#[test]
fn equal_ids_of_two_tenants_do_not_link_by_what_comes_with_requests() {
    equal_ids_do_not_link(BY_REQUEST, &[Says::Metadata, Says::Header]);
}

#[test]
fn equal_ids_of_two_tenants_do_not_link_by_what_resources_say() {
    equal_ids_do_not_link(BY_RESOURCE, &[Says::Attribute]);
}

/// Ten times what the index has room for, while another tenant's messages are on
/// their way.
fn a_flood_of_the_index(config: &str, says: Says) {
    let index = "processors: {linkmend: {index: {max_entries: 4000}, hold: {time: 1s}}}";
    let tenants = Tenants::start(&[config, index]);
    tenants.send(says, Some("quiet"), producers(1..301));
    for first in (1_000_000..1_040_000).step_by(1000) {
        tenants.send(says, Some("loud"), producers(first..first + 1000));
    }
    tenants.send(says, Some("quiet"), consumers(1..301));
    tenants.quiet_are_linked();
    wait::until_true("it is told", wait::LONG, || {
        let metric = |name| tenants.linkmend.metric(name, &[]);
        metric("linkmend_index_entries") <= 4000.0
            && metric("linkmend_index_evictions") >= 36_000.0
            && (metric("linkmend_scopes") - 2.0).abs() < 0.1
    });
}

#[test]
fn a_tenant_that_floods_the_index_costs_another_no_link() {
    a_flood_of_the_index(BY_REQUEST, Says::Metadata);
    a_flood_of_the_index(BY_REQUEST, Says::Header);
    a_flood_of_the_index(BY_RESOURCE, Says::Attribute);
}

fn a_flood_of_the_hold(config: &str, says: Says) {
    let hold = "processors: {linkmend: {hold: {time: 60s, max_spans: 1000}}}";
    let tenants = Tenants::start(&[config, hold]);
    tenants.send(says, Some("quiet"), consumers(1..301));
    for first in (1_000_000..1_010_000).step_by(500) {
        tenants.send(says, Some("loud"), consumers(first..first + 500));
    }
    tenants.send(says, Some("quiet"), producers(1..301));
    tenants.quiet_are_linked();
}

#[test]
fn a_tenant_that_floods_the_hold_costs_another_no_link() {
    a_flood_of_the_hold(BY_REQUEST, Says::Metadata);
    a_flood_of_the_hold(BY_RESOURCE, Says::Attribute);
}

/// What is held on disk is still whose it was.
fn held_over_a_restart(config: &str, says: Says) {
    let hold = "processors: {linkmend: {hold: {time: 60s}}}";
    let mut tenants = Tenants::start(&[config, hold]);
    for (message, tenant) in [(1, Some("a")), (2, Some("b")), (3, None)] {
        // The same message, but for its span.
        let held = span(CONSUMER | message, Role::Receives(7));
        tenants.send(says, tenant, vec![held]);
    }
    tenants.linkmend.kill();
    tenants.linkmend.restart();
    let sends = |number| vec![span(number, Role::Sends(7))];
    tenants.send(says, Some("b"), sends(20));
    tenants.send(says, None, sends(30));
    tenants.send(says, Some("a"), sends(10));
    let links = tenants.links([1, 2, 3].map(|message| CONSUMER | message));
    let links: Vec<_> = links.into_values().collect();
    assert_eq!(links, [[10], [20], [30]]);
}

#[test]
fn held_spans_are_their_tenants_over_a_restart() {
    held_over_a_restart(BY_REQUEST, Says::Metadata);
    held_over_a_restart(BY_REQUEST, Says::Header);
    held_over_a_restart(BY_RESOURCE, Says::Attribute);
}
