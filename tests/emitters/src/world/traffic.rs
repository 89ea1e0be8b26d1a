//! What else goes on: calls, queries, and spans with links of their own that
//! are right as they are.

use opentelemetry_proto::tonic::common::v1::any_value::Value;

use super::build::{Builder, MILLISECOND, SECOND, other};
use crate::profile::Kind;
use crate::template::{key_text, key_value};

impl Builder<'_> {
    /// Traffic that has nothing to do with messages.
    pub fn add_traffic(&mut self) {
        let services = self.site.consumers.clone();
        let mut now = self.site.begin;
        let mut roots = Vec::new();
        for _ in 0..self.random.between(3, 6) {
            now += self.random.between(1, 20) * SECOND;
            let service = self.random.pick(&services).copied().unwrap_or_default();
            let mut call = other(service, "GET /orders/{id}", Kind::Server);
            call.attributes = vec![
                key_text("http.request.method", "GET"),
                key_value("http.response.status_code", Value::IntValue(200)),
                // The id of an RPC's message event: no message's.
                key_value("message.id", Value::IntValue(1)),
            ];
            call.start = now;
            let call = self.emit(call, false);
            let mut query = other(service, "SELECT orders", Kind::Client);
            query.attributes = vec![key_text("db.system.name", "postgresql")];
            (query.parent, query.start) = (Some(self.context(call)), now + MILLISECOND);
            self.emit(query, false);
            roots.push(call);
        }
        self.add_linked(&roots, now);
    }

    /// A report that gathers requests, and a request that follows another: the
    /// links that users make.
    fn add_linked(&mut self, roots: &[usize], now: u64) {
        let service = self.site.producer;
        let mut report = other(service, "nightly report", Kind::Internal);
        (report.start, report.length) = (now + SECOND, SECOND);
        let mut links = Vec::new();
        for (row, &root) in (1..).zip(roots) {
            let mut link = self.context(root).link();
            link.attributes = vec![key_value("report.row", Value::IntValue(row))];
            links.push(link);
        }
        let number = self.emit(report, false);
        if let Some(emitted) = self.world.spans.get_mut(number) {
            emitted.span.links = links;
        }
        let mut follower = other(service, "POST /orders/confirm", Kind::Server);
        follower.start = now + 2 * SECOND;
        let first = roots.first().map(|&root| self.context(root).link());
        let number = self.emit(follower, false);
        if let Some(emitted) = self.world.spans.get_mut(number) {
            emitted.span.links.extend(first);
        }
    }
}
