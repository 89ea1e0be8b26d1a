//! Reading and writing whole files.

use std::io::{Cursor, Read, Write};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use linkmend_files::json::encode;
use linkmend_files::{
    Batch, BatchReader, BatchWriter, Compression, Encoding, Format, InputFault, Output,
    ReadOptions, Target,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, TracesData};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

use crate::samples::traces;

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).unwrap()
}

pub fn framed<'b>(messages: impl IntoIterator<Item = &'b [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        out.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        out.extend_from_slice(message);
    }
    out
}

/// An input that hands out few bytes at a time, and perhaps fails at the end.
pub struct Drip {
    pub bytes: Cursor<Vec<u8>>,
    pub step: usize,
    pub fails: bool,
}

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let step = self.step.min(buffer.len());
        match self.bytes.read(&mut buffer[..step]) {
            Ok(0) if self.fails => Err(std::io::Error::other("the disk is on fire")),
            result => result,
        }
    }
}

/// Everything that is in an input.
#[derive(Default)]
pub struct All {
    pub encoding: Option<Encoding>,
    pub batches: Vec<Batch>,
    pub faults: Vec<InputFault>,
}

impl All {
    /// The spans of all batches as one message.
    pub fn traces(&self) -> TracesData {
        let bytes: Vec<u8> = self
            .batches
            .iter()
            .flat_map(|batch| batch.traces().to_vec())
            .collect();
        TracesData::decode(&bytes[..]).unwrap()
    }

    pub fn faults_text(&self) -> Vec<String> {
        self.faults.iter().map(ToString::to_string).collect()
    }

    /// The file that is written when nothing is mended.
    pub fn write(&self, encoding: Encoding, keep_layout: bool) -> Vec<u8> {
        let written = Shared::default();
        let mut writer = BatchWriter::new(Output::writer(written.clone()), encoding).unwrap();
        let target = Target {
            format: encoding.format,
            keep_layout,
        };
        for batch in &self.batches {
            let piece = batch.render(batch.traces(), target).unwrap();
            assert_eq!(piece.number(), batch.number());
            writer.write(&piece).unwrap();
        }
        writer.finish().unwrap();
        written.take()
    }
}

/// A writer whose content can be seen.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub fn options(max_batch_bytes: usize, group_bytes: usize) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.max_batch_bytes = max_batch_bytes;
    options.group_bytes = group_bytes;
    options
}

pub fn read_with(input: impl Read + Send + 'static, options: ReadOptions) -> All {
    let reader = BatchReader::open(input, options).unwrap();
    let mut all = All {
        encoding: reader.encoding(),
        ..All::default()
    };
    for (number, raw) in reader.enumerate() {
        match raw {
            Ok(raw) => {
                assert_eq!(raw.number(), number as u64);
                let decoded = raw.decode();
                all.batches.extend(decoded.batch);
                all.faults.extend(decoded.faults);
            }
            Err(fault) => {
                assert_eq!(fault.number, number as u64);
                all.faults.push(fault);
            }
        }
    }
    all
}

pub fn read(bytes: impl AsRef<[u8]>) -> All {
    read_with(
        Cursor::new(bytes.as_ref().to_vec()),
        options(1 << 20, 1 << 10),
    )
}

fn encoding(format: Format, compression: Compression) -> Encoding {
    Encoding {
        format,
        compression,
    }
}

/// All forms of some batches.
fn forms(batches: &[TracesData]) -> Vec<(Encoding, Vec<u8>)> {
    let messages: Vec<Vec<u8>> = batches.iter().map(Message::encode_to_vec).collect();
    let texts: Vec<Vec<u8>> = messages
        .iter()
        .map(|bytes| encode(bytes).unwrap())
        .collect();
    let lines: Vec<u8> = texts
        .iter()
        .flat_map(|text| [text, &b"\n"[..]].concat())
        .collect();
    let pretty: Vec<String> = texts
        .iter()
        .map(|text| {
            let value: serde_json::Value = serde_json::from_slice(text).unwrap();
            serde_json::to_string_pretty(&value).unwrap()
        })
        .collect();
    let frames = framed(messages.iter().map(Vec::as_slice));
    let packed: Vec<Vec<u8>> = messages.iter().map(|bytes| zstd(bytes)).collect();
    let packed_texts: Vec<Vec<u8>> = texts.iter().map(|text| zstd(text)).collect();
    let mut forms = Vec::new();
    for (format, bytes) in [
        (Format::JsonLines, lines),
        (Format::Json, texts.concat()),
        (Format::Json, pretty.join("\n").into_bytes()),
        (Format::Proto, messages.concat()),
        (Format::Framed, frames),
    ] {
        forms.push((encoding(format, Compression::Gzip), gzip(&bytes)));
        forms.push((encoding(format, Compression::Zstd), zstd(&bytes)));
        forms.push((encoding(format, Compression::None), bytes));
    }
    for packed in [packed, packed_texts] {
        let bytes = framed(packed.iter().map(Vec::as_slice));
        forms.push((encoding(Format::Framed, Compression::ZstdMessages), bytes));
    }
    forms
}

fn merged(batches: &[TracesData]) -> TracesData {
    TracesData {
        resource_spans: batches
            .iter()
            .flat_map(|batch| batch.resource_spans.clone())
            .collect(),
    }
}

fn some_batches() -> impl Strategy<Value = Vec<TracesData>> {
    vec(
        traces().prop_filter("spans", |traces| !traces.resource_spans.is_empty()),
        1..4,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_form_is_recognised_and_holds_the_same_spans(
        batches in some_batches(), step in 1..100usize, group in 1..2000usize,
    ) {
        for (made, bytes) in forms(&batches) {
            let input = Drip { bytes: Cursor::new(bytes), step, fails: false };
            let all = read_with(input, options(1 << 20, group));
            prop_assert!(all.faults.is_empty(), "{:?}: {:?}", made, all.faults);
            prop_assert!(all.encoding == Some(made), "{:?} for {made:?}", all.encoding);
            prop_assert_eq!(all.traces(), merged(&batches));
        }
    }

    #[test]
    fn what_is_not_mended_comes_out_as_it_came_in(batches in some_batches(), group in 1..2000usize) {
        for (made, bytes) in forms(&batches) {
            let all = read_with(Cursor::new(bytes.clone()), options(1 << 20, group));
            let written = all.write(encoding(made.format, Compression::None), true);
            match made.compression {
                Compression::None => prop_assert_eq!(written, bytes),
                Compression::Gzip => prop_assert_eq!(gzip(&written), bytes),
                Compression::Zstd => prop_assert_eq!(zstd(&written), bytes),
                Compression::ZstdMessages => {
                    let again = read(all.write(made, true));
                    prop_assert_eq!(again.encoding, Some(made));
                    prop_assert_eq!(again.traces(), merged(&batches));
                }
            }
        }
    }

    #[test]
    fn every_form_can_be_written_as_every_other(batches in some_batches()) {
        for (_, bytes) in forms(&batches) {
            let all = read(bytes);
            for (_, format) in Format::ALL {
                for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
                    let target = encoding(format, compression);
                    let written = read(all.write(target, false));
                    prop_assert!(written.faults.is_empty(), "{:?}", written.faults);
                    prop_assert_eq!(written.encoding, Some(target));
                    prop_assert_eq!(written.traces(), merged(&batches));
                }
            }
            let json = all.write(encoding(Format::Json, Compression::None), false);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
        }
    }

    #[test]
    fn cut_and_damaged_files_never_panic(
        batches in some_batches(), cut in any::<prop::sample::Index>(), byte in any::<u8>(),
        limit in 1..4000usize, fails in any::<bool>(),
    ) {
        for (_, mut bytes) in forms(&batches) {
            let at = cut.index(bytes.len());
            for damaged in [bytes[..at].to_vec(), { bytes[at] = byte; bytes.clone() }] {
                let input = Drip { bytes: Cursor::new(damaged), step: 64, fails };
                let Ok(reader) = BatchReader::open(input, options(limit, 500)) else { continue };
                for raw in reader.flatten() {
                    raw.decode();
                }
            }
        }
    }

    #[test]
    fn random_files_never_panic(start in 0..6usize, bytes in vec(any::<u8>(), 0..300)) {
        let starts: [&[u8]; 6] =
            [b"", b"{\"resourceSpans\":[", b"\x0a\x10\x12", b"\0\0\0\x05\x0a\x03\x12", b"\x1f\x8b\x08", b"{}\n"];
        let input = Cursor::new([starts[start], &bytes].concat());
        if let Ok(reader) = BatchReader::open(input, options(100, 50)) {
            for raw in reader.flatten() {
                raw.decode();
            }
        }
    }
}

#[test]
fn one_line_with_an_end_is_json_lines_and_without_is_json() {
    let format = |text: &str| read(text).encoding.unwrap().format;
    assert_eq!(format("{}"), Format::Json);
    assert_eq!(format("{}\n"), Format::JsonLines);
    assert_eq!(format("{}\r\n{}"), Format::JsonLines);
    assert_eq!(format("\u{feff}{}\n"), Format::JsonLines);
    assert_eq!(format("{}{}\n"), Format::Json);
    assert_eq!(format("{\n}\n"), Format::Json);
    assert_eq!(format("\n\n {\"resourceSpans\":[\n]}\n"), Format::Json);
    // The first line is broken.
    assert_eq!(
        format("{\"resourceSpans\":[{\n{\"resourceSpans\":[]}\n"),
        Format::JsonLines
    );
    assert_eq!(format("{\"resourceSpans\":[{\"a\n{}\n"), Format::JsonLines);
}

/// Field 1, of 123 bytes, of which field 4 has 114, and so on.
#[test]
fn a_text_that_is_well_formed_protobuf_is_a_text() {
    let text = format!("\n{{\"{}\": {{ }}}}", "r".repeat(120));
    let all = read(&text);
    assert_eq!(all.encoding.unwrap().format, Format::Json);
    let text = format!("\n{{\"resource_spans\":[{}]}}", " ".repeat(200));
    assert_eq!(read(&text).faults_text(), [""; 0]);
}

/// Guarantees: a message is known though it is nothing but an empty field whose length is
/// written in more bytes than it needs.
#[test]
fn an_empty_field_may_have_a_long_length() {
    for more in 0..10 {
        let message = [&b"\n"[..], &[0x80].repeat(more), b"\0"].concat();
        let frame = [&[0, 0, 0, message.len() as u8], &message[..]].concat();
        for (bytes, format) in [(message, Format::Proto), (frame, Format::Framed)] {
            let all = read(&bytes);
            assert_eq!(all.faults_text(), [""; 0], "{bytes:x?}");
            assert_eq!(all.encoding.unwrap().format, format, "{bytes:x?}");
        }
    }
}

#[test]
fn what_is_no_trace_file_is_told_so() {
    let open = |bytes: &[u8]| {
        BatchReader::open(Cursor::new(bytes.to_vec()), ReadOptions::default())
            .unwrap_err()
            .to_string()
    };
    assert!(open(b"hello, world").contains("begins with `hello, world`"));
    assert!(open(b"hello").contains("Looked for OTLP/JSON"));
    assert!(open(b"\x89PNG\r\n\x1a\n").contains("the bytes 89 50 4e 47"));
    assert!(open(&gzip(b"hello")).contains("`hello`"));
    for empty in [&b""[..], b" \n", b"\xef\xbb\xbf"] {
        let all = read(empty);
        assert!(all.encoding.is_none() && all.batches.is_empty() && all.faults.is_empty());
    }
}

#[test]
fn text_around_the_batches_stays() {
    for text in [
        "\u{feff}{}\r\n\r\n  \n{\"resourceSpans\":[]}\r\n{\"resourceSpans\":[{}]}",
        "\u{feff}\n{\"a\":{\"resourceSpans\":[1]},\"resourceSpans\" : [ {} ,\n{\"x\":1.0}\t] , \"b\":\"]}\" }\n\n{ }\n{\"resourceSpans\":null}",
    ] {
        let all = read(text);
        assert!(all.faults.is_empty(), "{:?}", all.faults);
        let written = all.write(all.encoding.unwrap(), true);
        assert_eq!(String::from_utf8(written).unwrap(), text);
    }
}

#[test]
fn several_inputs_make_one_document() {
    let mut all = read("{\"resourceSpans\":[{}],\"b\":1}{\"resourceSpans\":[]}");
    all.batches
        .extend(read("{\"resourceSpans\":[{\"x\":1}, {}]}\n{}\n").batches);
    all.batches.extend(read(b"\x0a\x03\x1a\x01a").batches);
    let written = all.write(encoding(Format::Json, Compression::None), false);
    assert_eq!(
        String::from_utf8(written).unwrap(),
        "{\"resourceSpans\":[\n{},\n{\"x\":1},{},\n{\"schemaUrl\":\"a\"}\n]}\n"
    );
    let nothing = All::default().write(encoding(Format::Json, Compression::None), false);
    assert_eq!(nothing, b"{\"resourceSpans\":[\n]}\n");
}

#[test]
fn mended_elements_are_patched_in_their_document() {
    let text = "{\"resourceSpans\": [ {\"scopeSpans\":[{\"spans\":[{\"name\":\"a\"}]}]},\n {\"odd\":1, \"scopeSpans\":[{\"spans\":[{\"name\":\"b\" }]}]} ]}";
    let all = read(text);
    let batch = all
        .batches
        .iter()
        .find(|batch| !batch.traces().is_empty())
        .unwrap();
    let mut traces = TracesData::decode(&batch.traces()[..]).unwrap();
    for span in crate::samples::spans_mut(&mut traces) {
        span.dropped_links_count = 3;
    }
    let target = |format| Target {
        format,
        keep_layout: true,
    };
    let mended = Bytes::from(traces.encode_to_vec());
    let render = |format| {
        let written = Shared::default();
        let output = Output::writer(written.clone());
        let mut writer = BatchWriter::new(output, encoding(format, Compression::None)).unwrap();
        for batch in &all.batches {
            let mended = if batch.traces().is_empty() {
                batch.traces()
            } else {
                &mended
            };
            writer
                .write(&batch.render(mended, target(format)).unwrap())
                .unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(written.take()).unwrap()
    };
    let expected = text
        .replace("\"a\"", "\"a\",\"droppedLinksCount\":3")
        .replace("\"b\"", "\"b\",\"droppedLinksCount\":3");
    assert_eq!(render(Format::Json), expected);
    let line = render(Format::JsonLines);
    assert_eq!(line.matches('\n').count(), 1);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&line).unwrap(),
        serde_json::from_str::<serde_json::Value>(&expected).unwrap()
    );
}

#[test]
fn a_message_whose_length_looks_like_text_is_protobuf() {
    for length in 2..200 {
        let mut traces = TracesData {
            resource_spans: vec![ResourceSpans::default()],
        };
        traces.resource_spans[0].schema_url = "{".repeat(length);
        let all = read(traces.encode_to_vec());
        assert_eq!(all.encoding.unwrap().format, Format::Proto);
        assert_eq!(all.traces(), traces);
        let all = read(framed([&traces.encode_to_vec()[..]]));
        assert_eq!(all.encoding.unwrap().format, Format::Framed);
        assert_eq!(all.traces(), traces);
    }
}

/// An endless pretty-printed document, up to a number of elements.
struct Endless {
    left: usize,
    rest: Cursor<Vec<u8>>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.rest.read(buffer)?;
        if count > 0 || self.left == 0 {
            return Ok(count);
        }
        self.left -= 1;
        let end = if self.left == 0 { "\n]}" } else { "," };
        let pad = " ".repeat(100_000);
        self.rest = Cursor::new(format!("\n  {{\n{pad}\"schemaUrl\": \"a\"}}{end}").into_bytes());
        self.rest.read(buffer)
    }
}

#[test]
fn a_document_of_any_size_is_read_in_pieces() {
    let input = Endless {
        left: 500,
        rest: Cursor::new(b"{\"resourceSpans\":[".to_vec()),
    };
    let reader = BatchReader::open(input, options(1 << 20, 1 << 18)).unwrap();
    assert_eq!(reader.encoding().unwrap().format, Format::Json);
    let mut elements = 0;
    for raw in reader {
        let raw = raw.unwrap();
        assert!(raw.len() < 1 << 19);
        let batch = raw.decode().batch.unwrap();
        elements += TracesData::decode(&batch.traces()[..])
            .unwrap()
            .resource_spans
            .len();
    }
    assert_eq!(elements, 500);
}

/// What was left of the first document stood on one line, and the second one on
/// several: that read as JSON Lines.
#[test]
fn damaged_documents_are_written_so_that_they_read_the_same() {
    let texts = [
        "{\"resourceSpans\":[null\n,1]}\n{\"resourceSpans\":[{},\n{}]}\n",
        "{\"resourceSpans\":[null, {\"a\" 1}\n]}\n\n{\n}\n",
        "{\"resourceSpans\":[1]\n}\n{\"resourceSpans\":[{},\n{}",
        "{\"a\"\n:1}{}\n{\n\"resourceSpans\":[{}]}\n",
    ];
    for text in texts {
        let all = read(text);
        assert_eq!(all.encoding.unwrap().format, Format::Json);
        let written = all.write(all.encoding.unwrap(), true);
        let again = read(&written);
        let shown = String::from_utf8_lossy(&written);
        assert_eq!(again.faults_text(), [""; 0], "{text} became {shown}");
        assert_eq!(again.traces(), all.traces(), "{text} became {shown}");
    }
}
