//! A rule in the sandbox that answers what it is told to: any verdict, or any
//! memory at all in the place of one.

use linkmend::interface::{SpanContext, Text, Verdict};
use linkmend::{Rule, World};

use crate::guests::{component, in_shell_of};

/// Where the answer lies in the memory of the guest.
const BASE: u32 = 0x0060_0000;

/// A rule whose answer to a batch that it is hostile to is this memory. Such a
/// batch has more than 1,000 bytes, and so has the name of its first span.
#[must_use]
pub fn rule(world: World, memory: &[u8]) -> Rule {
    let guest = include_str!("../guests/puppet.wat");
    let component = component(&in_shell_of(world, guest));
    let letters = memory.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let config: String = letters.map(|half| char::from(b'a' + half)).collect();
    Rule::component("puppet.wasm", component).with_config(config)
}

/// A verdict as the component model lays it out.
#[must_use]
pub fn memory(verdict: &Verdict) -> Vec<u8> {
    let lists = [
        (verdict.edits.len(), edits(verdict)),
        (verdict.attributes.len(), attributes(verdict)),
        (verdict.notes.len(), notes(verdict)),
        (verdict.deferrals.len(), deferrals(verdict)),
        (verdict.keys.len(), keys(verdict)),
        (verdict.texts.len(), verdict.texts.clone()),
        (verdict.explanations.len(), explanations(verdict)),
    ];
    // The result is ok, and then a place and a length for each list.
    let mut head = vec![0; 4];
    let mut body = Vec::new();
    for (length, list) in lists {
        body.resize(body.len().next_multiple_of(8), 0);
        let at = BASE + 64 + body.len() as u32;
        put(&mut head, &[at, length as u32]);
        body.extend(list);
    }
    head.resize(64, 0);
    head.extend(body);
    head
}

fn edits(verdict: &Verdict) -> Vec<u8> {
    let mut out = Vec::new();
    for edit in &verdict.edits {
        put(&mut out, &[edit.span, edit.link]);
        out.extend([edit.action as u8, edit.reason as u8, 0, 0, 0, 0, 0, 0]);
        context(&mut out, &edit.context);
        put(&mut out, &[edit.first_attribute, edit.attribute_count]);
    }
    out
}

fn context(out: &mut Vec<u8>, context: &SpanContext) {
    for number in [context.trace_id_high, context.trace_id_low, context.span_id] {
        out.extend(number.to_le_bytes());
    }
    text(out, context.trace_state);
    put(out, &[context.flags, 0]);
}

fn attributes(verdict: &Verdict) -> Vec<u8> {
    let mut out = Vec::new();
    for attribute in &verdict.attributes {
        text(&mut out, attribute.key);
        out.extend([attribute.kind as u8, 0, 0, 0]);
        text(&mut out, attribute.text);
        put(&mut out, &[0]);
        out.extend(attribute.bits.to_le_bytes());
    }
    out
}

fn notes(verdict: &Verdict) -> Vec<u8> {
    let mut out = Vec::new();
    for note in &verdict.notes {
        put(&mut out, &[note.span, note.kind as u32, note.count]);
    }
    out
}

fn deferrals(verdict: &Verdict) -> Vec<u8> {
    let mut out = Vec::new();
    for deferral in &verdict.deferrals {
        put(
            &mut out,
            &[deferral.span, deferral.first_key, deferral.key_count],
        );
    }
    out
}

fn keys(verdict: &Verdict) -> Vec<u8> {
    let numbers = verdict.keys.iter().flat_map(|key| [key.high, key.low]);
    numbers.flat_map(u64::to_le_bytes).collect()
}

fn explanations(verdict: &Verdict) -> Vec<u8> {
    let mut out = Vec::new();
    for explanation in &verdict.explanations {
        put(&mut out, &[explanation.span]);
        text(&mut out, explanation.text);
    }
    out
}

fn text(out: &mut Vec<u8>, text: Text) {
    put(out, &[text.offset, text.length]);
}

fn put(out: &mut Vec<u8>, numbers: &[u32]) {
    for number in numbers {
        out.extend(number.to_le_bytes());
    }
}
