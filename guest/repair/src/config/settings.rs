//! Every key of the configuration.

use serde_json::Value;

use super::carriers::{CONTEXTS, HEADERS};
use super::object::{Fault, Member, Refusal, nearest, read_list};
use super::options::{Ambiguous, Config, InvalidLinks, KeepLinks};
use super::recipe::RECIPE;
use super::values::{boolean, duration, names, word, written_name};
use crate::kind::LinkType;

/// The keys, in the order of the manual.
pub const SETTINGS: &[Member<Config>] = &[
    Member {
        key: "max_links",
        default: "128",
        values: "an integer from 0 to 4294967295",
        summary: "How many links a span may have. The host has a limit as well, and the lower one counts.",
        set: |config, value| {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            config.max_links = number.ok_or(Refusal::Value)?;
            Ok(())
        },
    },
    Member {
        key: "keep_links",
        default: "\"first\"",
        values: "\"first\", \"last\"",
        summary: "Which links stay when there are more: the first, as in the SDK for Java, or the last, as in those for Go, JavaScript and Python. Original links take precedence over new ones in either case.",
        set: |config, value| {
            let words = [("first", KeepLinks::First), ("last", KeepLinks::Last)];
            config.keep_links = word(value, &words)?;
            Ok(())
        },
    },
    Member {
        key: "merge_links",
        default: "false",
        values: "true, false",
        summary: "Whether a span with more keeps only one link to each span before any is cut: this saves room when a batch came from one send, and loses which messages they were.",
        set: |config, value| {
            config.merge_links = boolean(value)?;
            Ok(())
        },
    },
    Member {
        key: "invalid_links",
        default: "\"drop\"",
        values: "\"drop\", \"drop_bare\", \"keep\"",
        summary: "What to do with links with an invalid context that cannot be repaired: drop all, drop those without attributes and trace state, or keep all.",
        set: |config, value| {
            let words = [
                ("drop", InvalidLinks::Drop),
                ("drop_bare", InvalidLinks::DropBare),
                ("keep", InvalidLinks::Keep),
            ];
            config.invalid_links = word(value, &words)?;
            Ok(())
        },
    },
    Member {
        key: "count_invalid_in_dropped",
        default: "false",
        values: "true, false",
        summary: "Whether links that are dropped because they are invalid or duplicates are added to `dropped_links_count` too.",
        set: |config, value| {
            config.count_invalid_in_dropped = boolean(value)?;
            Ok(())
        },
    },
    Member {
        key: "link_to_parent",
        default: "false",
        values: "true, false",
        summary: "Whether a consumer gets a link to its producer even if that is its parent.",
        set: |config, value| {
            config.link_to_parent = boolean(value)?;
            Ok(())
        },
    },
    Member {
        key: "same_trace",
        default: "\"satisfied\"",
        values: "\"satisfied\", \"link\"",
        summary: "Whether a consumer in the trace of its producer needs no link, or gets one unless the \
                  producer is its parent.",
        set: |config, value| {
            config.same_trace_satisfies = word(value, &[("satisfied", true), ("link", false)])?;
            Ok(())
        },
    },
    Member {
        key: "ambiguous",
        default: "\"skip\"",
        values: "\"skip\", \"latest\", \"all\"",
        summary: "What to do with a message that has several producers and no way to choose: make no link, a link to the latest, or one to each.",
        set: |config, value| {
            let words = [
                ("skip", Ambiguous::Skip),
                ("latest", Ambiguous::Latest),
                ("all", Ambiguous::All),
            ];
            config.ambiguous = word(value, &words)?;
            Ok(())
        },
    },
    Member {
        key: "clock_skew",
        default: "\"5s\"",
        values: "a duration like \"500ms\", \"5s\", \"2m\" or \"1h\"",
        summary: "How far the clocks of two hosts may differ: a span that starts later than that after the consumer is not its producer.",
        set: |config, value| {
            let text = value.as_str().ok_or(Refusal::Value)?;
            config.clock_skew = duration(text).ok_or(Refusal::Value)?;
            Ok(())
        },
    },
    Member {
        key: "environment_attributes",
        default: "[\"deployment.environment.name\", \"deployment.environment\"]",
        values: "a list of different resource attribute names",
        summary: "Producer and consumer must agree on the first of these that is set. If the list is empty, messages are looked for everywhere.",
        set: |config, value| {
            config.environment_attributes = names(value)?;
            Ok(())
        },
    },
    Member {
        key: "event_attributes",
        default: "false",
        values: "true, false",
        summary: "Whether the `messaging.` attributes of span events name messages too, one for each event. Every producer and consumer span is looked at then.",
        set: |config, value| {
            config.event_attributes = boolean(value)?;
            Ok(())
        },
    },
    Member {
        key: "captured_headers",
        default: "[{\"traceparent\": \"messaging.header.traceparent\", \
                  \"tracestate\": \"messaging.header.tracestate\"}, \
                  {\"traceparent\": \"messaging.bullmq.job.opts.traceparent\", \
                  \"tracestate\": \"messaging.bullmq.job.opts.tracestate\"}]",
        values: "a list of objects, see below",
        summary: "Attributes of consumers and of links that hold the W3C headers of a message.",
        set: |config, value| {
            config.captured_headers = read_list(value, HEADERS)?;
            Ok(())
        },
    },
    Member {
        key: "context_attributes",
        default: "[]",
        values: "a list of objects, see below",
        summary: "Attributes of spans and of links that hold the ids of a context, such as that of a work item whose context was stored in its database row.",
        set: |config, value| {
            config.context_attributes = read_list(value, CONTEXTS)?;
            Ok(())
        },
    },
    Member {
        key: "recipes",
        default: "[]",
        values: "a list of objects, see below",
        summary: "Attributes of your own that identify a message, or another piece of work.",
        set: |config, value| {
            config.recipes = read_list(value, RECIPE)?;
            Ok(())
        },
    },
    Member {
        key: "link_type_attribute",
        default: "\"link.type\"",
        values: "an attribute name outside of \"messaging.\", or \"\" for none",
        summary: "The attribute of a link that says why it exists.",
        set: |config, value| {
            config.type_attribute = written_name(value)?;
            Ok(())
        },
    },
    Member {
        key: "link_type_values",
        default: "{}",
        values: "an object from a type to the text in its place",
        summary: "Other names for the types of links: `{\"triggered_by\": \"caused_by\"}`.",
        set: |config, value| {
            config.type_values = type_values(value)?;
            Ok(())
        },
    },
    Member {
        key: "link_type_aliases",
        default: "false",
        values: "true, false",
        summary: "Whether the type of a link is taken from `sentry.link.type`, `link.kind` or `dd.kind` if it has one of these.",
        set: |config, value| {
            config.type_aliases = boolean(value)?;
            Ok(())
        },
    },
    Member {
        key: "provenance_attribute",
        default: "\"link.repaired\"",
        values: "an attribute name outside of \"messaging.\", or \"\" for none",
        summary: "The attribute that is true on links that linkmend made or repaired.",
        set: |config, value| {
            config.provenance_attribute = written_name(value)?;
            Ok(())
        },
    },
];

fn type_values(value: &Value) -> Result<Vec<(LinkType, String)>, Refusal> {
    let types = value.as_object().ok_or(Refusal::Value)?;
    let known: Vec<&str> = LinkType::ALL.iter().map(|kind| kind.as_str()).collect();
    let (mut texts, mut faults) = (Vec::new(), Vec::new());
    for (name, word) in types {
        let kind = LinkType::ALL.into_iter().find(|kind| kind.as_str() == name);
        let word = word.as_str().filter(|word| !word.is_empty());
        let text = match (kind, word) {
            (Some(kind), Some(word)) => {
                texts.push((kind, word.to_owned()));
                continue;
            }
            (Some(_), None) => "is not a text".into(),
            (None, _) => {
                let (nearest, all) = (nearest(name, &known), known.join(", "));
                format!("unknown type; the nearest is {nearest} (all types: {all})")
            }
        };
        let path = format!(".{name}");
        faults.push(Fault { path, text });
    }
    if faults.is_empty() {
        Ok(texts)
    } else {
        Err(Refusal::Inside(faults))
    }
}
