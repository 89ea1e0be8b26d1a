//! The graph of services, as SVG: who sends to whom, from left to right.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::Unlinked;
use super::layers::{self, Layers};
use super::text::{duration_or, escaped, named, shortened, thousands};
use crate::sums::{EdgeSums, Sums};

/// So many services are drawn, those with the most messages.
const MOST_SERVICES: usize = 40;
/// And so many arrows: with more nobody sees where they lead.
const MOST_LINES: usize = 60;
const WIDTH: usize = 190;
const HEIGHT: usize = 46;
const COLUMN: usize = 450;
const ROW: usize = 104;
const MARGIN: usize = 24;

/// All between two services.
struct Line {
    sums: EdgeSums,
    destinations: BTreeSet<Arc<str>>,
}

/// The graph, and how many services and arrows are not on it.
pub(super) fn graph(sums: &Sums, unlinked: &[Unlinked]) -> (String, usize, usize) {
    let mut lines = lines(sums);
    let all = lines.len();
    most_frequent(&mut lines);
    let missing = missing(unlinked);
    let services = services(&lines, &missing);
    let left_out = services.len().saturating_sub(MOST_SERVICES);
    let shown: BTreeSet<Arc<str>> = services.into_iter().take(MOST_SERVICES).collect();
    lines.retain(|(client, server), _| shown.contains(client) && shown.contains(server));
    let layers = layers::of(&shown, lines.keys());
    (draw(&layers, &lines, &missing), left_out, all - lines.len())
}

fn most_frequent(lines: &mut BTreeMap<(Arc<str>, Arc<str>), Line>) {
    let mut counts: Vec<u64> = lines.values().map(|line| line.sums.count).collect();
    counts.sort_unstable_by(|one, other| other.cmp(one));
    if let Some(least) = counts.get(MOST_LINES).copied() {
        lines.retain(|_, line| line.sums.count > least);
    }
}

fn lines(sums: &Sums) -> BTreeMap<(Arc<str>, Arc<str>), Line> {
    let mut lines: BTreeMap<_, Line> = BTreeMap::new();
    for (edge, sums) in sums.edges() {
        let key = (Arc::clone(&edge.client), Arc::clone(&edge.server));
        let line = lines.entry(key).or_insert_with(|| Line {
            sums: EdgeSums::default(),
            destinations: BTreeSet::new(),
        });
        line.sums.merge(sums);
        line.destinations.insert(Arc::clone(&edge.destination));
    }
    lines
}

/// Messages without a link, by the service that received them.
fn missing(unlinked: &[Unlinked]) -> BTreeMap<Arc<str>, u64> {
    let mut missing: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    for of in unlinked {
        *missing.entry(Arc::from(&*of.service)).or_default() += of.count;
    }
    missing
}

/// Those with the most messages first.
fn services(
    lines: &BTreeMap<(Arc<str>, Arc<str>), Line>,
    missing: &BTreeMap<Arc<str>, u64>,
) -> Vec<Arc<str>> {
    let mut counts: BTreeMap<Arc<str>, u64> = missing.clone();
    for ((client, server), line) in lines {
        for service in [client, server] {
            *counts.entry(Arc::clone(service)).or_default() += line.sums.count;
        }
    }
    let mut services: Vec<_> = counts.into_iter().collect();
    services.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    services.into_iter().map(|(service, _)| service).collect()
}

fn draw(
    layers: &Layers,
    lines: &BTreeMap<(Arc<str>, Arc<str>), Line>,
    missing: &BTreeMap<Arc<str>, u64>,
) -> String {
    let columns = layers.columns().max(1);
    let rows = layers.rows().max(1);
    let width = MARGIN * 2 + (columns - 1) * COLUMN + WIDTH + 40;
    let height = MARGIN * 2 + (rows - 1) * ROW + HEIGHT + 44;
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg class=\"graph\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"Services, and the messages between them; the table below says the same\">\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto-start-reverse\"><path class=\"tip\" d=\"M0 0 8 4 0 8z\"/></marker></defs>"
    );
    let arrows = lines.iter().filter_map(|((client, server), line)| {
        let curve = curve(at(layers, client)?, at(layers, server)?);
        Some((
            curve,
            Arrow {
                client,
                server,
                line,
            },
        ))
    });
    let arrows: Vec<_> = arrows.collect();
    for draw in [draw_line, draw_label] {
        for (curve, arrow) in &arrows {
            draw(&mut svg, curve, *arrow);
        }
    }
    for (service, _) in layers.iter() {
        if let Some(place) = at(layers, service) {
            draw_service(&mut svg, place, service, missing.get(service).copied());
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The upper left corner of a service.
fn at(layers: &Layers, service: &Arc<str>) -> Option<(usize, usize)> {
    let (column, row) = layers.place(service)?;
    // Shorter columns stand in the middle.
    let missing_rows = layers.rows().saturating_sub(layers.rows_of(column));
    let y = MARGIN + 24 + row * ROW + missing_rows * ROW / 2;
    Some((MARGIN + column * COLUMN, y))
}

fn draw_service(svg: &mut String, (x, y): (usize, usize), service: &str, missing: Option<u64>) {
    let name = named(service, "(no service.name)");
    let _ = write!(
        svg,
        "<g class=\"service\"><title>{full}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/>\
         <text x=\"{cx}\" y=\"{cy}\">{short}</text>",
        full = escaped(name),
        cx = x + WIDTH / 2,
        cy = y + HEIGHT / 2 + 5,
        short = escaped(&shortened(name, 22)),
    );
    if let Some(count) = missing {
        let _ = write!(
            svg,
            "<text class=\"missing\" x=\"{cx}\" y=\"{cy}\">{} without a link</text>",
            thousands(count),
            cx = x + WIDTH / 2,
            cy = y + HEIGHT + 16,
        );
    }
    svg.push_str("</g>");
}

/// How an arrow goes, and where its label stands.
struct Curve {
    path: String,
    label: (usize, usize),
    anchor: &'static str,
    /// The lines of the label, by how far each is below that place.
    lines: [isize; 2],
}

/// Above and below an arrow, or both on the side that it does not come from.
const AROUND: [isize; 2] = [-8, 17];
const ABOVE: [isize; 2] = [-24, -8];
const BELOW: [isize; 2] = [17, 33];

fn curve((from_x, from_y): (usize, usize), (to_x, to_y): (usize, usize)) -> Curve {
    let middle = |y: usize| y + HEIGHT / 2;
    if (from_x, from_y) == (to_x, to_y) {
        // To itself: a loop above.
        let (left, right) = (from_x + 40, from_x + WIDTH - 40);
        let top = from_y.saturating_sub(40);
        return Curve {
            path: format!("M{right} {from_y}C{right} {top} {left} {top} {left} {from_y}"),
            label: (from_x + WIDTH / 2, from_y.saturating_sub(34)),
            anchor: "middle",
            lines: AROUND,
        };
    }
    if to_x > from_x {
        // At its end, where it is level and no other is.
        let (x1, x2) = (from_x + WIDTH, to_x);
        let (y1, y2) = (middle(from_y), middle(to_y));
        let bend = (x2 - x1) / 2;
        let (c1, c2) = (x1 + bend, x2 - bend);
        return Curve {
            path: format!("M{x1} {y1}C{c1} {y1} {c2} {y2} {x2} {y2}"),
            label: (x2 - 16, y2),
            anchor: "end",
            lines: match y1.cmp(&y2) {
                Ordering::Less => BELOW,
                Ordering::Equal => AROUND,
                Ordering::Greater => ABOVE,
            },
        };
    }
    // Back, or to the same column: below.
    let (x1, x2) = (from_x + WIDTH / 2, to_x + WIDTH / 2);
    let (y1, y2) = (from_y + HEIGHT, to_y + HEIGHT);
    let low = y1.max(y2) + 44;
    Curve {
        path: format!("M{x1} {y1}C{x1} {low} {x2} {low} {x2} {y2}"),
        label: (x1.midpoint(x2), low - 8),
        anchor: "middle",
        lines: AROUND,
    }
}

fn draw_line(svg: &mut String, curve: &Curve, of: Arrow<'_>) {
    let (class, title) = (of.class(), escaped(&of.title()));
    let _ = write!(
        svg,
        "<g class=\"line{class}\"><title>{title}</title><path d=\"{}\" marker-end=\"url(#tip)\"/></g>",
        curve.path
    );
}

/// After all arrows, so that none runs through it.
fn draw_label(svg: &mut String, curve: &Curve, of: Arrow<'_>) {
    let (x, y) = curve.label;
    let anchor = curve.anchor;
    let [name, figure] = curve.lines.map(|below| y.saturating_add_signed(below));
    let _ = write!(
        svg,
        "<g class=\"line{}\" text-anchor=\"{anchor}\"><title>{}</title><text x=\"{x}\" y=\"{name}\">{}</text>\
         <text class=\"small\" x=\"{x}\" y=\"{figure}\">{}</text></g>",
        of.class(),
        escaped(&of.title()),
        escaped(&shortened(&destinations(of.line), 26)),
        escaped(&figures(of.line)),
    );
}

/// All between two services, by their names.
#[derive(Clone, Copy)]
struct Arrow<'a> {
    client: &'a str,
    server: &'a str,
    line: &'a Line,
}

impl Arrow<'_> {
    fn class(self) -> &'static str {
        if self.line.sums.failed > 0 {
            " failed"
        } else {
            ""
        }
    }

    fn title(self) -> String {
        let Self {
            client,
            server,
            line,
        } = self;
        let mut text = format!("{client} → {server}: {}; waited", figures(line));
        for (name, percent) in [("p50", 50), ("p95", 95), ("p99", 99)] {
            let _ = write!(
                text,
                " {name} {}",
                duration_or(line.sums.waited.at(percent))
            );
        }
        for name in line.destinations.iter().take(20) {
            let _ = write!(text, "\n{}", named(name, "(destination not known)"));
        }
        text
    }
}

fn destinations(line: &Line) -> String {
    let mut names = line.destinations.iter();
    let first = names.next().map_or("", |name| named(name, "messages"));
    match names.len() {
        0 => first.to_owned(),
        more => format!("{} +{more}", shortened(first, 22)),
    }
}

fn figures(line: &Line) -> String {
    let mut text = format!(
        "{} · p95 {}",
        thousands(line.sums.count),
        duration_or(line.sums.waited.at(95))
    );
    if line.sums.failed > 0 {
        let _ = write!(text, " · {} failed", thousands(line.sums.failed));
    }
    text
}
