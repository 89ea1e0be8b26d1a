//! Writing trace files.

mod atomic;
mod error;
mod gzip;
mod output;
mod sink;

use std::num::NonZeroUsize;

use crate::format::{Compression, Encoding, Format};
use crate::render::{Part, Piece};

pub use atomic::{AtomicFile, sync_folder};
pub use error::OutputError;
pub use output::Output;

use sink::Sink;

/// Writes rendered batches to an output, in the order in which they come.
pub struct BatchWriter {
    sink: Sink,
    encoding: Encoding,
    document: Document,
    /// The last line has no end.
    unended: bool,
    first: FirstDocument,
    written: u64,
}

/// How far a JSON document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Document {
    /// Before the first, or behind the last one.
    Closed,
    /// Behind the `[` of `resourceSpans`; what ends the document.
    Begun(&'static [u8]),
    /// Behind an element.
    HasElements(&'static [u8]),
}

/// How far the first document is, when it is JSON. By its first line a file is
/// told from JSON Lines: where the whole of it stands on one line, no line may
/// end between it and the next one.
#[derive(Debug, PartialEq, Eq)]
enum FirstDocument {
    /// All of it is on one line so far.
    OnOneLine,
    /// It is whole, on one line; what stands behind it waits.
    Whole(Vec<u8>),
    /// It has several lines, or there is a second one.
    Past,
}

/// What ends a document of our own.
const END: &[u8] = b"]}";

impl std::fmt::Debug for BatchWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchWriter")
            .field("encoding", &self.encoding)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl BatchWriter {
    /// Begins to write. The pieces must be rendered for the same format.
    ///
    /// # Errors
    ///
    /// The compression cannot be set up.
    pub fn new(output: Output, encoding: Encoding) -> Result<Self, OutputError> {
        Self::with_threads(output, encoding, NonZeroUsize::MIN)
    }

    /// Begins to write, and compresses on so many threads if that is gzip. The
    /// output does not depend on their number.
    ///
    /// # Errors
    ///
    /// The compression cannot be set up.
    pub fn with_threads(
        output: Output,
        encoding: Encoding,
        threads: NonZeroUsize,
    ) -> Result<Self, OutputError> {
        Ok(Self {
            sink: Sink::new(output, encoding.compression, threads)?,
            encoding,
            document: Document::Closed,
            unended: false,
            first: match encoding.format {
                Format::Json => FirstDocument::OnOneLine,
                _ => FirstDocument::Past,
            },
            written: 0,
        })
    }

    /// Bytes written so far, before compression.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Writes a batch.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn write(&mut self, piece: &Piece) -> Result<(), OutputError> {
        match (&piece.part, self.encoding.format) {
            (Part::Nothing, _) => Ok(()),
            (Part::Verbatim(text), _) => {
                self.end_document()?;
                if let FirstDocument::Whole(behind) = &mut self.first {
                    behind.extend_from_slice(text);
                    return Ok(());
                }
                self.put_line(text)
            }
            (Part::Opening(text, end), _) => {
                self.end_document()?;
                self.document = Document::Begun(end);
                self.document_text(text)
            }
            (Part::Closing(text), _) => {
                // Its beginning is there: nothing comes between but elements.
                self.document = Document::Closed;
                self.document_text(text)?;
                self.document_ends();
                Ok(())
            }
            (Part::Elements { lead, text }, _) => self.elements(lead, text),
            (Part::Object(text), Format::JsonLines) => self.line(text),
            (Part::Object(text), _) => {
                self.end_document()?;
                self.document_text(text)?;
                self.document_ends();
                Ok(())
            }
            (Part::Message(bytes), Format::Framed) => self.frame(bytes),
            (Part::Message(bytes), _) => self.put(bytes),
        }
    }

    /// Ends the output; only now a file appears under its name.
    ///
    /// # Errors
    ///
    /// The output cannot be completed.
    pub fn finish(self) -> Result<(), OutputError> {
        self.complete()?.finish()
    }

    /// Ends the output like [`BatchWriter::finish`], and leaves to the caller when
    /// the content of a file is on the disk; see
    /// [`AtomicFile::finish_unsynced`].
    ///
    /// # Errors
    ///
    /// The output cannot be completed.
    pub fn finish_unsynced(self) -> Result<(), OutputError> {
        self.complete()?.finish_unsynced()
    }

    fn complete(mut self) -> Result<Output, OutputError> {
        if self.encoding.format == Format::Json {
            if self.written == 0 {
                self.begin_document()?;
            }
            self.end_document()?;
            if let FirstDocument::Whole(behind) =
                std::mem::replace(&mut self.first, FirstDocument::Past)
            {
                self.put(&behind)?;
            }
        }
        self.sink.finish()
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.written += bytes.len() as u64;
        self.sink.write(bytes)
    }

    /// A part of a document.
    fn document_text(&mut self, text: &[u8]) -> Result<(), OutputError> {
        if let FirstDocument::Whole(behind) = &mut self.first {
            let mut behind = std::mem::take(behind);
            behind.fill(b' ');
            self.first = FirstDocument::Past;
            self.put(&behind)?;
        } else if memchr::memchr(b'\n', text).is_some() {
            self.first = FirstDocument::Past;
        }
        self.put(text)
    }

    fn document_ends(&mut self) {
        if self.first == FirstDocument::OnOneLine {
            self.first = FirstDocument::Whole(Vec::new());
        }
    }

    /// A document of our own; it is not on one line, so that it is not taken
    /// for JSON Lines.
    fn begin_document(&mut self) -> Result<(), OutputError> {
        self.document = Document::Begun(END);
        self.document_text(b"{\"resourceSpans\":[\n")
    }

    /// Ends a document whose own end did not come, or that has none.
    fn end_document(&mut self) -> Result<(), OutputError> {
        match std::mem::replace(&mut self.document, Document::Closed) {
            Document::Closed => return Ok(()),
            Document::Begun(end) => self.document_text(end)?,
            Document::HasElements(end) => {
                self.document_text(b"\n")?;
                self.document_text(end)?;
            }
        }
        self.document_ends();
        match &mut self.first {
            FirstDocument::Whole(behind) => behind.push(b'\n'),
            _ => self.put(b"\n")?,
        }
        Ok(())
    }

    /// Elements that could not be read leave no comma behind.
    fn elements(&mut self, lead: &[u8], text: &[u8]) -> Result<(), OutputError> {
        if text.is_empty() {
            return Ok(());
        }
        if self.document == Document::Closed {
            self.begin_document()?;
        }
        let comma = memchr::memchr(b',', lead);
        let (end, is_first) = match self.document {
            Document::HasElements(end) => (end, false),
            Document::Begun(end) => (end, true),
            Document::Closed => (END, true),
        };
        match (is_first, comma) {
            (false, None) => self.document_text(b",\n")?,
            (false, Some(_)) | (true, None) => self.document_text(lead)?,
            (true, Some(comma)) => self.document_text(lead.get(comma + 1..).unwrap_or_default())?,
        }
        self.document = Document::HasElements(end);
        self.document_text(text)
    }

    fn line(&mut self, text: &[u8]) -> Result<(), OutputError> {
        self.put_line(text)?;
        self.unended = !text.ends_with(b"\n");
        Ok(())
    }

    /// A line of its own, whether or not the last one has an end.
    fn put_line(&mut self, text: &[u8]) -> Result<(), OutputError> {
        if std::mem::take(&mut self.unended) {
            self.put(b"\n")?;
        }
        self.put(text)
    }

    fn frame(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        if self.encoding.compression == Compression::ZstdMessages {
            let packed = zstd::bulk::compress(bytes, zstd::DEFAULT_COMPRESSION_LEVEL)
                .map_err(OutputError::Compress)?;
            return self.plain_frame(&packed);
        }
        self.plain_frame(bytes)
    }

    fn plain_frame(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        let length =
            u32::try_from(bytes.len()).map_err(|_| OutputError::FrameTooLong(bytes.len()))?;
        self.put(&length.to_be_bytes())?;
        self.put(bytes)
    }
}
