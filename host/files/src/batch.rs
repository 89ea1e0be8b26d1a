//! A batch on its way: cut out of the input, decoded, and rendered again.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use bytes::Bytes;
use linkmend_wire::otlp::traces_data;
use linkmend_wire::{Fields, Scan, Selector, WireError, field_path};

use crate::fault::{FaultKind, InputFault, Position, part_name};
use crate::format::Format;
use crate::json::{self, Decoder, ElementKind, JsonError, SpanPlaces, ZipkinSpans};

/// A batch as it stands in the input, not decoded yet.
#[derive(Debug)]
pub struct RawBatch {
    pub(crate) number: u64,
    pub(crate) position: Position,
    pub(crate) format: Format,
    pub(crate) limit: usize,
    pub(crate) content: Content,
}

/// What stands in the input.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// White space, or a byte order mark.
    Blank(Bytes),
    /// A JSON document up to its `resourceSpans`, and what would end it.
    Opening(Bytes, &'static [u8]),
    /// The rest of a JSON document behind its `resourceSpans`.
    Closing(Bytes),
    /// A `TracesData` object; in JSON Lines with the end of the line.
    Object(Bytes),
    /// The same as the content of a frame.
    FramedObject(Bytes),
    /// Elements of `resourceSpans`.
    Elements(Elements),
    /// Protobuf, from the `resource_spans` number `first` on.
    Message { bytes: Bytes, first: usize },
    /// A frame: anything, perhaps compressed.
    Frame(Bytes),
}

/// Elements of a `resourceSpans` array, or of that of another model.
#[derive(Debug, Clone)]
pub(crate) struct Elements {
    pub(crate) kind: ElementKind,
    /// What stands between the element before them, or the `[`, and them.
    pub(crate) lead: Bytes,
    /// From the first to the last, with what stands between them.
    pub(crate) text: Bytes,
    /// The index of each in the array, and where in the text it is.
    pub(crate) ranges: Vec<(usize, Range<usize>)>,
}

/// What a [`RawBatch`] turns out to be.
#[derive(Debug)]
pub struct Decoded {
    /// The batch; none if nothing of it can be read.
    pub batch: Option<Batch>,
    /// What of it cannot be read. There may be a batch as well: the rest.
    pub faults: Vec<InputFault>,
}

/// A batch: OTLP protobuf, and the text that it came from.
#[derive(Debug)]
pub struct Batch {
    pub(crate) number: u64,
    pub(crate) position: Position,
    pub(crate) format: Format,
    pub(crate) traces: Bytes,
    pub(crate) content: Content,
    /// The text is not OTLP/JSON, and can stand in a file of its own form only.
    pub(crate) is_foreign: bool,
    /// Where the spans stand in the text of an object or of elements, if that was
    /// found out on the way.
    pub(crate) places: Option<SpanPlaces>,
}

impl RawBatch {
    /// The running number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Where the batch begins.
    pub fn position(&self) -> Position {
        self.position
    }

    /// How many bytes of the input it is.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Blank(bytes)
            | Content::Opening(bytes, _)
            | Content::Closing(bytes)
            | Content::Object(bytes)
            | Content::FramedObject(bytes)
            | Content::Message { bytes, .. }
            | Content::Frame(bytes) => bytes.len(),
            Content::Elements(elements) => elements.lead.len() + elements.text.len(),
        }
    }

    /// It is no bytes of the input (an empty frame).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Decodes and checks the batch: what takes time, and what any thread can
    /// do.
    pub fn decode(self) -> Decoded {
        let Decoded { batch, mut faults } = self.decode_unchecked();
        let checked = batch.map(Batch::check);
        let batch = checked.and_then(|mut checked| {
            faults.append(&mut checked.faults);
            checked.batch
        });
        Decoded { batch, faults }
    }

    /// The same, but for looking at protobuf: whoever walks over the batch in any case
    /// finds out whether it is well-formed, and calls [`Batch::check`] if it is not.
    pub fn decode_unchecked(self) -> Decoded {
        let mut decoding = Decoding::new(self.number, self.position);
        let decoded = match self.content {
            Content::Object(text) => decoding.object(text, Content::Object),
            Content::FramedObject(text) => decoding.object(text, Content::FramedObject),
            Content::Elements(elements) => decoding.elements(elements),
            Content::Message { bytes, first } => Some(message(bytes, first)),
            Content::Frame(bytes) => decoding.frame(bytes, self.limit),
            text @ (Content::Blank(_) | Content::Opening(..) | Content::Closing(_)) => {
                Some((Bytes::new(), text))
            }
        };
        decoding.end(decoded, self.format)
    }
}

impl Batch {
    /// The running number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Where the batch begins.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The spans as an OTLP `TracesData` message. Empty where the input has text
    /// without spans, such as a blank line: it goes through like any batch.
    pub fn traces(&self) -> &Bytes {
        &self.traces
    }

    /// Leaves out what of protobuf is not well-formed, and says where that is. Other
    /// batches have been checked.
    pub fn check(self) -> Decoded {
        let Content::Message { bytes, first } = self.content else {
            let (batch, faults) = (Some(self), Vec::new());
            return Decoded { batch, faults };
        };
        let mut decoding = Decoding::new(self.number, self.position);
        let decoded = decoding.message(bytes, first);
        decoding.end(decoded, self.format)
    }
}

/// An object without what stands behind it: the end of a line, which is no part of an
/// error's place, or white space that is none in JSON.
pub(crate) fn without_end(text: &[u8]) -> &[u8] {
    text.trim_ascii_end()
}

fn message(bytes: Bytes, first: usize) -> (Bytes, Content) {
    (bytes.clone(), Content::Message { bytes, first })
}

struct Decoding {
    number: u64,
    position: Position,
    faults: Vec<InputFault>,
    is_foreign: bool,
    places: Option<SpanPlaces>,
}

type Found = Option<(Bytes, Content)>;

impl Decoding {
    fn new(number: u64, position: Position) -> Self {
        Self {
            number,
            position,
            faults: Vec::new(),
            is_foreign: false,
            places: None,
        }
    }

    fn end(self, found: Found, format: Format) -> Decoded {
        let batch = found.map(|(traces, content)| Batch {
            number: self.number,
            position: self.position,
            format,
            traces,
            content,
            is_foreign: self.is_foreign,
            places: self.places,
        });
        let faults = self.faults;
        Decoded { batch, faults }
    }

    fn fault(&mut self, position: Position, kind: FaultKind) {
        self.faults.push(InputFault {
            number: self.number,
            position,
            kind,
            ends_input: false,
        });
    }

    fn json_fault(&mut self, position: Position, error: JsonError) {
        // In a frame there are no lines to name but its own.
        let reason = match position {
            Position::Text { .. } => error.reason,
            Position::Byte { .. } => {
                format!(
                    "{} (line {}, column {})",
                    error.reason, error.line, error.column
                )
            }
        };
        self.fault(
            position.in_text(error.line, error.column),
            FaultKind::Json {
                path: error.path,
                reason,
            },
        );
    }

    fn object(&mut self, text: Bytes, content: fn(Bytes) -> Content) -> Found {
        match json::decode_any(without_end(&text)) {
            Ok(read) => {
                self.is_foreign |= read.is_foreign;
                self.places = read.places;
                Some((read.traces.into(), content(text)))
            }
            Err(error) => {
                self.json_fault(self.position, error);
                None
            }
        }
    }

    /// Elements that cannot be read are left out.
    fn elements(&mut self, mut elements: Elements) -> Found {
        let mut decoder = Decoder::with_capacity(elements.text.len() / 2);
        // A handle of its own, so that Zipkin's spans may borrow from it.
        let text = elements.text.clone();
        let mut zipkin = ZipkinSpans::default();
        let mut place = Place::default();
        let mut places = Some(SpanPlaces::new());
        let kind = elements.kind;
        elements.ranges.retain(|(index, range)| {
            let element = text.get(range.clone()).unwrap_or_default();
            let result = match kind {
                ElementKind::ResourceSpans(name) => decoder.resource_spans(element, name, *index),
                ElementKind::JaegerTrace => {
                    json::decode_jaeger_trace(&mut decoder, element, *index).map(|()| None)
                }
                ElementKind::Zipkin => zipkin.read(element, *index).map(|()| None),
            };
            let found = match result {
                Ok(found) => found,
                Err(error) => {
                    let (line, column) = place.at(&text, range.start);
                    self.json_fault(self.position.in_text(line, column), error);
                    return false;
                }
            };
            places = places.take().zip(found).map(|(mut places, found)| {
                let moved = |span: Range<usize>| span.start + range.start..span.end + range.start;
                places.extend(found.into_iter().map(moved));
                places
            });
            true
        });
        self.places = places;
        if kind == ElementKind::Zipkin
            && let Err(error) = zipkin.decode(&mut decoder)
        {
            self.json_fault(self.position, error);
            return None;
        }
        self.is_foreign |= kind != ElementKind::OTLP || decoder.has_base64_ids();
        let traces = decoder.finish().into();
        (!elements.ranges.is_empty()).then_some((traces, Content::Elements(elements)))
    }

    fn frame(&mut self, bytes: Bytes, limit: usize) -> Found {
        let bytes = if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            match decompress(&bytes, limit) {
                Ok(bytes) => bytes,
                Err(kind) => {
                    self.fault(self.position, kind);
                    return None;
                }
            }
        } else {
            bytes
        };
        // A message whose first field is 123 bytes long begins with "\n{", too.
        let is_like_text = bytes.trim_ascii_start().starts_with(b"{");
        if is_like_text && Scan::new().run(&bytes, &Selector::default()).is_err() {
            return self.object(bytes, Content::FramedObject);
        }
        Some(message(bytes, 0))
    }

    /// Top-level fields that are not well-formed are left out.
    fn message(&mut self, bytes: Bytes, first: usize) -> Found {
        let mut scan = Scan::new();
        let selector = Selector::default();
        if scan.run(&bytes, &selector).is_ok() {
            return Some(message(bytes, first));
        }
        let mut index = first;
        let mut good = Vec::with_capacity(bytes.len());
        for field in Fields::new(&bytes) {
            let field = match field {
                Ok(field) => field,
                Err(error) => {
                    self.proto_fault(&bytes, 0, index, error);
                    break;
                }
            };
            let whole = bytes.get(field.start..field.end).unwrap_or_default();
            match scan.run(whole, &selector) {
                Ok(()) => good.extend_from_slice(whole),
                Err(error) => self.proto_fault(whole, field.start, index, error),
            }
            index += usize::from(field.number == traces_data::RESOURCE_SPANS);
        }
        let traces = Bytes::from(good);
        let bytes = traces.clone();
        (!traces.is_empty()).then_some((traces, Content::Message { bytes, first }))
    }

    /// A fault in a part of a message that begins at `start` of the batch and
    /// with the `resource_spans` number `index`.
    fn proto_fault(&mut self, part: &[u8], start: usize, index: usize, error: WireError) {
        let path = field_path(part, error.offset);
        let path = path.replacen("resource_spans[0]", &format!("resource_spans[{index}]"), 1);
        self.fault(
            self.position.plus((start + error.offset) as u64),
            FaultKind::Proto {
                path,
                reason: error.kind.to_string(),
            },
        );
    }
}

/// Lines and columns of places in a text, one after the other: each byte is
/// looked at once.
#[derive(Default)]
struct Place {
    seen: usize,
    lines: u64,
    line_start: usize,
}

impl Place {
    /// The line and the column of the byte at `at`, both from 1.
    fn at(&mut self, text: &[u8], at: usize) -> (u64, u64) {
        let unseen = text.get(self.seen..at).unwrap_or_default();
        self.lines += memchr::memchr_iter(b'\n', unseen).count() as u64;
        if let Some(last) = memchr::memrchr(b'\n', unseen) {
            self.line_start = self.seen + last + 1;
        }
        self.seen = at;
        (self.lines + 1, (at - self.line_start) as u64 + 1)
    }
}

fn decompress(bytes: &[u8], limit: usize) -> Result<Bytes, FaultKind> {
    let mut plain = Vec::new();
    let frame = zstd::stream::read::Decoder::with_buffer(bytes).map_err(FaultKind::Frame)?;
    frame
        .take(limit as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(FaultKind::Frame)?;
    if plain.len() > limit {
        return Err(FaultKind::TooLong {
            what: part_name(Format::Framed),
            limit,
        });
    }
    Ok(plain.into())
}

impl Elements {
    /// The text of the elements that are left, with `change` made to each.
    pub(crate) fn join<'t>(
        &'t self,
        mut change: impl FnMut(Range<usize>) -> Cow<'t, [u8]>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len() + 1024);
        let mut last: Option<&(usize, Range<usize>)> = None;
        for next in &self.ranges {
            if let Some((index, range)) = last {
                if next.0 == index + 1 {
                    let between = self.text.get(range.end..next.1.start);
                    out.extend_from_slice(between.unwrap_or_default());
                } else {
                    out.push(b',');
                }
            }
            out.extend_from_slice(&change(next.1.clone()));
            last = Some(next);
        }
        out
    }
}
