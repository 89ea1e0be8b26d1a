//! Which bytes texts begin with: most keys are told apart by these.

/// The first bytes of some texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FirstBytes([u32; 8]);

impl FirstBytes {
    /// One more text; every text begins like the empty one.
    pub(crate) fn insert(&mut self, text: &[u8]) {
        match text.first() {
            Some(first) => self.insert_byte(*first),
            None => (0..=255).for_each(|byte| self.insert_byte(byte)),
        }
    }

    fn insert_byte(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 5)) {
            *word |= 1 << (byte & 31);
        }
    }

    /// One of the texts may be the beginning of `key`. An empty key can only begin
    /// like an empty text.
    #[inline]
    pub(crate) fn may_begin(&self, key: &[u8]) -> bool {
        let contains = |byte: &u8| {
            let word = self.0.get(usize::from(byte >> 5));
            word.is_some_and(|word| word >> (byte & 31) & 1 == 1)
        };
        key.first().is_none_or(contains)
    }
}
