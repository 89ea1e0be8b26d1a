//! Links, good and bad.

use linkmend_emitters::template::{key_text, key_value};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::spans::{id, trace};
use super::values::attributes;

/// How the ids of a link are spoiled.
fn spoil(link: &mut Link, damage: u8) {
    match damage {
        0 => link.trace_id = vec![0; 16],
        1 => link.span_id = Vec::new(),
        2 => (link.trace_id, link.span_id) = (Vec::new(), Vec::new()),
        3 => link.trace_id.truncate(15),
        4 => link.span_id.push(1),
        _ => {}
    }
}

fn link(focus: usize) -> impl Strategy<Value = Link> {
    let states = select(&["", "", "a=b"][..]);
    (0..8u64, 0..16u8, attributes(3, focus), states, any::<u32>()).prop_map(
        |(number, damage, attributes, state, flags)| {
            let mut link = Link {
                trace_id: trace(number).to_be_bytes().to_vec(),
                span_id: id(number).to_be_bytes().to_vec(),
                trace_state: state.to_owned(),
                attributes,
                dropped_attributes_count: u32::from(damage),
                flags,
            };
            spoil(&mut link, damage);
            link
        },
    )
}

/// A few links, or up to three hundred, or links with as many attributes as
/// they may have, or links that say the same, or nearly.
pub fn links(focus: usize) -> impl Strategy<Value = Vec<Link>> {
    let many =
        (vec(link(focus), 1..5), 1..300usize, 1..40u64).prop_map(|(some, count, targets)| {
            let repeated = some.into_iter().cycle().take(count);
            let number = |(number, mut link): (u64, Link)| {
                if link.span_id.len() == 8 {
                    link.span_id = id(number % targets).to_be_bytes().to_vec();
                }
                link
            };
            (0..).zip(repeated).map(number).collect()
        });
    let full = (vec(link(focus), 1..3), 125..130usize).prop_map(|(mut links, count)| {
        for link in &mut links {
            for number in link.attributes.len()..count {
                let key = format!("filler.{number}");
                link.attributes.push(key_value(&key, Value::IntValue(1)));
            }
        }
        links
    });
    let twins = vec((link(focus), vec(0..5u8, 1..4)), 1..3).prop_map(|all| {
        let copies = |(link, kinds): (Link, Vec<u8>)| {
            let copy = move |kind| twin(&link, kind);
            kinds.into_iter().map(copy).collect::<Vec<_>>()
        };
        all.into_iter().flat_map(copies).collect()
    });
    prop_oneof![
        3 => twins,
        12 => Just(Vec::new()),
        12 => vec(link(focus), 0..6),
        2 => many,
        1 => full,
    ]
}

/// The same link, with what linkmend or a user has added since.
fn twin(link: &Link, kind: u8) -> Link {
    let mut link = link.clone();
    let mark = key_value("link.repaired", Value::BoolValue(true));
    let added = match kind {
        1 => vec![key_text("link.type", "triggered_by"), mark],
        2 => vec![key_text("link.type", "aggregated_from")],
        3 => vec![key_text("link.type", "mine")],
        4 => vec![mark],
        _ => Vec::new(),
    };
    for attribute in added {
        let is_there = link
            .attributes
            .iter()
            .any(|other| other.key == attribute.key);
        if !is_there {
            link.attributes.push(attribute);
        }
    }
    link
}
