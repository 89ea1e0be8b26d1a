//! OTLP/JSON as nearly everybody writes it, in one walk over the bytes.
//!
//! What is out of the ordinary is left to [`super::decode`]: keys that OTLP does not
//! have, `null`, old names, a key twice, ids in base64, and everything that is wrong.
//! So there are no errors here, but for the one that says that it has to be done the
//! other way. Both make the same bytes of a text, to which the tests hold them.

mod scalar;
mod walk;

use linkmend_wire::encode::varint_len;

use super::schema::{Field, Kind, Message, RESOURCE_SPANS, SCOPE_SPANS, SPAN, TRACES_DATA};
use scalar::plain_length;
use walk::{Done, Walk};

pub(crate) use walk::SpanPlaces;

/// Deeper than any sender nests; the other way has its own limit.
const MAX_DEPTH: u32 = 32;

/// Appends what a `TracesData` object holds. `None`: it has to be read the other
/// way, and nothing was appended.
pub(super) fn traces(text: &str, out: &mut Vec<u8>) -> Option<SpanPlaces> {
    run(text, out, |walk| walk.message(&TRACES_DATA, 0))
}

/// The same for an element of `resourceSpans`.
pub(super) fn resource_spans(text: &str, out: &mut Vec<u8>) -> Option<SpanPlaces> {
    let field = TRACES_DATA.fields.first()?;
    run(text, out, |walk| walk.nested(field, &RESOURCE_SPANS, 0))
}

fn run(
    text: &str,
    out: &mut Vec<u8>,
    read: impl FnOnce(&mut Walk<'_, '_>) -> Done,
) -> Option<SpanPlaces> {
    let before = out.len();
    let mut walk = Walk {
        text: text.as_bytes(),
        at: 0,
        out,
        starts: Vec::new(),
        scratch: Vec::new(),
        spans: Vec::new(),
    };
    let done = read(&mut walk).filter(|()| walk.peek().is_none());
    let spans = walk.spans;
    if done.is_none() {
        out.truncate(before);
    }
    done.map(|()| spans)
}

impl Walk<'_, '_> {
    /// Reads an object and writes its fields in ascending order.
    fn message(&mut self, message: &'static Message, depth: u32) -> Done {
        if depth > MAX_DEPTH {
            return None;
        }
        self.byte(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        let base = self.starts.len();
        let (mut seen, mut last, mut is_sorted) = (0_u32, 0, true);
        let mut place = 0;
        loop {
            place = self.key(message, place)?;
            let field = message.fields.get(place)?;
            let bit = 1_u32.checked_shl(place as u32)?;
            // Of a oneof the last member would count.
            if field.old || seen & bit != 0 || message.oneof && seen != 0 {
                return None;
            }
            seen |= bit;
            is_sorted &= last < field.number;
            last = field.number;
            self.starts.push((field.number, self.out.len()));
            if field.repeated {
                self.list(field, depth)?;
            } else {
                self.value(field, message.oneof, depth)?;
            }
            place += 1;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        if !is_sorted {
            self.sort(base)?;
        }
        self.starts.truncate(base);
        Some(())
    }

    /// Brings the fields that began since `base` into ascending order.
    fn sort(&mut self, base: usize) -> Done {
        // Number, start and end; `seen` has room for as many.
        let mut fields = [(0, 0, 0); u32::BITS as usize];
        let begun = self.starts.get(base..)?;
        let fields = fields.get_mut(..begun.len())?;
        let mut end = self.out.len();
        for (field, &(number, start)) in fields.iter_mut().zip(begun).rev() {
            *field = (number, start, end);
            end = start;
        }
        fields.sort_unstable_by_key(|(number, ..)| *number);
        self.scratch.clear();
        for &(_, start, end) in fields.iter() {
            self.scratch.extend_from_slice(self.out.get(start..end)?);
        }
        self.out.truncate(end);
        self.out.extend_from_slice(&self.scratch);
        Some(())
    }

    /// The place in the table of the key that comes next: mostly that at `expected`,
    /// or one behind it. Its colon is read, too.
    #[inline]
    fn key(&mut self, message: &Message, expected: usize) -> Option<usize> {
        self.byte(b'"')?;
        let next = message.fields.get(expected);
        let behind = next.and_then(|next| self.rest().strip_prefix(next.name.as_bytes()));
        if let (Some(next), Some([b'"', b':', ..])) = (next, behind) {
            self.at += next.name.len() + 2;
            return Some(expected);
        }
        let length = plain_length(self.rest());
        let key = self.rest().get(..length)?;
        let is_it = |field: &Field| field.name.as_bytes() == key;
        let fields = message.fields;
        let behind = fields.get(expected..).unwrap_or_default();
        let found = match behind.iter().position(is_it) {
            Some(place) => Some(expected + place),
            None => fields.iter().take(expected).position(is_it),
        };
        let by_other_name = || {
            let is_it = |field: &Field| field.snake.as_bytes() == key;
            fields.iter().position(is_it)
        };
        let place = found.or_else(by_other_name)?;
        self.at += length;
        if self.text.get(self.at) != Some(&b'"') {
            return None;
        }
        self.at += 1;
        self.byte(b':')?;
        Some(place)
    }

    fn list(&mut self, field: &'static Field, depth: u32) -> Done {
        self.byte(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.value(field, true, depth)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.at += 1;
        Some(())
    }

    /// Reads a value and writes it with its tag; the default only if it is to be
    /// kept.
    #[inline]
    fn value(&mut self, field: &'static Field, keep: bool, depth: u32) -> Done {
        match field.kind {
            Kind::Message(message) => self.nested(field, message, depth),
            Kind::Text => self.string(field, keep),
            Kind::Id => self.id(field, keep),
            Kind::Bool => self.boolean(field, keep),
            Kind::Double => self.double(field, keep),
            Kind::Enum(names) if self.peek()? == b'"' => self.name(field, names, keep),
            Kind::Int64 | Kind::Fixed64 | Kind::Uint32 | Kind::Fixed32 | Kind::Enum(_) => {
                self.integer(field, keep)
            }
            Kind::Bytes => None,
        }
    }

    fn nested(&mut self, field: &Field, message: &'static Message, depth: u32) -> Done {
        self.peek()?;
        let begin = self.at;
        self.tag(field);
        let room = self.room_for_length(message);
        (0..room).for_each(|_| self.out.push(0));
        let start = self.out.len();
        self.message(message, depth + 1)?;
        self.set_length(start, room)?;
        if is(message, &SPAN) {
            self.spans.push(begin..self.at);
        }
        Some(())
    }

    /// How many bytes the length of a message will probably take: if it takes
    /// others, the message is moved.
    fn room_for_length(&self, message: &'static Message) -> usize {
        if is(message, &SPAN) {
            return 2;
        }
        let is_large = is(message, &RESOURCE_SPANS) || is(message, &SCOPE_SPANS);
        // Protobuf is about half as long.
        let left = self.text.len().saturating_sub(self.at) / 2;
        if is_large { varint_len(left as u64) } else { 1 }
    }
}

/// There is one of each message.
fn is(message: &'static Message, other: &'static Message) -> bool {
    std::ptr::eq(message, other)
}
