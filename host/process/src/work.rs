//! All that takes time: what any thread does with a piece of an input.

use bytes::Bytes;
use linkmend::{Asked, Counts, Explanation, ProcessError, Processor, RuleFault};
use linkmend_files::{Batch, InputFault, Piece, Position, RawBatch, RenderError, Target};

/// What became of one piece of an input.
pub(crate) struct Done {
    pub(crate) position: Position,
    /// Parts that could not be read.
    pub(crate) faults: Vec<InputFault>,
    pub(crate) result: Result<Option<Mended>, Lost>,
}

pub(crate) struct Mended {
    pub(crate) piece: Option<Piece>,
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
    let decoded = raw.decode();
    Done {
        position,
        faults: decoded.faults,
        result: decoded
            .batch
            .map(|batch| mend_batch(processor, explain, &batch, target))
            .transpose(),
    }
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
        counts: mended.counts,
        faults: mended.faults,
        explanations: mended.explanations,
    })
}
