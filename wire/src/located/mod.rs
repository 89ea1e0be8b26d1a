//! A batch as located fields: what a rule that parses no protobuf is shown.
//!
//! The selected spans of a batch come down to two buffers. `fields` is a row of
//! items of fixed layout, and `values` holds the texts that they name by offset
//! and length. All numbers are little-endian, and nothing is aligned.
//! [`Locator`] writes them, in the walk over the batch or after it, and [`Items`]
//! reads them.
//!
//! Every item begins with its kind and its length in bytes behind these two, 32
//! bits each:
//!
//! | kind | item | what it holds |
//! |---|---|---|
//! | 0 | resource | attributes; the items that follow are of this resource |
//! | 1 | scope | name (text), version (text); the spans that follow are of this scope |
//! | 2 | span | see below |
//!
//! A text is its offset in `values` and its length, 32 bits each. A span:
//!
//! | offset | bits | field |
//! |---|---|---|
//! | 0, 8 | 64 each | trace id, the high and the low half of its big-endian number; 0: not valid |
//! | 16, 24 | 64 each | span id and parent span id; 0: none, or not valid |
//! | 32, 40 | 64 each | start and end, nanoseconds since the Unix epoch |
//! | 48, 52, 56, 60 | 32 each | flags, kind, status code, dropped links count |
//! | 64, 72 | text each | name, trace state |
//! | 80, 84, 88 | 32 each | how many attributes, links and events follow, in this order |
//!
//! An attribute takes 12 bytes:
//!
//! | offset | bits | field |
//! |---|---|---|
//! | 0 | 16 | its number: the place of the key in what the rule reads |
//! | 2 | 8 | the kind of its value |
//! | 4 | 64 | the value |
//!
//! | kind | value |
//! |---|---|
//! | 0 | none, or one of another kind (a list of keys and values) |
//! | 1, 2 | a string, or bytes: a text |
//! | 3, 4, 5 | a boolean (0 or 1), an integer (two's complement), a double (IEEE 754): its bits |
//! | 6 | an array: a text, with the elements |
//! | 7 | no value, but a text: the key of the attribute that comes next. It stands before those whose key the rule reads by its beginning |
//!
//! The elements of an array are their number (32 bits), and then one after the
//! other a byte for the kind and the value: of kinds 1 and 2 the length in 32
//! bits and as many bytes, of 3 to 5 64 bits, of all others nothing. At most
//! [`MAX_ELEMENTS`] are there, however many it had.
//!
//! A link takes 52 bytes, and then its attributes:
//!
//! | offset | bits | field |
//! |---|---|---|
//! | 0, 8, 16 | 64 each | trace id and span id, as of a span |
//! | 24 | 64 | the sum of the checksums of those of its attributes that are not read, modulo 2^64: equal where they are equal, in any order. 0 where the span has one link |
//! | 32 | text | trace state |
//! | 40, 44, 48 | 32 each | flags; how many attributes it has; how many follow |
//!
//! An event is its time (64 bits), its name (text), how many attributes follow
//! (32 bits), and these. Events are there that have an attribute that is read.

mod entries;
mod follow;
mod layout;
mod put;
mod read;
mod reads;
mod write;

pub use layout::{Located, MAX_ELEMENTS};
pub use read::{Attribute, Attributes, Elements, Event, Item, Items, Link, Span, Value};
pub use reads::Reads;
pub use write::Locator;
