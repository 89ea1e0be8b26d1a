//! gzip on all processors: a member a block, one behind the other.
//!
//! Every reader of gzip takes several members for one stream (RFC 1952, 2.2). Where
//! a block ends depends on the bytes alone, so that the output does not depend on
//! the number of threads.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use libdeflater::{CompressionLvl, Compressor};

/// What is compressed at a time: a window of gzip is a thirtieth of it.
const BLOCK: usize = 1 << 20;

/// Within 3 per cent of the size of zlib's level 6 over the recordings, in less than
/// two thirds of the time (docs/performance.md).
const LEVEL: i32 = 5;

/// A block, and where its member goes.
type Job = (Vec<u8>, SyncSender<io::Result<Vec<u8>>>);

/// Compresses what is written, on threads of its own if there is more than a block.
pub(super) struct GzipWriter<W> {
    output: W,
    block: Vec<u8>,
    /// The members that come next, in order.
    members: VecDeque<Receiver<io::Result<Vec<u8>>>>,
    threads: NonZeroUsize,
    /// Where blocks go; the threads end with it.
    jobs: Option<mpsc::Sender<Job>>,
}

impl<W: Write> GzipWriter<W> {
    pub(super) fn new(output: W, threads: NonZeroUsize) -> Self {
        Self {
            output,
            block: Vec::new(),
            members: VecDeque::new(),
            threads,
            jobs: None,
        }
    }

    pub(super) fn get_ref(&self) -> &W {
        &self.output
    }

    /// The output, which has everything then; where that fails, the error and the
    /// output.
    pub(super) fn finish(mut self) -> Result<W, (io::Error, W)> {
        match self.end() {
            Ok(()) => Ok(self.output),
            Err(error) => Err((error, self.output)),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        let last = std::mem::take(&mut self.block);
        if self.jobs.is_none() {
            // Nothing at all is a member, too: a file without a byte is no gzip.
            return self.output.write_all(&compress(&mut compressor()?, &last)?);
        }
        if !last.is_empty() {
            self.begin(last)?;
        }
        while !self.members.is_empty() {
            self.pass_on()?;
        }
        Ok(())
    }

    fn begin(&mut self, block: Vec<u8>) -> io::Result<()> {
        // Each thread has one to do and one that waits.
        if self.members.len() >= 2 * self.threads.get() {
            self.pass_on()?;
        }
        let jobs = match &self.jobs {
            Some(jobs) => jobs,
            None => self.jobs.insert(start(self.threads)?),
        };
        let (to, from) = sync_channel(1);
        jobs.send((block, to)).map_err(|_| gone())?;
        self.members.push_back(from);
        Ok(())
    }

    /// Waits for the next member and writes it.
    fn pass_on(&mut self) -> io::Result<()> {
        let Some(member) = self.members.pop_front() else {
            return Ok(());
        };
        let member = member.recv().map_err(|_| gone())??;
        self.output.write_all(&member)
    }
}

impl<W: Write> Write for GzipWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = BLOCK - self.block.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.block.extend_from_slice(taken);
        if self.block.len() == BLOCK {
            let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
            self.begin(block)?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Starts the threads; they end when no more blocks can come.
fn start(threads: NonZeroUsize) -> io::Result<mpsc::Sender<Job>> {
    let (jobs, waiting) = channel();
    let waiting = Arc::new(Mutex::new(waiting));
    for number in 0..threads.get() {
        let waiting = Arc::clone(&waiting);
        thread::Builder::new()
            .name(format!("gzip-{number}"))
            .spawn(move || work(&waiting))?;
    }
    Ok(jobs)
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    let mut own = compressor();
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok((block, to)) = next else { return };
        let member = match &mut own {
            Ok(own) => compress(own, &block),
            Err(error) => Err(io::Error::other(error.to_string())),
        };
        // Whoever wanted it may have given up.
        let _ = to.send(member);
    }
}

fn compressor() -> io::Result<Compressor> {
    let level = CompressionLvl::new(LEVEL);
    let level = level.map_err(|_| io::Error::other("gzip has no such level"))?;
    Ok(Compressor::new(level))
}

fn compress(compressor: &mut Compressor, block: &[u8]) -> io::Result<Vec<u8>> {
    let mut member = vec![0; compressor.gzip_compress_bound(block.len())];
    let length = compressor.gzip_compress(block, &mut member);
    member.truncate(length.map_err(io::Error::other)?);
    member.shrink_to_fit();
    Ok(member)
}

/// A thread has ended that compresses: it panicked.
fn gone() -> io::Error {
    io::Error::other("a thread that compresses has ended")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use std::io::Read as _;

    use flate2::read::MultiGzDecoder;

    use super::*;

    fn written(bytes: &[u8], threads: usize, pieces: usize) -> Vec<u8> {
        let threads = NonZeroUsize::new(threads).unwrap();
        let mut writer = GzipWriter::new(Vec::new(), threads);
        for piece in bytes.chunks(pieces) {
            writer.write_all(piece).unwrap();
        }
        writer.finish().map_err(|(error, _)| error).unwrap()
    }

    #[test]
    fn it_is_the_same_whatever_the_threads_and_the_pieces() {
        let noise: Vec<u8> = (0..3 * BLOCK as u32 + 7)
            .map(|n| (n.wrapping_mul(n) >> 11) as u8)
            .collect();
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            let bytes = noise.get(..length).unwrap();
            let one = written(bytes, 1, 999_983);
            assert!(one == written(bytes, 5, 1000) && one == written(bytes, 2, 4 * BLOCK));
            let mut plain = Vec::new();
            MultiGzDecoder::new(&one[..])
                .read_to_end(&mut plain)
                .unwrap();
            assert!(plain == bytes, "{length}");
        }
    }

    /// A disk that is full: the error comes out, and no thread stays.
    #[test]
    fn what_cannot_be_written_is_told() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = GzipWriter::new(Full, NonZeroUsize::MIN);
        let bytes = vec![7; 8 * BLOCK];
        let error = writer.write_all(&bytes).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let mut writer = GzipWriter::new(Full, NonZeroUsize::MIN);
        writer.write_all(b"x").unwrap();
        let (error, _) = writer.finish().err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
