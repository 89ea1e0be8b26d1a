//! What items and values take, and their kinds.

/// How many elements of an array are shown.
pub const MAX_ELEMENTS: usize = 1 << 16;

/// A batch, located.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Located<'a> {
    /// The items.
    pub fields: &'a [u8],
    /// The texts.
    pub values: &'a [u8],
}

pub(super) const RESOURCE: u32 = 0;
pub(super) const SCOPE: u32 = 1;
pub(super) const SPAN: u32 = 2;

/// What a kind and a length take.
pub(super) const HEAD: usize = 8;
pub(super) const SCOPE_SIZE: usize = 16;
pub(super) const SPAN_SIZE: usize = 92;
pub(super) const LINK_SIZE: usize = 52;
pub(super) const EVENT_SIZE: usize = 20;
pub(super) const ATTRIBUTE_SIZE: usize = 12;

/// Kinds of values.
pub(super) mod kind {
    pub(in crate::located) const NONE: u8 = 0;
    pub(in crate::located) const TEXT: u8 = 1;
    pub(in crate::located) const BYTES: u8 = 2;
    pub(in crate::located) const BOOL: u8 = 3;
    pub(in crate::located) const INT: u8 = 4;
    pub(in crate::located) const DOUBLE: u8 = 5;
    pub(in crate::located) const ARRAY: u8 = 6;
    pub(in crate::located) const KEY: u8 = 7;
}
