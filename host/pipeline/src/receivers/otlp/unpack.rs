//! From a body to a batch: decompression, and JSON.
//!
//! What may take long is not done between the tasks that serve sockets: a few
//! KiB may expand to all that a request may have.

use bytes::Bytes;
use linkmend_wire::{Scan, Selector, WireError};

use crate::config::Encoding;
use crate::json;
use crate::net::body::BodyError;
use crate::net::budget::Charge;
use crate::net::decompress::{claimed, decompress};
use crate::signal::Signal;
use crate::traces::Traces;
use crate::workers::{Aside, Panicked, processors};

/// Up to this size, before and after decompression, a body is unpacked where
/// it was read: that takes 0.1 ms; the way to another thread and back 0.07 ms.
const SMALL: u64 = 256 << 10;

/// The same of JSON: 0.3 ms.
const SMALL_JSON: u64 = 64 << 10;

/// Up to this size the elements of a batch are counted where it was read.
const LARGE: usize = 1 << 20;

/// A body as it came.
pub(super) struct Packed {
    pub(super) body: Bytes,
    pub(super) encoding: Encoding,
    pub(super) is_json: bool,
    pub(super) signal: Signal,
    /// The largest one after decompression.
    pub(super) limit: u64,
}

/// Why a body cannot be unpacked.
pub(super) enum UnpackError {
    Body(BodyError),
    /// It is no OTLP/JSON of this signal.
    Json(Signal, String),
    /// A panic, which was told of in the log.
    Panicked,
}

impl From<BodyError> for UnpackError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

/// Unpacks bodies, as many large ones at once as there are processors.
#[derive(Clone)]
pub(super) struct Unpacker(Aside);

impl Unpacker {
    pub(super) fn new() -> Self {
        Self(Aside::new(processors()))
    }

    /// OTLP protobuf, and what it takes in memory. The charge goes along to the
    /// other thread: what is done there may outlast its sender.
    pub(super) async fn unpack(
        &self,
        packed: Packed,
        mut charge: Charge,
    ) -> Result<(Bytes, Charge), UnpackError> {
        if packed.encoding == Encoding::Identity && !packed.is_json {
            return Ok((packed.body, charge));
        }
        if let Some(plain) = packed.small(&mut charge)? {
            return Ok((packed.finish(plain, &mut charge)?, charge));
        }
        let unpacking = self.0.run(move || {
            let limit = packed.limit;
            let plain = decompress(&packed.body, packed.encoding, limit, &mut charge)?;
            Ok((packed.finish(plain, &mut charge)?, charge))
        });
        unpacking.await.unwrap_or(Err(UnpackError::Panicked))
    }
}

impl Unpacker {
    /// What a batch has, see [`Traces::of`]: that may be ten million elements.
    pub(super) async fn count(&self, signal: Signal, bytes: Bytes) -> Result<Traces, String> {
        let is_large = bytes.len() > LARGE;
        self.look(is_large, move || Traces::of(signal, bytes)).await
    }

    /// What is wrong with a batch.
    pub(super) async fn check(&self, traces: Traces) -> Result<(), String> {
        let is_large = traces.bytes().len() as u64 > SMALL;
        let check = move || Scan::new().run(traces.bytes(), &Selector::none());
        self.look(is_large, check).await
    }

    /// Looks at a batch: at a large one on another thread.
    async fn look<T: Send + 'static>(
        &self,
        is_large: bool,
        look: impl FnOnce() -> Result<T, WireError> + Send + 'static,
    ) -> Result<T, String> {
        let looked = if is_large {
            self.0.run(look).await
        } else {
            Ok(look())
        };
        match looked {
            Ok(found) => found.map_err(|error| error.to_string()),
            Err(Panicked) => Err("it cannot be read; see linkmend's log".into()),
        }
    }
}

impl Packed {
    /// What is in it, unless that is large.
    fn small(&self, charge: &mut Charge) -> Result<Option<Bytes>, UnpackError> {
        let small = if self.is_json { SMALL_JSON } else { SMALL };
        let limit = self.limit.min(small);
        let claims = claimed(&self.body, self.encoding);
        let is_large = claims.is_some_and(|length| length > limit) && limit < self.limit;
        if is_large || self.body.len() as u64 > small {
            return Ok(None);
        }
        let before = charge.bytes();
        match decompress(&self.body, self.encoding, limit, charge) {
            Err(BodyError::TooLarge(_)) if limit < self.limit => {
                charge.keep(before);
                Ok(None)
            }
            plain => Ok(Some(plain?)),
        }
    }

    /// The rest, when it is decompressed; what is not needed any more is given
    /// back.
    fn finish(self, plain: Bytes, charge: &mut Charge) -> Result<Bytes, UnpackError> {
        let Self {
            body,
            encoding,
            signal,
            ..
        } = self;
        if encoding != Encoding::Identity {
            charge.shrink(body.len() as u64);
        }
        drop(body);
        if !self.is_json {
            return Ok(plain);
        }
        // OTLP protobuf is shorter than the JSON that says the same.
        let length = plain.len() as u64;
        let growth = length.saturating_mul(json::growth(signal));
        charge.grow(growth).map_err(BodyError::NoRoom)?;
        let batch = json::decode(signal, &plain);
        let batch = batch.map_err(|error| UnpackError::Json(signal, error))?;
        drop(plain);
        charge.shrink(growth);
        Ok(batch)
    }
}
