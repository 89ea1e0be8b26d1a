//! The records that a batch is written as: made once, and kept as one piece for all tries.

use bytes::{Buf, Bytes};

use super::by_trace;
use crate::exporters::cut::{Cutter, Most};
use crate::json;
use crate::signal::Signal;
use crate::traces::{Refusal, Traces};

/// How batches become records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) signal: Signal,
    pub(super) is_json: bool,
    /// A record for each trace.
    pub(super) by_trace: bool,
    /// The largest value of a record.
    pub(super) most: usize,
}

/// The records of a batch, with their keys, and how many items of it are too large.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) records: Vec<(Option<Bytes>, Bytes)>,
    pub(super) too_large: u64,
}

/// In place of the length of a value: there are so many items that are too large.
const TOO_LARGE: u32 = u32::MAX;

impl Made {
    /// Takes apart what [`Shape::encode`] has made.
    pub(super) fn read(mut framed: Bytes) -> Self {
        let mut made = Self::default();
        while framed.len() >= 8 {
            let (key, length) = (framed.get_u32(), framed.get_u32());
            if length == TOO_LARGE {
                made.too_large += u64::from(key);
                continue;
            }
            let key = framed.split_to((key as usize).min(framed.len()));
            let value = framed.split_to((length as usize).min(framed.len()));
            made.records.push(((!key.is_empty()).then_some(key), value));
        }
        made
    }
}

impl Shape {
    /// The records of a batch as one piece: of each the lengths of key and value, then both.
    ///
    /// # Errors
    ///
    /// Nothing of it can be written.
    pub(super) fn encode(&self, batch: Bytes) -> Result<Bytes, Refusal> {
        let mut out = Vec::with_capacity(batch.len() + 64);
        let mut too_large = 0;
        if self.by_trace {
            for (key, batch) in by_trace::parts(&batch)? {
                self.put(&mut out, &key, batch.into(), &mut too_large)?;
            }
        } else {
            self.put(&mut out, b"", batch, &mut too_large)?;
        }
        if out.is_empty() && too_large > 0 {
            return Err(Refusal::permanent(self.too_large(u64::from(too_large))));
        }
        if too_large > 0 {
            out.extend_from_slice(&too_large.to_be_bytes());
            out.extend_from_slice(&TOO_LARGE.to_be_bytes());
        }
        Ok(out.into())
    }

    /// What is told of items that are too large.
    pub(super) fn too_large(&self, count: u64) -> String {
        format!(
            "{count} {} are larger than {} bytes each (`producer.max_message_bytes`, less what is \
             around them); raise it here and `message.max.bytes` of the brokers",
            self.signal.items(),
            self.most
        )
    }

    fn put(
        &self,
        out: &mut Vec<u8>,
        key: &[u8],
        batch: Bytes,
        too_large: &mut u32,
    ) -> Result<(), Refusal> {
        let (length, value) = self.value(&batch)?;
        if value.len() <= self.most {
            if !value.is_empty() {
                out.extend_from_slice(&(key.len() as u32).to_be_bytes());
                out.extend_from_slice(&(value.len() as u32).to_be_bytes());
                out.extend_from_slice(key);
                out.extend_from_slice(&value);
            }
            return Ok(());
        }
        let items = Traces::checked(self.signal, batch.clone()).items();
        if items <= 1 || self.signal == Signal::Profiles {
            *too_large = too_large.saturating_add(u32::try_from(items).unwrap_or(u32::MAX));
            return Ok(());
        }
        // JSON is larger than what is cut.
        let most = (length as u64).saturating_mul(self.most as u64) / value.len() as u64;
        drop(value);
        let most = Most::Bytes(most.max(1));
        let mut cutter = Cutter::new(self.signal, batch, most, most);
        let mut pieces = 0;
        while !cutter.is_done() {
            let piece = cutter
                .piece()
                .map_err(|error| Refusal::malformed(error.to_string()))?;
            if piece.bytes.is_empty() {
                continue;
            }
            pieces += 1;
            let is_whole = pieces == 1 && cutter.is_done();
            if is_whole || piece.items <= 1 && self.is_too_large(&piece.bytes)? {
                *too_large =
                    too_large.saturating_add(u32::try_from(piece.items).unwrap_or(u32::MAX));
            } else {
                self.put(out, key, piece.bytes, too_large)?;
            }
        }
        Ok(())
    }

    fn is_too_large(&self, batch: &Bytes) -> Result<bool, Refusal> {
        Ok(self.value(batch)?.1.len() > self.most)
    }

    /// The value of a record, and how long the batch is that it is of.
    fn value(&self, batch: &Bytes) -> Result<(usize, Bytes), Refusal> {
        let length = batch.len();
        if !self.is_json {
            return Ok((length, batch.clone()));
        }
        let text = json::encode(self.signal, batch).map_err(|error| {
            Refusal::permanent(format!("it cannot be written as JSON: {error}"))
        })?;
        Ok((length, text.into()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
    use prost::Message as _;

    use super::*;

    fn batch(spans: &[(u8, usize)]) -> Bytes {
        let spans = spans.iter().map(|(trace, length)| Span {
            trace_id: vec![*trace; 16],
            span_id: vec![1; 8],
            name: "x".repeat(*length),
            ..Span::default()
        });
        let scopes = ScopeSpans {
            spans: spans.collect(),
            ..ScopeSpans::default()
        };
        let resources = ResourceSpans {
            scope_spans: vec![scopes],
            schema_url: "a schema".into(),
            ..ResourceSpans::default()
        };
        let data = TracesData {
            resource_spans: vec![resources],
        };
        data.encode_to_vec().into()
    }

    fn shape(is_json: bool, by_trace: bool, most: usize) -> Shape {
        Shape {
            signal: Signal::Traces,
            is_json,
            by_trace,
            most,
        }
    }

    fn spans(record: &Bytes, is_json: bool) -> Vec<(Vec<u8>, usize)> {
        let proto = if is_json {
            json::decode(Signal::Traces, record).unwrap()
        } else {
            record.clone()
        };
        let data = TracesData::decode(proto).unwrap();
        let mut found = Vec::new();
        for resource in data.resource_spans {
            assert_eq!(resource.schema_url, "a schema");
            for scope in resource.scope_spans {
                let spans = scope.spans.into_iter();
                found.extend(spans.map(|span| (span.trace_id, span.name.len())));
            }
        }
        found
    }

    #[test]
    fn each_trace_has_a_record_with_its_key() {
        let made = shape(false, true, 10_000)
            .encode(batch(&[(1, 3), (2, 4), (1, 5)]))
            .unwrap();
        let made = Made::read(made);
        assert_eq!(made.too_large, 0);
        let [(one_key, one), (two_key, two)] = &made.records[..] else {
            panic!("{made:?}");
        };
        assert_eq!(one_key.as_deref().unwrap(), "01".repeat(16).as_bytes());
        assert_eq!(two_key.as_deref().unwrap(), "02".repeat(16).as_bytes());
        assert_eq!(spans(one, false), [(vec![1; 16], 3), (vec![1; 16], 5)]);
        assert_eq!(spans(two, false), [(vec![2; 16], 4)]);
    }

    #[test]
    fn what_is_larger_than_a_message_is_cut() {
        let all: Vec<_> = (0..50).map(|number| (1, number * 10)).collect();
        for is_json in [false, true] {
            for by_trace in [false, true] {
                let made = shape(is_json, by_trace, 1000).encode(batch(&all)).unwrap();
                let made = Made::read(made);
                assert_eq!(made.too_large, 0);
                assert!(made.records.len() > 5);
                let mut found = Vec::new();
                for (_, record) in &made.records {
                    assert!(record.len() <= 1000, "{}", record.len());
                    found.extend(spans(record, is_json));
                }
                let lengths: Vec<_> = found.iter().map(|(_, length)| *length).collect();
                assert_eq!(
                    lengths,
                    all.iter().map(|(_, length)| *length).collect::<Vec<_>>()
                );
            }
        }
    }

    #[test]
    fn a_span_that_is_too_large_alone_is_told_of() {
        for is_json in [false, true] {
            let shape = shape(is_json, false, 1000);
            let made = shape.encode(batch(&[(1, 3), (2, 5000), (3, 4)])).unwrap();
            let made = Made::read(made);
            assert_eq!(made.too_large, 1, "{is_json}");
            let found: Vec<_> = made
                .records
                .iter()
                .flat_map(|(_, record)| spans(record, is_json))
                .collect();
            assert_eq!(found, [(vec![1; 16], 3), (vec![3; 16], 4)]);
            let refusal = shape.encode(batch(&[(2, 5000)])).unwrap_err();
            assert!(!refusal.is_retryable());
            assert!(refusal.message.contains("max_message_bytes"), "{refusal}");
        }
    }
}
