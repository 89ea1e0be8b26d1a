//! Reading trace files: an input becomes batches, one after the other, in
//! bounded memory.

mod balance;
mod detect;
mod document;
mod frames;
mod lines;
mod members;
mod message;
mod options;
mod part;
mod source;

use std::io::Read;

use crate::batch::{Content, RawBatch};
use crate::fault::{InputFault, OpenError};
use crate::format::{Encoding, Format};

use document::Documents;
use part::Part;
use source::Source;

pub use options::ReadOptions;

/// The batches of an input.
///
/// As an iterator it only cuts the input into pieces, which is fast; what costs
/// time is [`RawBatch::decode`], which any thread can do. What comes out is
/// numbered from 0, batches and faults alike, so that the results can be put in
/// order again.
pub struct BatchReader {
    source: Source,
    splitter: Splitter,
    /// A byte order mark, on its way out before everything else.
    bom: usize,
    number: u64,
    encoding: Option<Encoding>,
    options: ReadOptions,
}

enum Splitter {
    Lines,
    Documents(Documents),
    Message { index: usize },
    Frames,
    Done,
}

impl BatchReader {
    /// Recognises what `input` is by its first bytes: compression and format.
    ///
    /// # Errors
    ///
    /// The first bytes cannot be read, or are of no known format.
    pub fn open(
        input: impl Read + Send + 'static,
        options: ReadOptions,
    ) -> Result<Self, OpenError> {
        let mut source = Source::open(Box::new(input))?;
        let format = detect::detect(&mut source, options.max_batch_bytes)?;
        let splitter = match format {
            None => Splitter::Done,
            Some(Format::JsonLines) => Splitter::Lines,
            Some(Format::Json) => Splitter::Documents(Documents::new(options)),
            Some(Format::Proto) => Splitter::Message { index: 0 },
            Some(Format::Framed) => Splitter::Frames,
        };
        let is_text = matches!(format, Some(Format::Json | Format::JsonLines));
        let bom = if is_text {
            detect::bom_length(&mut source)
        } else {
            source.without_lines();
            0
        };
        let encoding = format.map(|format| Encoding {
            format,
            compression: source.compression,
        });
        Ok(Self {
            source,
            splitter,
            bom,
            number: 0,
            encoding,
            options,
        })
    }

    /// What the input is; none if it is empty.
    pub fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    fn part(&mut self) -> Option<Part> {
        let source = &mut self.source;
        if self.bom > 0 {
            let mark = source.take(std::mem::take(&mut self.bom));
            return Some(Ok((source.text_position(), Content::Blank(mark))));
        }
        let limit = self.options.max_batch_bytes;
        match &mut self.splitter {
            Splitter::Lines => lines::next(source, limit),
            Splitter::Documents(documents) => documents.next(source),
            Splitter::Message { index } => message::next(source, self.options, index),
            Splitter::Frames => frames::next(source, limit),
            Splitter::Done => None,
        }
    }
}

impl std::fmt::Debug for BatchReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchReader")
            .field("encoding", &self.encoding)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Iterator for BatchReader {
    type Item = Result<RawBatch, InputFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.part();
        let ends = match &part {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(broken)) => broken.ends_input,
        };
        if ends {
            self.splitter = Splitter::Done;
        }
        let number = self.number;
        self.number += 1;
        Some(match part? {
            Ok((position, content)) => Ok(RawBatch {
                number,
                position,
                format: self
                    .encoding
                    .map_or(Format::Proto, |encoding| encoding.format),
                limit: self.options.max_batch_bytes,
                content,
            }),
            Err(broken) => Err(InputFault {
                number,
                position: broken.position,
                kind: broken.kind,
                ends_input: broken.ends_input,
            }),
        })
    }
}
