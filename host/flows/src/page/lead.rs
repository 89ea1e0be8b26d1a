//! What is to be known first, in sentences.

use std::fmt::Write as _;

use super::Page;
use super::text::{duration, escaped, named, thousands};

pub(super) fn lead(page: &Page<'_>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = figures(&mut text, page);
    let _ = longest(&mut text, page);
    missing(&mut text, page.unlinked.iter().map(|of| of.count).sum());
    text
}

fn figures(text: &mut String, page: &Page<'_>) -> std::fmt::Result {
    let total = page.sums.total();
    let edges = page.sums.edges().count() as u64;
    let many = |count: u64, one: &str, many: &str| {
        let name = if count == 1 { one } else { many };
        format!("<strong>{}</strong> {name}", thousands(count))
    };
    write!(
        text,
        "<p>{} of {} over {}",
        many(total.count, "delivery", "deliveries"),
        many(total.messages, "message", "messages"),
        many(edges, "edge", "edges"),
    )?;
    if total.failed > 0 {
        let failed = thousands(total.failed);
        write!(text, "; <strong class=\"bad\">{failed}</strong> failed")?;
    }
    write!(text, ".</p>")
}

fn longest(text: &mut String, page: &Page<'_>) -> std::fmt::Result {
    let flows = page.flows.iter().filter(|flow| !flow.is_again);
    let Some(flow) = flows.max_by_key(|flow| flow.waited()) else {
        return Ok(());
    };
    let Some(waited) = flow.waited() else {
        return Ok(());
    };
    match &flow.message {
        Some(id) => write!(text, "<p>Message <code>{}</code>", escaped(id))?,
        None => write!(text, "<p>A message without an id")?,
    }
    write!(
        text,
        " waited longest: <strong>{}</strong> in <code>{}</code>, on its way from {} to {}.</p>",
        duration(waited),
        escaped(named(flow.destination(), "an unknown destination")),
        escaped(named(&flow.producer.site.service, "an unnamed service")),
        escaped(named(&flow.consumer.site.service, "an unnamed service")),
    )
}

fn missing(text: &mut String, missing: u64) {
    match missing {
        0 => text.push_str("<p>No message is without a link that needs one.</p>"),
        1 => {
            text.push_str(
                "<p><a href=\"#unlinked\">One message has no link</a>; below is why.</p>",
            );
        }
        _ => {
            *text += "<p><a href=\"#unlinked\">";
            *text += &thousands(missing);
            *text += " messages have no link</a>; below is why.</p>";
        }
    }
}
