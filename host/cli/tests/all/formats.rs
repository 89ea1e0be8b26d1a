//! Formats and compressions, from each to each.

use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message as _;

use crate::place::Place;
use crate::traces::{expected, gzip, links, pretty, spans, traces, unpacked, without_links, zstd};

const FORMATS: [&str; 4] = ["json", "jsonl", "proto", "framed"];

/// The same unmended traces in all formats.
fn all_formats() -> Place {
    let place = Place::with("in.jsonl", traces());
    place.write("in.json", pretty());
    let frames = traces().lines().map(message).collect::<Vec<_>>();
    place.write("in.proto", frames.concat());
    let framed = frames.iter().flat_map(|frame| {
        let length = u32::try_from(frame.len()).unwrap();
        [length.to_be_bytes().to_vec(), frame.clone()].concat()
    });
    place.write("in.framed", framed.collect::<Vec<u8>>());
    place
}

/// By another decoder than ours.
fn message(line: &str) -> Vec<u8> {
    let traces: TracesData = serde_json::from_str(line).unwrap();
    traces.encode_to_vec()
}

fn frames(mut bytes: &[u8]) -> Vec<TracesData> {
    let mut all = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (frame, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        all.push(TracesData::decode(frame).unwrap());
        bytes = rest;
    }
    all
}

#[test]
fn every_format_becomes_every_other_with_all_spans_and_links() {
    let place = all_formats();
    for from in FORMATS {
        for to in FORMATS {
            let name = format!("{from}-{to}");
            place
                .process(&format!("in.{from} -o {name} --format {to}"))
                .well();
            // Read again: JSON as it is, protobuf by way of JSON.
            place
                .process(&format!("{name} -o {name}.back --format jsonl"))
                .well();
            let back = place.read(&format!("{name}.back"));
            assert_eq!(links(&back), expected(), "{name}");
            assert_eq!(
                spans(&back).len(),
                spans(traces().as_bytes()).len(),
                "{name}"
            );
        }
    }
}

#[test]
fn frames_are_what_another_decoder_makes_of_the_lines() {
    let place = all_formats();
    place.process("in.framed -o out.framed").well();
    place.process("in.jsonl -o out.jsonl").well();
    let lines = place.text("out.jsonl");
    let expected: Vec<TracesData> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(frames(&place.read("out.framed")), expected);
}

#[test]
fn a_document_keeps_its_lines_and_blanks() {
    let place = Place::with("in.json", pretty());
    place.process("in.json -o out.json").well();
    let mended = place.read("out.json");
    assert_eq!(links(&mended), expected());
    assert_eq!(without_links(&mended), without_links(pretty().as_bytes()));
    let mended = String::from_utf8(mended).unwrap();
    let first_lines = mended
        .lines()
        .zip(pretty().lines().map(str::to_owned).collect::<Vec<_>>());
    assert!(first_lines.take(200).all(|(a, b)| a == b));
}

#[test]
fn compression_is_kept_and_read_by_content() {
    let place = all_formats();
    for format in FORMATS {
        let plain = place.read(&format!("in.{format}"));
        place.process(&format!("in.{format} -o plain")).well();
        place.write("packed", gzip(&plain));
        place.process("packed -o out").well();
        let out = place.read("out");
        assert!(out.starts_with(b"\x1f\x8b"));
        assert!(unpacked(&out) == place.read("plain"), "{format}, gzip");
        place.write("packed", zstd(&plain));
        place.process("packed -o out").well();
        let out = place.read("out");
        assert!(out.starts_with(b"\x28\xb5\x2f\xfd"));
        assert!(unpacked(&out) == place.read("plain"), "{format}, zstd");
    }
}

#[test]
fn a_pipe_in_and_a_pipe_out_are_as_good_as_files() {
    let place = all_formats();
    for format in FORMATS {
        let name = format!("in.{format}");
        place.process(&format!("{name} -o out")).well();
        let piped = place.process_stdin("-", &place.read(&name)).well();
        assert!(piped.stdout == place.read("out"), "{format}");
        let mut redirected = place.command(["-"]);
        redirected.stdin(std::fs::File::open(place.path(&name)).unwrap());
        assert!(crate::place::Done::of(redirected).well().stdout == place.read("out"));
    }
}

#[test]
fn standard_input_is_read_from_where_it_stands() {
    use std::io::Seek as _;
    let place = Place::with("in.jsonl", format!("read before\n{}", traces()));
    let mut file = std::fs::File::open(place.path("in.jsonl")).unwrap();
    file.seek(std::io::SeekFrom::Start("read before\n".len() as u64))
        .unwrap();
    let mut command = place.command(["-"]);
    command.stdin(file);
    let done = crate::place::Done::of(command).well();
    assert_eq!(links(&done.stdout), expected());
}

#[test]
fn line_ends_and_a_byte_order_mark_stay() {
    let windows = format!("\u{feff}{}", traces().replace('\n', "\r\n"));
    let place = Place::with("in.jsonl", &windows);
    place.process("in.jsonl -o out.jsonl").well();
    let mended = place.text("out.jsonl");
    assert!(mended.starts_with('\u{feff}'));
    assert_eq!(
        mended.matches("\r\n").count(),
        windows.matches("\r\n").count()
    );
    assert_eq!(links(mended.as_bytes()), expected());
}
