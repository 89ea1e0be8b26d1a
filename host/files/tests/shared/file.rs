//! Files that are recognised, read and written: what is written reads the same.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use linkmend_files::json::{decode, encode};
use linkmend_files::{
    Batch, BatchReader, BatchWriter, Compression, Encoding, Format, Output, ReadOptions, Target,
};

use super::respell::respell;
use crate::shared::choices::Choices;
use crate::shared::mutate::mutate;
use crate::shared::targets::split;

/// Makes a file of some batches, damages it perhaps, reads it, and writes what
/// was read in each format: that must read as the same spans, without a fault.
pub fn file(data: &[u8]) {
    let (mut choices, batch) = split(data);
    let mut bytes = if data.first().is_some_and(|first| first & 1 == 1) {
        make(&batch, &mut choices)
    } else {
        batch
    };
    if choices.one_in(2) {
        mutate(&mut bytes, &mut choices);
    }
    let mut options = ReadOptions::default();
    options.group_bytes = choices.pick(&[1, 100, 1 << 20]);
    options.max_batch_bytes = choices.pick(&[300, 1 << 20, 1 << 20]);
    let Some((encoding, batches, _)) = read(&bytes, options) else {
        return;
    };
    if batches.iter().all(|batch| batch.traces().is_empty()) {
        return;
    }
    for (_, format) in Format::ALL {
        let keeps = [format == encoding.format, false];
        for keep_layout in keeps.into_iter().take(if keeps[0] { 2 } else { 1 }) {
            let target = Target {
                format,
                keep_layout,
            };
            let written = write(&batches, target);
            assert_same(&bytes, &batches, &written, target);
        }
    }
}

fn assert_same(bytes: &[u8], batches: &[Batch], written: &[u8], target: Target) {
    let context = || {
        let (bytes, written) = (bytes.escape_ascii(), written.escape_ascii());
        format!("{target:?}\n{bytes}\nbecame\n{written}")
    };
    let before = joined(batches);
    // The format is recognised by the first field; of a message that begins with
    // another one nobody can tell what it is.
    let is_protobuf = matches!(target.format, Format::Proto | Format::Framed);
    if is_protobuf && before.first() != Some(&0x0a) {
        return;
    }
    let read = read(written, ReadOptions::default());
    let Some((_, again, faults)) = read else {
        panic!("not recognised: {}", context());
    };
    assert!(faults.is_empty(), "{faults:?}: {}", context());
    let after = joined(&again);
    let (before, after) = (normal(&before), normal(&after));
    assert!(before == after, "{before:?}\n{after:?}\n{}", context());
}

/// What JSON makes of some spans, which has no place for all of protobuf.
fn normal(traces: &[u8]) -> Vec<u8> {
    decode(&encode(traces).unwrap()).unwrap()
}

fn joined(batches: &[Batch]) -> Vec<u8> {
    batches
        .iter()
        .flat_map(|batch| batch.traces().to_vec())
        .collect()
}

type Read = (Encoding, Vec<Batch>, Vec<String>);

fn read(bytes: &[u8], options: ReadOptions) -> Option<Read> {
    let reader = BatchReader::open(Cursor::new(bytes.to_vec()), options).ok()?;
    let encoding = reader.encoding()?;
    let (mut batches, mut faults) = (Vec::new(), Vec::new());
    for raw in reader {
        match raw {
            Ok(raw) => {
                let decoded = raw.decode();
                batches.extend(decoded.batch);
                faults.extend(decoded.faults.iter().map(ToString::to_string));
            }
            Err(fault) => faults.push(fault.to_string()),
        }
    }
    Some((encoding, batches, faults))
}

fn write(batches: &[Batch], target: Target) -> Vec<u8> {
    let written = Written::default();
    let encoding = Encoding {
        format: target.format,
        compression: Compression::None,
    };
    let mut writer = BatchWriter::new(Output::writer(written.clone()), encoding).unwrap();
    for batch in batches {
        let piece = batch.render(batch.traces(), target);
        let piece = piece.unwrap_or_else(|error| panic!("{error}: {batch:?}"));
        writer.write(&piece).unwrap();
    }
    writer.finish().unwrap();
    std::mem::take(&mut *written.0.lock().unwrap())
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A file of one of the forms, with a few batches.
fn make(batch: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    // Some bytes of a fuzzer's are no batch.
    let Ok(text) = encode(batch) else {
        return batch.to_vec();
    };
    let text = respell(&text, choices);
    let times = 1 + choices.below(3);
    match choices.below(8) {
        0 => batch.repeat(times),
        1 => {
            let length = u32::try_from(batch.len()).unwrap().to_be_bytes();
            [&length[..], batch].concat().repeat(times)
        }
        2 => {
            let length = u32::try_from(text.len()).unwrap().to_be_bytes();
            [&length[..], &text].concat().repeat(times)
        }
        3 => [&text[..], b"\n"].concat().repeat(times),
        4 => [b"{\"result\":", &text[..], b"}\n"].concat().repeat(times),
        5 => [b"\n {\"status\":1, \"trace\":", &text[..], b"}"]
            .concat()
            .repeat(times),
        6 => {
            let text = String::from_utf8(text).unwrap();
            let tempo = text.replacen("resourceSpans", "batches", 1);
            tempo
                .replacen("resource_spans", "batches", 1)
                .repeat(times)
                .into_bytes()
        }
        _ => text.repeat(times),
    }
}
