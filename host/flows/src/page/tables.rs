//! The tables of the page, which are there without scripts, too.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::Unlinked;
use super::text::{duration_or, escaped, hex, named, shortened, thousands};
use crate::flow::{Flow, Joined};
use crate::sums::{EdgeSums, Sums};

/// So many rows each.
const MOST_ROWS: usize = 200;
const LONGEST: usize = 20;

const SUMS: &str = "<th class=\"n\">failed</th><th class=\"n\">waited p50</th><th class=\"n\">p95</th><th class=\"n\">p99</th>\
     <th class=\"n\">longest</th>";

/// Who sends to whom.
pub(super) fn edges(sums: &Sums) -> String {
    let mut rows: Vec<_> = sums.edges().collect();
    rows.sort_by_key(|(edge, sums)| (Reverse(sums.count), *edge));
    let head = format!(
        "<th>from</th><th>to</th><th>destination</th><th>system</th><th class=\"n\">deliveries</th>{SUMS}\
         <th class=\"n\" title=\"linked by linkmend / by the sender / by the parent\">joined</th>"
    );
    let rows = rows.iter().map(|(edge, sums)| {
        let [mended, linked, parent] = sums.joined;
        format!(
            "{}{}{}{}{}{}<td class=\"n\">{mended} / {linked} / {parent}</td>",
            cell(named(&edge.client, "(no service.name)")),
            cell(named(&edge.server, "(no service.name)")),
            cell(named(&edge.destination, "–")),
            cell(named(&edge.system, "–")),
            number(sums.count),
            cells(sums),
        )
    });
    table("Edges", &head, rows.collect())
}

/// Where messages waited.
pub(super) fn destinations(sums: &Sums) -> String {
    let all = sums.destinations();
    let mut rows: Vec<_> = all.iter().collect();
    rows.sort_by_key(|(name, sums)| (Reverse(sums.waited.at(95)), *name));
    let head = format!(
        "<th>destination</th><th>system</th><th class=\"n\">deliveries</th><th class=\"n\">messages</th>\
         <th class=\"n\">consumers a message</th>{SUMS}"
    );
    let rows = rows.iter().map(|((system, name), sums)| {
        format!(
            "{}{}{}{}<td class=\"n\">{}</td>{}",
            cell(named(name, "(not known)")),
            cell(named(system, "–")),
            number(sums.count),
            number(sums.messages),
            each(sums.count, sums.messages),
            cells(sums)
        )
    });
    table("Destinations", &head, rows.collect())
}

/// The messages that waited longest.
pub(super) fn longest(flows: &[Flow]) -> String {
    let mut rows: Vec<&Flow> = flows.iter().filter(|flow| !flow.is_again).collect();
    rows.sort_by_key(|flow| Reverse(flow.waited()));
    rows.truncate(LONGEST);
    let head = "<th class=\"n\">waited</th><th>message</th><th>from</th><th>to</th><th>destination</th>\
                <th>joined</th><th>producer's trace</th><th>consumer's trace</th>";
    let rows = rows.iter().map(|flow| {
        let joined = match flow.joined {
            Joined::Mended => "by linkmend",
            Joined::Linked => "by the sender",
            Joined::Parent => "by the parent",
        };
        format!(
            "<td class=\"n\">{}</td>{}{}{}{}<td>{joined}</td><td><code>{}</code></td><td><code>{}</code></td>",
            duration_or(flow.waited()),
            cell(flow.message.as_deref().unwrap_or("–")),
            cell(named(&flow.producer.site.service, "–")),
            cell(named(&flow.consumer.site.service, "–")),
            cell(named(flow.destination(), "–")),
            hex(&flow.producer.context.trace),
            hex(&flow.consumer.context.trace),
        )
    });
    table("Messages that waited longest", head, rows.collect())
}

/// What could not be linked, and what to do about it. Of files there is a way to
/// know it of each span.
pub(super) fn unlinked(unlinked: &[Unlinked], is_of_files: bool) -> String {
    if unlinked.is_empty() {
        return "<p>Nothing: every message that was received has a link, or needs none.</p>".into();
    }
    let head = "<th class=\"n\">messages</th><th>received by</th><th>system</th><th>why</th><th>what to do</th>";
    let rows = unlinked.iter().map(|of| {
        format!(
            "<td class=\"n\">{}</td>{}{}<td class=\"wide\">{} <span class=\"word\">({})</span></td>\
             <td class=\"wide\">{}</td>",
            thousands(of.count),
            cell(named(&of.service, "–")),
            cell(named(&of.system, "–")),
            escaped(&of.why),
            escaped(&of.reason),
            escaped(&of.advice),
        )
    });
    let mut text = table("Messages without a link", head, rows.collect());
    if is_of_files {
        text.push_str(
            "<p class=\"legend\">Which spans these are, and what was tried for each, says \
             <code>linkmend process --explain all FILE</code>.</p>",
        );
    }
    text
}

fn cells(sums: &EdgeSums) -> String {
    let waited = &sums.waited;
    let mut text = format!(
        "<td class=\"n{}\">{}</td>",
        if sums.failed > 0 { " bad" } else { "" },
        thousands(sums.failed),
    );
    let quantiles = [50, 95, 99].map(|percent| waited.at(percent));
    for value in quantiles.into_iter().chain([waited.max()]) {
        let _ = write!(text, "<td class=\"n\">{}</td>", duration_or(value));
    }
    text
}

fn number(number: u64) -> String {
    format!("<td class=\"n\">{}</td>", thousands(number))
}

#[allow(clippy::cast_precision_loss, reason = "two digits of it are shown")]
fn each(count: u64, messages: u64) -> String {
    format!("{:.2}", count as f64 / messages.max(1) as f64)
}

fn cell(text: &str) -> String {
    let short = shortened(text, 60);
    if short == text {
        format!("<td>{}</td>", escaped(text))
    } else {
        format!("<td title=\"{}\">{}</td>", escaped(text), escaped(&short))
    }
}

fn table(caption: &str, head: &str, rows: Vec<String>) -> String {
    let left_out = rows.len().saturating_sub(MOST_ROWS);
    let mut out = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table>\
         <caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>"
    );
    for row in rows.into_iter().take(MOST_ROWS) {
        let _ = write!(out, "<tr>{row}</tr>");
    }
    out.push_str("</tbody></table></div>");
    if left_out > 0 {
        let _ = write!(
            out,
            "<p class=\"note\">and {} more rows, which --json has</p>",
            thousands(left_out as u64)
        );
    }
    out
}
