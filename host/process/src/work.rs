//! All that takes time: what any thread does with a piece of an input.

use bytes::Bytes;
use linkmend::{Asked, Counts, Explanation, ProcessError, Processor, RuleFault};
use linkmend_advice::Producers;
use linkmend_files::{Batch, Decoded, InputFault, Piece, Position, RawBatch, RenderError, Target};

/// What became of one piece of an input.
pub(crate) struct Done {
    pub(crate) position: Position,
    /// Parts that could not be read.
    pub(crate) faults: Vec<InputFault>,
    pub(crate) result: Result<Option<Mended>, Lost>,
}

pub(crate) struct Mended {
    pub(crate) piece: Option<Piece>,
    /// The batch itself.
    pub(crate) traces: Option<Bytes>,
    pub(crate) counts: Counts,
    pub(crate) faults: Vec<RuleFault>,
    pub(crate) explanations: Vec<Explanation>,
}

pub(crate) enum Lost {
    Process(ProcessError),
    Render(RenderError),
}

/// Mends one piece.
pub(crate) fn mend(
    processor: &Processor,
    explain: Option<&Asked>,
    part: Result<RawBatch, InputFault>,
    target: Target,
) -> Done {
    let raw = match part {
        Ok(raw) => raw,
        Err(fault) => {
            return Done {
                position: fault.position,
                faults: vec![fault],
                result: Ok(None),
            };
        }
    };
    let position = raw.position();
    let Decoded { batch, mut faults } = raw.decode_unchecked();
    let mend = |batch: &Batch| mend_batch(processor, explain, batch, target);
    let result = batch.and_then(|batch| match mend(&batch) {
        Err(Lost::Process(error)) if is_malformed(&error) => {
            let mut checked = batch.check();
            if checked.faults.is_empty() {
                return Some(Err(Lost::Process(error)));
            }
            faults.append(&mut checked.faults);
            checked.batch.as_ref().map(mend)
        }
        mended => Some(mended),
    });
    Done {
        position,
        faults,
        result: result.transpose(),
    }
}

/// What became of one piece in the first reading.
pub(crate) struct Remembered {
    pub(crate) position: Position,
    pub(crate) producers: Producers,
    pub(crate) result: Result<linkmend::Mended, ProcessError>,
}

/// Remembers one piece; `None` where nothing of it can be read, which is told in the
/// second reading.
pub(crate) fn remember(
    processor: &Processor,
    part: Result<RawBatch, InputFault>,
) -> Option<Remembered> {
    let raw = part.ok()?;
    let position = raw.position();
    let mut batch = raw.decode_unchecked().batch?;
    let mut result = processor.remember(batch.traces().clone());
    if result.as_ref().is_err_and(is_malformed) {
        batch = batch.check().batch?;
        result = processor.remember(batch.traces().clone());
    }
    Some(Remembered {
        position,
        producers: Producers::of(batch.traces()),
        result,
    })
}

fn is_malformed(error: &ProcessError) -> bool {
    matches!(error, ProcessError::Malformed { .. })
}

fn mend_batch(
    processor: &Processor,
    explain: Option<&Asked>,
    batch: &Batch,
    target: Target,
) -> Result<Mended, Lost> {
    // Blank lines and the like: text on its way, and no batch.
    if batch.traces().is_empty() {
        let piece = batch.render(&Bytes::new(), target).map_err(Lost::Render)?;
        return Ok(Mended {
            piece: Some(piece),
            traces: None,
            counts: Counts::default(),
            faults: Vec::new(),
            explanations: Vec::new(),
        });
    }
    let traces = batch.traces().clone();
    let mended = match explain {
        Some(asked) => processor.explain(traces, asked),
        None => processor.mend(traces),
    };
    let mended = mended.map_err(Lost::Process)?;
    let piece = match &mended.traces {
        Some(traces) => Some(batch.render(traces, target).map_err(Lost::Render)?),
        None => None,
    };
    Ok(Mended {
        piece,
        traces: mended.traces,
        counts: mended.counts,
        faults: mended.faults,
        explanations: mended.explanations,
    })
}
