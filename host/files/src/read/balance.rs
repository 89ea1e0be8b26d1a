//! Finding the end of a JSON value without parsing it.

/// Follows a JSON value through chunks of text until it ends.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Balance {
    depth: u64,
    in_string: bool,
    escaped: bool,
    in_scalar: bool,
}

impl Balance {
    /// Takes the next chunk of the value, the first one from its first byte
    /// on. Some: how much of the chunk belongs to the value, which is then
    /// complete.
    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = chunk.get(at) {
            if self.escaped {
                self.escaped = false;
                at += 1;
                continue;
            }
            if self.in_string {
                let rest = chunk.get(at..).unwrap_or_default();
                let next = memchr::memchr2(b'"', b'\\', rest)?;
                at += next + 1;
                if rest.get(next) == Some(&b'\\') {
                    self.escaped = true;
                } else {
                    self.in_string = false;
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
                continue;
            }
            if self.depth > 0 && !is_structure(byte) {
                // Most of a document is of no interest.
                let rest = chunk.get(at..).unwrap_or_default();
                at += rest.iter().position(|byte| is_structure(*byte))?;
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return Some(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                b',' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 && self.in_scalar => {
                    return Some(at);
                }
                _ => self.in_scalar |= self.depth == 0,
            }
            at += 1;
        }
        None
    }

    /// The text so far ends in a string.
    pub(super) fn in_string(&self) -> bool {
        self.in_string
    }
}

/// A byte that may change the depth, or begin a string.
fn is_structure(byte: u8) -> bool {
    matches!(byte, b'"' | b'{' | b'}' | b'[' | b']')
}
