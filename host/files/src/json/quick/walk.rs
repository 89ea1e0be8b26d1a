//! The place in a text, and what was written of it.

use std::ops::Range;

use linkmend_wire::encode::{put_varint, varint_len};

use crate::json::schema::Field;

/// That it was read.
pub(super) type Done = Option<()>;

/// Where the spans stand in a text.
pub(crate) type SpanPlaces = Vec<Range<usize>>;

pub(super) struct Walk<'t, 'o> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    pub(super) out: &'o mut Vec<u8>,
    /// The fields of all open messages: number and start.
    pub(super) starts: Vec<(u32, usize)>,
    /// For writing fields anew in order.
    pub(super) scratch: Vec<u8>,
    pub(super) spans: SpanPlaces,
}

impl Walk<'_, '_> {
    /// The next byte that is no white space.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    #[inline]
    pub(super) fn byte(&mut self, byte: u8) -> Done {
        if self.peek()? != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    pub(super) fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn tag(&mut self, field: &Field) {
        let tag = field.number << 3 | u32::from(field.kind.wire_type());
        put_varint(self.out, u64::from(tag));
    }

    /// Sets the length, for which there is room before `start`, of all that was
    /// written since.
    pub(super) fn set_length(&mut self, start: usize, room: usize) -> Done {
        let end = self.out.len();
        let mut rest = end - start;
        if rest < 0x80 && room == 1 {
            *self.out.get_mut(start - 1)? = rest as u8;
            return Some(());
        }
        let width = varint_len(rest as u64);
        if width != room {
            let moved = start + width - room;
            self.out.resize(end.max(end + width - room), 0);
            self.out.copy_within(start..end, moved);
            self.out.truncate(end + width - room);
        }
        let at = start - room;
        let length = self.out.get_mut(at..at + width)?;
        for byte in length.iter_mut() {
            *byte = rest as u8 | 0x80;
            rest >>= 7;
        }
        *length.last_mut()? &= 0x7f;
        Some(())
    }
}
