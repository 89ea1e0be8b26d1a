//! What an earlier run left behind: it may have been killed in the middle of a
//! batch.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use super::frame::Frame;

/// A frame that claims more is none: the file is of another format. (The first
/// byte of JSON and of Zstandard would be a length of more than 600 MiB.)
const LONGEST: u64 = 512 << 20;

/// Makes a file ready to be gone on with behind its last batch.
pub(super) fn end_of_last(file: &mut File, frame: Frame) -> io::Result<()> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(());
    }
    if frame.is_lines() {
        end_line(file)
    } else {
        cut_frame(file, metadata.len())
    }
}

/// What is left of a line stays one of its own, that readers can tell of.
fn end_line(file: &mut File) -> io::Result<()> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(())
}

/// A frame that is not whole would take what comes next for its own.
fn cut_frame(file: &mut File, length: u64) -> io::Result<()> {
    let end = last_whole(&mut *file, length)?;
    if end < length {
        tracing::warn!(
            "the last batch of the file was not written to its end, {} bytes of it are removed",
            length - end
        );
        file.set_len(end)?;
    }
    Ok(())
}

fn last_whole(file: &mut File, length: u64) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(file);
    let mut end = 0;
    while length - end >= 4 {
        let mut prefix = [0; 4];
        reader.read_exact(&mut prefix)?;
        let body = u64::from(u32::from_be_bytes(prefix));
        if body > LONGEST {
            let text = "it holds something else than batches behind their lengths; \
                        give another path, or move it away";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        if body > length - end - 4 {
            break;
        }
        reader.seek_relative(body.cast_signed())?;
        end += 4 + body;
    }
    Ok(end)
}
