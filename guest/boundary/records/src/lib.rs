//! The join by message id, over records: the counterpart of
//! `linkmend-boundary-bytes`, for measuring what either world costs.
//!
//! A consumer is linked to the producer of its `messaging.message.id`, unless it
//! has that link. Nothing else: no other id, no repair, no deferral. Both rules
//! are written as lean as can be, and answer the same.

mod bindings;
mod join;

use bindings::exports::linkmend::rule::{lifecycle, spans};
use bindings::linkmend::rule::types::{About, Plan, Selector, SpanKinds, Tasks, Verdict};

/// The attribute that names a message.
const MESSAGE_ID: &str = "messaging.message.id";

struct Component;

impl lifecycle::Guest for Component {
    fn describe() -> About {
        About {
            name: "boundary-records".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: "Joins consumers and producers by messaging.message.id, over records.".into(),
        }
    }

    fn configure(_: String) -> Result<Plan, String> {
        Ok(Plan {
            selector: Selector {
                kinds: SpanKinds::empty(),
                attribute_keys: vec![MESSAGE_ID.into()],
                attribute_prefixes: Vec::new(),
                with_links: false,
            },
            uses_index: true,
            type_attribute: "link.type".into(),
            count_all_drops: false,
            reads: vec![MESSAGE_ID.into()],
        })
    }
}

impl spans::Guest for Component {
    fn process(tasks: Tasks, traces: spans::Traces) -> Result<Verdict, String> {
        join::Batch::of(tasks, &traces.spans)
            .join()
            .map_err(|error| format!("the message index did not answer: {error:?}"))
    }
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "the exports that a component is made of")]
mod export {
    use super::Component;

    crate::bindings::export_component!(Component with_types_in crate::bindings);
}
