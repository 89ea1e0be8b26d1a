//! One file, and where it stands.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use flate2::bufread::MultiGzDecoder;

use super::hand_over::{HandOver, Place};
use super::lines::{self, Next};
use super::mark::{Identity, Mark};

/// How much is read at once.
const BUFFER: usize = 64 << 10;

/// A file that is followed.
pub(super) struct Tail {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
    /// When it last grew.
    pub(super) active: Instant,
    file: Option<File>,
    is_gzip: bool,
    limit: u64,
    /// Where the stream begins that is read: in a compressed file, a member.
    base: u64,
    /// How much of the stream was read, up to the end of a line.
    offset: u64,
    /// The number of the next line, from 1.
    line: Option<u64>,
    /// In the middle of a line that is too long.
    is_skipping: bool,
    /// What the file was like when it was last looked at.
    seen: Option<(u64, Option<SystemTime>)>,
    /// What stands at its beginning, and before what is read next.
    marks: Vec<Mark>,
}

impl Tail {
    /// A file that is read from its beginning.
    pub(super) fn new(path: &Path, identity: Identity, is_gzip: bool, limit: u64) -> Self {
        Self {
            path: path.into(),
            identity,
            active: Instant::now(),
            file: None,
            is_gzip,
            limit,
            base: 0,
            offset: 0,
            line: Some(1),
            is_skipping: false,
            seen: None,
            marks: Vec::new(),
        }
    }

    /// Leaves out what there is: only what comes is read.
    pub(super) fn skip_to_end(&mut self) -> io::Result<()> {
        let limit = self.limit;
        let is_gzip = self.is_gzip;
        let file = self.file()?;
        let length = file.metadata()?.len();
        if is_gzip {
            self.base = length;
        } else {
            self.offset = end_of_lines(file, length, limit)?;
        }
        self.line = (length == 0).then_some(1);
        self.mark()
    }

    pub(super) fn is_open(&self) -> bool {
        self.file.is_some()
    }

    pub(super) fn close(&mut self) {
        self.file = None;
    }

    /// Hands on what was written since the last time. `metadata` is that of its
    /// path; without one it has none any more, and what is open is read.
    pub(super) fn look(
        &mut self,
        metadata: Option<&Metadata>,
        to: &mut HandOver,
    ) -> io::Result<()> {
        let metadata = match metadata {
            Some(metadata) => metadata.clone(),
            None if self.is_open() => self.file()?.metadata()?,
            None => return Ok(()),
        };
        let seen = Some((metadata.len(), metadata.modified().ok()));
        if seen == self.seen {
            return Ok(());
        }
        self.active = Instant::now();
        self.check(metadata.len())?;
        let result = if self.is_gzip {
            self.read_gzip(to)
        } else {
            self.read_plain(to)
        };
        self.mark()?;
        // What is broken stays so until the file changes; else it is tried again.
        if result.as_ref().err().is_none_or(is_about_content) {
            self.seen = seen;
        }
        result
    }

    /// The open file. Its name may have gone to another one since it was found:
    /// then it is not found, and will be by its new name.
    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            let file = File::open(&self.path)?;
            if Identity::of(&self.path, &file.metadata()?) != self.identity {
                return Err(io::ErrorKind::NotFound.into());
            }
            self.file = Some(file);
        }
        self.file
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Begins anew if it is not what it was.
    fn check(&mut self, length: u64) -> io::Result<()> {
        let read = if self.is_gzip { self.base } else { self.offset };
        let marks = self.marks.clone();
        let file = self.file()?;
        let mut is_same = length >= read;
        for mark in marks {
            is_same = is_same && mark.is_in(file)?;
        }
        if !is_same {
            tracing::info!(file = %self.path.display(), "the file was written anew, it is read from its beginning");
            let (path, identity) = (self.path.clone(), self.identity.clone());
            let file = self.file.take();
            *self = Self::new(&path, identity, self.is_gzip, self.limit);
            self.file = file;
        }
        Ok(())
    }

    fn mark(&mut self) -> io::Result<()> {
        let end = if self.is_gzip { self.base } else { self.offset };
        let file = self.file()?;
        self.marks = vec![Mark::of_head(file, end)?, Mark::before(file, end)?];
        Ok(())
    }

    fn read_plain(&mut self, to: &mut HandOver) -> io::Result<()> {
        let start = self.base + self.offset;
        let mut file = self.file()?.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        self.read(&mut BufReader::with_capacity(BUFFER, file), to)?;
        Ok(())
    }

    fn read_gzip(&mut self, to: &mut HandOver) -> io::Result<()> {
        let (base, offset) = (self.base, self.offset);
        let mut file = self.file()?.try_clone()?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(base))?;
        if length == base {
            return Ok(());
        }
        let compressed = BufReader::with_capacity(BUFFER, file);
        let mut input = BufReader::with_capacity(BUFFER, MultiGzDecoder::new(compressed));
        let read = io::copy(&mut (&mut input).take(offset), &mut io::sink())
            .and_then(|_| self.read(&mut input, to));
        match read {
            // All lines are complete: what comes is another member.
            Ok(true) => {
                let end = input.get_mut().get_mut().stream_position()?;
                (self.base, self.offset) = (end, 0);
                Ok(())
            }
            // The rest is still to be written.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Hands on all lines that are complete; `true` if nothing is left then.
    fn read(&mut self, input: &mut impl BufRead, to: &mut HandOver) -> io::Result<bool> {
        while !to.is_stopped() {
            if self.is_skipping {
                let (skipped, is_end) = lines::skip(input)?;
                self.offset += skipped;
                self.is_skipping = !is_end;
                if !is_end {
                    return Ok(false);
                }
                self.line = self.line.map(|line| line + 1);
            }
            match lines::next(input, self.limit)? {
                Next::Line(line) => self.complete(&line, to),
                Next::TooLong(length) => {
                    let limit = self.limit;
                    let text = format!("the line has more than {limit} bytes (`max_log_size`)");
                    to.bad(&text, self.place());
                    self.offset += length;
                    self.is_skipping = true;
                }
                // One that is an object already is complete.
                Next::Rest(rest) if is_object(&rest) => {
                    to.line(&rest, self.place());
                    self.offset += rest.len() as u64;
                    return Ok(true);
                }
                Next::Rest(rest) => return Ok(rest.is_empty()),
            }
        }
        Ok(false)
    }

    fn complete(&mut self, line: &[u8], to: &mut HandOver) {
        to.line(line, self.place());
        self.offset += line.len() as u64;
        self.line = self.line.map(|line| line + 1);
    }

    fn place(&self) -> Place<'_> {
        Place {
            path: &self.path,
            line: self.line,
            offset: self.offset,
        }
    }
}

fn is_about_content(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput];
    kinds.contains(&error.kind())
}

/// Whether a text is a whole object, to which nothing can be added.
fn is_object(text: &[u8]) -> bool {
    text.trim_ascii_end().ends_with(b"}")
        && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// Where a file ends, or where its last line begins that is not complete.
fn end_of_lines(file: &mut File, length: u64, limit: u64) -> io::Result<u64> {
    let start = length.saturating_sub(limit);
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(length - start).read_to_end(&mut end)?;
    let rest = end
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let rest = end.get(rest..).unwrap_or_default();
    let is_complete = rest.is_empty() || is_object(rest);
    Ok(length - if is_complete { 0 } else { rest.len() as u64 })
}
