//! Where a decoded message is written: protobuf in ascending field order,
//! whatever the order of the keys.

use linkmend_wire::encode::{put_varint, varint_len};

use super::schema::{Field, Message};

/// Protobuf being written, and where in the JSON the reading is.
#[derive(Debug, Default)]
pub(super) struct Sink {
    pub(super) out: Vec<u8>,
    /// The fields of all open messages: order and start.
    entries: Vec<(u32, usize)>,
    /// For writing fields anew in order.
    scratch: Vec<u8>,
    /// The way to what is read. Steps stay when an error ends the reading, so
    /// that the error can tell where it was.
    pub(super) path: Vec<Step>,
    /// How many messages the reading is inside of.
    pub(super) depth: u32,
    /// Ids stand there in base64.
    pub(super) base64_ids: bool,
}

/// A step of the way to a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Key(&'static str),
    Index(usize),
}

/// A message that is being written: its part of the entries.
#[derive(Debug)]
pub(super) struct Open {
    base: usize,
}

impl Sink {
    /// Begins a message at the end of what is written.
    pub(super) fn open(&self) -> Open {
        Open {
            base: self.entries.len(),
        }
    }

    /// Begins a field; false if the message has it already.
    pub(super) fn begin_field(&mut self, open: &Open, field: &Field) -> bool {
        let order = order(field);
        let mut seen = self.entries.iter().skip(open.base);
        let is_new = seen.all(|entry| entry.0 != order);
        self.entries.push((order, self.out.len()));
        is_new
    }

    /// Ends a field. Of a oneof only the last member stays.
    pub(super) fn end_field(&mut self, open: &Open, message: &Message) {
        let Some(&(order, start)) = self.entries.last() else {
            return;
        };
        if message.oneof && start < self.out.len() {
            let first = self.entries.get(open.base).map_or(start, |entry| entry.1);
            if first < start {
                self.out.drain(first..start);
                self.entries.truncate(open.base);
                self.entries.push((order, first));
            }
        }
    }

    /// Ends a message: its fields in ascending order.
    pub(super) fn close(&mut self, open: &Open) {
        let fields = self.entries.get(open.base..).unwrap_or_default();
        let has_old = fields.iter().any(|entry| is_old(entry.0));
        if has_old || !fields.is_sorted_by_key(|entry| entry.0) {
            self.rewrite(open);
        }
        self.entries.truncate(open.base);
    }

    fn rewrite(&mut self, open: &Open) {
        let fields = self.entries.get(open.base..).unwrap_or_default();
        let first = fields.first().map_or(self.out.len(), |entry| entry.1);
        let mut end = self.out.len();
        // Each field ends where the one written after it begins.
        let mut ranges: Vec<(u32, usize, usize)> = Vec::with_capacity(fields.len());
        for &(order, start) in fields.iter().rev() {
            if start < end {
                ranges.push((order, start, end));
            }
            end = start;
        }
        ranges.sort_unstable();
        // An old name counts only where the new one has nothing to say.
        ranges.dedup_by(|later, earlier| is_old(later.0) && later.0 >> 1 == earlier.0 >> 1);
        self.scratch.clear();
        for (_, start, end) in ranges {
            self.scratch
                .extend_from_slice(self.out.get(start..end).unwrap_or_default());
        }
        self.out.truncate(first);
        self.out.extend_from_slice(&self.scratch);
    }

    /// The tag of a field.
    pub(super) fn tag(&mut self, field: &Field) {
        let tag = field.number << 3 | u32::from(field.kind.wire_type());
        put_varint(&mut self.out, u64::from(tag));
    }

    /// Leaves room for a length; the place is for [`Sink::set_length`].
    pub(super) fn leave_length(&mut self) -> usize {
        self.out.push(0);
        self.out.len()
    }

    /// Sets the length of what was written since `start`.
    pub(super) fn set_length(&mut self, start: usize) {
        let length = self.out.len() - start;
        let width = varint_len(length as u64);
        let end = self.out.len();
        if width > 1 {
            self.out.resize(end + width - 1, 0);
            self.out.copy_within(start..end, start + width - 1);
        }
        let mut rest = length;
        for slot in self.out.iter_mut().skip(start - 1).take(width) {
            *slot = rest as u8 & 0x7f | 0x80;
            rest >>= 7;
        }
        if let Some(last) = self.out.get_mut(start + width - 2) {
            *last &= 0x7f;
        }
    }

    /// Forgets what a failed message left behind; `length` bytes stay.
    pub(super) fn reset(&mut self, length: usize) {
        self.out.truncate(length);
        self.entries.clear();
        self.path.clear();
        self.depth = 0;
    }

    /// The path as it is written: `resourceSpans[0].scopeSpans[1]`.
    pub(super) fn path_text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        for step in &self.path {
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Key(key) if text.is_empty() => write!(text, "{key}"),
                Step::Key(key) => write!(text, ".{key}"),
                Step::Index(index) => write!(text, "[{index}]"),
            };
        }
        text
    }
}

/// Where a field stands in its message; an old name right behind the new one.
fn order(field: &Field) -> u32 {
    field.number << 1 | u32::from(field.old)
}

fn is_old(order: u32) -> bool {
    order & 1 == 1
}
