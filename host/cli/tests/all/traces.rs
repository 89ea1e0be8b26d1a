//! Traces made in code: each message is published by two nested spans, as some
//! instrumentations do, and the inner one is the right one.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

/// So many messages are received one by one.
pub const SINGLES: u32 = 12;
/// And so many by one span.
pub const BATCHED: u32 = 8;

/// A link, and the span that has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub from: String,
    pub to: String,
    pub kind: String,
}

fn span(name: &str, kind: u32, trace: u32, id: u32, start: u32, attributes: &Value) -> Value {
    json!({
        "traceId": trace_id(trace), "spanId": span_id(id), "name": name, "kind": kind,
        "startTimeUnixNano": (1_700_000_000_000_000_000 + u64::from(start)).to_string(),
        "endTimeUnixNano": (1_700_000_000_000_000_500 + u64::from(start)).to_string(),
        "attributes": attributes, "status": {}, "flags": 256
    })
}

pub fn trace_id(number: u32) -> String {
    format!("{:032x}", (u128::from(number) << 64) + 0xabc)
}

pub fn span_id(number: u32) -> String {
    format!("{:016x}", u64::from(number) + 0xfeed_0000_0000)
}

fn message_id(message: u32) -> Value {
    json!({"stringValue": format!("message-{message:05}")})
}

fn system() -> Value {
    json!({"key": "messaging.system", "value": {"stringValue": "rabbitmq"}})
}

/// Both spans that publish a message, the inner one first.
pub fn producers(message: u32) -> [Value; 2] {
    let attributes =
        json!([system(), {"key": "messaging.message.id", "value": message_id(message)}]);
    let trace = 1_000 + message;
    let outer = span("send", 4, trace, message * 2, message * 10, &attributes);
    let mut inner = span(
        "send",
        4,
        trace,
        message * 2 + 1,
        message * 10 + 5,
        &attributes,
    );
    inner["parentSpanId"] = json!(span_id(message * 2));
    [inner, outer]
}

/// The id of the span that a link to a message must name.
pub fn inner(message: u32) -> String {
    span_id(message * 2 + 1)
}

/// A span that received one message, in a trace of its own.
pub fn consumer(message: u32) -> Value {
    let attributes = json!([
        system(),
        {"key": "messaging.operation", "value": {"stringValue": "receive"}},
        {"key": "messaging.message.id", "value": message_id(message)}
    ]);
    let number = 500_000 + message;
    span("receive", 5, number, number, 100_000 + message, &attributes)
}

/// A span that received several at once.
pub fn batch_consumer(messages: std::ops::Range<u32>) -> Value {
    let number = 900_000 + messages.start;
    let ids: Vec<Value> = messages.map(message_id).collect();
    let attributes = json!([
        system(),
        {"key": "messaging.operation.type", "value": {"stringValue": "process"}},
        {"key": "messaging.message.ids", "value": {"arrayValue": {"values": ids}}}
    ]);
    span("batch", 5, number, number, 200_000, &attributes)
}

/// The spans as one object.
pub fn object(spans: impl IntoIterator<Item = Value>) -> Value {
    let spans: Vec<Value> = spans.into_iter().collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "orders"}}]},
        "scopeSpans": [{"scope": {"name": "tests"}, "spans": spans}]
    }]})
}

/// The spans as a line.
pub fn line(spans: impl IntoIterator<Item = Value>) -> String {
    format!("{}\n", object(spans))
}

/// Who publishes.
pub fn producing() -> String {
    let all: Vec<Value> = (0..SINGLES + BATCHED).flat_map(producers).collect();
    all.chunks(8).map(|spans| line(spans.to_vec())).collect()
}

/// Who receives: 12 messages one by one, 8 at once.
pub fn consuming() -> String {
    let singles: Vec<Value> = (0..SINGLES).map(consumer).collect();
    let lines = singles.chunks(5).map(|spans| line(spans.to_vec()));
    let batch = line([batch_consumer(SINGLES..SINGLES + BATCHED)]);
    lines.chain([batch]).collect()
}

/// Both: 20 links are missing.
pub fn traces() -> String {
    producing() + &consuming()
}

/// As one object on many lines.
pub fn pretty() -> String {
    let objects = traces();
    let objects = objects
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let elements: Vec<Value> = objects
        .flat_map(|mut object: Value| object["resourceSpans"].as_array_mut().unwrap().split_off(0))
        .collect();
    serde_json::to_string_pretty(&json!({"resourceSpans": elements})).unwrap() + "\n"
}

/// The links that mending makes, in order of their spans.
pub fn expected() -> Vec<Link> {
    let single = (0..SINGLES).map(|message| Link {
        from: span_id(500_000 + message),
        to: inner(message),
        kind: "triggered_by".into(),
    });
    let batch = (SINGLES..SINGLES + BATCHED).map(|message| Link {
        from: span_id(900_000 + SINGLES),
        to: inner(message),
        kind: "aggregated_from".into(),
    });
    single.chain(batch).collect()
}

/// All spans of a JSON or JSON Lines text, compressed or not.
pub fn spans(text: &[u8]) -> Vec<Value> {
    let text = unpacked(text);
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let objects = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
    let mut all = Vec::new();
    for object in objects {
        for resource in array(&object.unwrap(), "resourceSpans") {
            for scope in array(&resource, "scopeSpans") {
                all.extend(array(&scope, "spans"));
            }
        }
    }
    all
}

fn array(value: &Value, key: &str) -> Vec<Value> {
    value[key].as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// All links of a JSON or JSON Lines text.
pub fn links(json: &[u8]) -> Vec<Link> {
    let of_span = |span: Value| {
        array(&span, "links").into_iter().map(move |link| Link {
            from: text(&span["spanId"]),
            to: text(&link["spanId"]),
            kind: array(&link, "attributes")
                .iter()
                .find(|attribute| attribute["key"] == "link.type")
                .map_or_else(String::new, |found| text(&found["value"]["stringValue"])),
        })
    };
    spans(json).into_iter().flat_map(of_span).collect()
}

/// The objects of a text, with all links taken out.
pub fn without_links(json: &[u8]) -> Vec<Value> {
    let objects = serde_json::Deserializer::from_slice(json).into_iter::<Value>();
    let mut objects: Vec<Value> = objects.map(Result::unwrap).collect();
    objects.iter_mut().for_each(take_links);
    objects
}

fn take_links(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("links");
            members.values_mut().for_each(take_links);
        }
        Value::Array(elements) => elements.iter_mut().for_each(take_links),
        _ => {}
    }
}

pub fn gzip(plain: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(plain.as_ref()).unwrap();
    packed.finish().unwrap()
}

pub fn zstd(plain: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(plain.as_ref(), 1).unwrap()
}

/// Whatever it is compressed with.
pub fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match bytes {
        [0x1f, 0x8b, ..] => {
            let mut packed = flate2::read::MultiGzDecoder::new(bytes);
            packed.read_to_end(&mut plain).unwrap();
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => plain = zstd::decode_all(bytes).unwrap(),
        _ => plain.extend_from_slice(bytes),
    }
    plain
}
