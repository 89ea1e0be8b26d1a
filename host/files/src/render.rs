//! A mended batch in the form that an output has.

use std::borrow::Cow;

use bytes::Bytes;

use crate::batch::{Batch, Content, Elements, without_end};
use crate::format::Format;
use crate::json::{self, Edit, ElementKind, EncodeError, Layout, PatchError};

/// What the output wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The format of the output.
    pub format: Format,
    /// The output has the format of the input and keeps what stands around the
    /// batches: blank lines, other keys of a document. Not for an output that
    /// several inputs go to: as JSON it is one object.
    pub keep_layout: bool,
}

/// A batch cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The text and the mended bytes do not fit: a bug.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The mended bytes cannot be written as JSON.
    #[error("cannot write the batch as JSON: {0}")]
    Encode(#[from] EncodeError),
    /// The text is not the one that was decoded: a bug.
    #[error("internal error: the text of the batch: {0}")]
    Text(#[from] serde_json::Error),
}

/// What a [`crate::BatchWriter`] writes for one batch.
#[derive(Debug)]
pub struct Piece {
    pub(crate) number: u64,
    pub(crate) part: Part,
}

/// A part of an output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Nothing,
    /// As it stands, between objects.
    Verbatim(Bytes),
    /// A JSON document up to its `resourceSpans`, and what ends it if its own end
    /// does not come.
    Opening(Bytes, &'static [u8]),
    /// The rest of a document.
    Closing(Bytes),
    /// Elements of `resourceSpans`, and what stands before them.
    Elements {
        lead: Bytes,
        text: Bytes,
    },
    /// An object, for JSON Lines with or without the end of the line.
    Object(Bytes),
    /// The content of a frame, or a part of a message.
    Message(Bytes),
}

impl Piece {
    /// The running number of the batch.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        match &self.part {
            Part::Nothing => 0,
            Part::Verbatim(bytes)
            | Part::Opening(bytes, _)
            | Part::Closing(bytes)
            | Part::Object(bytes)
            | Part::Message(bytes) => bytes.len(),
            Part::Elements { lead, text } => lead.len() + text.len(),
        }
    }

    /// It has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Batch {
    /// The batch with the links of `mended`, which was made of
    /// [`Batch::traces`], in the form that `target` wants. Takes time, and any
    /// thread can do it.
    ///
    /// JSON that stays JSON stays as it was but for the links.
    ///
    /// # Errors
    ///
    /// `mended` was not made of this batch, or cannot be written as JSON.
    pub fn render(&self, mended: &Bytes, target: Target) -> Result<Piece, RenderError> {
        let keep = self.keeps_layout(target);
        let part = match (&self.content, target.format) {
            (Content::Blank(text), _) if keep => Part::Verbatim(text.clone()),
            (Content::Opening(text, end), _) if keep => Part::Opening(text.clone(), end),
            (Content::Closing(text), _) if keep => Part::Closing(text.clone()),
            (Content::Blank(_) | Content::Opening(..) | Content::Closing(_), _) => Part::Nothing,
            (Content::FramedObject(text), Format::Framed) => {
                Part::Message(self.patch(text, mended)?)
            }
            (_, Format::Proto | Format::Framed) => Part::Message(mended.clone()),
            (Content::Object(text), Format::Json) if keep => {
                Part::Object(self.patch(text, mended)?)
            }
            (Content::Object(text), Format::JsonLines) if keep => {
                Part::Object(self.patch(text, mended)?)
            }
            (Content::Elements(elements), Format::Json) if keep => Part::Elements {
                lead: elements.lead.clone(),
                text: self.patch_elements(elements, mended)?,
            },
            // What is no OTLP/JSON becomes it.
            (Content::Message { .. } | Content::Frame(_), Format::Json) => fresh(mended)?,
            (_, Format::Json) if self.is_foreign => fresh(mended)?,
            (Content::Message { .. } | Content::Frame(_), Format::JsonLines) => {
                Part::Object(line(&[&json::encode(mended)?]))
            }
            (_, Format::JsonLines) if self.is_foreign => {
                Part::Object(line(&[&json::encode(mended)?]))
            }
            (Content::Object(text) | Content::FramedObject(text), Format::Json) => {
                self.elements_of(text, mended)?
            }
            (Content::Object(text) | Content::FramedObject(text), Format::JsonLines) => {
                let text = self.patch(text, mended)?;
                Part::Object(if self.format == Format::JsonLines {
                    text
                } else {
                    line(&[&compact(&text)])
                })
            }
            (Content::Elements(elements), Format::Json) => Part::Elements {
                lead: Bytes::new(),
                text: self.patch_elements(elements, mended)?,
            },
            (Content::Elements(elements), Format::JsonLines) => {
                let text = compact(&self.patch_elements(elements, mended)?);
                Part::Object(line(&[br#"{"resourceSpans":["#, &text, b"]}"]))
            }
        };
        Ok(Piece {
            number: self.number,
            part,
        })
    }

    /// What stands around the spans can stay. Zipkin's arrays have no place for
    /// links.
    fn keeps_layout(&self, target: Target) -> bool {
        let is_zipkin = matches!(
            &self.content,
            Content::Elements(Elements {
                kind: ElementKind::Zipkin,
                ..
            })
        );
        target.keep_layout && target.format == self.format && !is_zipkin
    }

    /// The text of an object with the links of `mended`.
    fn patch(&self, text: &Bytes, mended: &Bytes) -> Result<Bytes, RenderError> {
        if let Some(places) = &self.places {
            let edits = json::edits_at(text, places, &self.traces, mended)?;
            return Ok(if edits.is_empty() {
                text.clone()
            } else {
                json::apply(text, 0..text.len(), edits).into()
            });
        }
        let object = without_end(text);
        Ok(match json::patch(object, &self.traces, mended)? {
            Cow::Borrowed(_) => text.clone(),
            Cow::Owned(mut mended) => {
                mended.extend_from_slice(text.get(object.len()..).unwrap_or_default());
                mended.into()
            }
        })
    }

    /// The elements of an object with the links of `mended`.
    fn elements_of(&self, text: &Bytes, mended: &Bytes) -> Result<Part, RenderError> {
        let text = self.patch(text, mended)?;
        let text = std::str::from_utf8(without_end(&text)).map_err(PatchError::Utf8)?;
        let layout = Layout::of(text)?;
        Ok(Part::Elements {
            lead: Bytes::new(),
            text: layout.elements.join(",").into(),
        })
    }

    /// The edits that bring the links of `mended` into the text of elements.
    fn edits_of(&self, elements: &Elements, mended: &Bytes) -> Result<Vec<Edit>, RenderError> {
        let text = &elements.text;
        if let Some(places) = &self.places {
            return Ok(json::edits_at(text, places, &self.traces, mended)?);
        }
        // What stands in the place of an element that was left out may not be
        // UTF-8.
        let texts = elements.ranges.iter().map(|(_, range)| {
            let element = text.get(range.clone()).unwrap_or_default();
            std::str::from_utf8(element).map_err(PatchError::Utf8)
        });
        let layout = Layout {
            kind: elements.kind,
            elements: texts.collect::<Result<_, _>>()?,
        };
        Ok(json::span_edits(text, &layout, &self.traces, mended)?)
    }

    /// The text of elements with the links of `mended`.
    fn patch_elements(&self, elements: &Elements, mended: &Bytes) -> Result<Bytes, RenderError> {
        let mut edits = self.edits_of(elements, mended)?;
        let text = &elements.text;
        let whole = elements.is_whole();
        if edits.is_empty() && whole {
            return Ok(elements.text.clone());
        }
        edits.sort_by_key(|edit| edit.at.start);
        let mut edits = edits.into_iter().peekable();
        let joined = elements.join(|range| {
            let mut inside: Vec<Edit> = Vec::new();
            while let Some(edit) = edits.next_if(|edit| edit.at.start < range.end) {
                inside.push(edit);
            }
            Cow::Owned(json::apply(text, range, inside))
        });
        Ok(joined.into())
    }
}

impl Elements {
    /// No element was left out.
    fn is_whole(&self) -> bool {
        let ends = self.ranges.first().zip(self.ranges.last());
        ends.is_some_and(|((first, start), (last, end))| {
            start.start == 0 && end.end == self.text.len() && last - first + 1 == self.ranges.len()
        })
    }
}

/// The batch as elements of an OTLP document.
fn fresh(mended: &Bytes) -> Result<Part, EncodeError> {
    Ok(Part::Elements {
        lead: Bytes::new(),
        text: json::encode_elements(mended)?.into(),
    })
}

/// The parts with the end of a line.
fn line(parts: &[&[u8]]) -> Bytes {
    let mut line = parts.concat();
    line.push(b'\n');
    line.into()
}

/// JSON on one line: without the white space between its tokens.
fn compact(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for &byte in text {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte == b'"' {
            in_string = true;
        } else if byte.is_ascii_whitespace() {
            continue;
        }
        out.push(byte);
    }
    out
}
