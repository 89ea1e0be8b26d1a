//! The rule as a component of the world `field-rule`.
#![allow(
    missing_docs,
    unsafe_code,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

use std::cell::RefCell;

use linkmend_rule::wire::located::Located;
use linkmend_rule::{About, FieldRule, HostIndex, Plan, Tasks, Verdict};

use crate::Repair;

wit_bindgen::generate!({
    path: "wit",
    world: "field-rule",
    with: {
        "linkmend:rule/types@0.2.0": linkmend_rule::bindings::linkmend::rule::types,
        "linkmend:rule/index@0.2.0": linkmend_rule::bindings::linkmend::rule::index,
    },
});

struct Component;

std::thread_local! {
    static RULE: RefCell<Option<Repair>> = const { RefCell::new(None) };
}

impl exports::linkmend::rule::lifecycle::Guest for Component {
    fn describe() -> About {
        Repair::describe()
    }

    fn configure(config: String) -> Result<Plan, String> {
        let (rule, plan) = Repair::configure(&config)?;
        RULE.set(Some(rule));
        Ok(plan)
    }
}

impl exports::linkmend::rule::fields::Guest for Component {
    fn process(tasks: Tasks, fields: Vec<u8>, values: Vec<u8>) -> Result<Verdict, String> {
        let traces = Located {
            fields: &fields,
            values: &values,
        };
        RULE.with_borrow_mut(|rule| match rule {
            Some(rule) => rule.process(tasks, traces, &mut HostIndex),
            None => Err("process was called before configure".into()),
        })
    }
}

export!(Component);
