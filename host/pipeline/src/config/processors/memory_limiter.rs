//! The processor `memory_limiter`.

use std::time::Duration;

use linkmend_config::Node;

use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{POSITIVE, integer, mib, positive_duration};

/// Refuses traces, to be sent again, when memory runs short. One limit at least
/// is set; that in bytes goes before that in per cent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryLimiter {
    /// How often memory is measured.
    pub check_interval: Duration,
    /// The memory that the process may have, in bytes.
    pub limit: Option<u64>,
    /// How much below that traces are refused already, in bytes; `None`: a
    /// fifth of the limit.
    pub spike_limit: Option<u64>,
    /// The limit in per cent of what the machine or the container has.
    pub limit_percentage: Option<u8>,
    /// The same for the spike limit; `None`: a fifth of the limit.
    pub spike_limit_percentage: Option<u8>,
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self {
            check_interval: Duration::from_secs(1),
            limit: None,
            spike_limit: None,
            limit_percentage: None,
            spike_limit_percentage: None,
        }
    }
}

const MIB: &str = "a number of MiB";
const PERCENT: &str = "an integer from 0 to 100";
const GC: &str = "there is no garbage collector to run";

pub(in crate::config) static MEMBERS: &[Member<MemoryLimiter>] = &[
    Member::value(
        "check_interval",
        "1s",
        POSITIVE,
        "How often memory is measured.",
        |t, n| positive_duration(n).map(|v| t.check_interval = v),
    ),
    Member::value(
        "limit_mib",
        "0",
        MIB,
        "The memory that the process may use; 0: see `limit_percentage`.",
        |t, n| mib(n).map(|v| t.limit = (v > 0).then_some(v)),
    ),
    Member::value(
        "spike_limit_mib",
        "0",
        MIB,
        "How far below the limit refusing begins; 0: a fifth of the limit.",
        |t, n| mib(n).map(|v| t.spike_limit = (v > 0).then_some(v)),
    ),
    Member::value(
        "limit_percentage",
        "0",
        PERCENT,
        "The limit in per cent of the memory of the machine or the container, if `limit_mib` is 0.",
        |t, n| percent(n).map(|v| t.limit_percentage = v),
    ),
    Member::value(
        "spike_limit_percentage",
        "0",
        PERCENT,
        "The same for the spike limit.",
        |t, n| percent(n).map(|v| t.spike_limit_percentage = v),
    ),
    Member::unsupported("min_gc_interval_when_soft_limited", GC),
    Member::unsupported("min_gc_interval_when_hard_limited", GC),
    Member::unsupported("max_gc_interval_when_soft_limited", GC),
    Member::unsupported("max_gc_interval_when_hard_limited", GC),
];

fn percent(node: &Node) -> Result<Option<u8>, Refusal> {
    let number = integer(node, 0, 100)?;
    Ok(u8::try_from(number).ok().filter(|number| *number > 0))
}

pub(super) fn read(reader: &mut Reader, node: &Node) -> MemoryLimiter {
    let mut limiter = MemoryLimiter::default();
    let faults = reader.faults();
    member::read(reader, node, &[MEMBERS], &mut limiter);
    if reader.faults() == faults {
        check(reader, node, &limiter);
    }
    limiter
}

fn check(reader: &mut Reader, node: &Node, limiter: &MemoryLimiter) {
    if limiter.limit.is_none() && limiter.limit_percentage.is_none() {
        let text = "there is no limit; give `limit_mib` or `limit_percentage`";
        reader.fault(node.spot, text);
    }
    if limiter
        .limit
        .is_some_and(|limit| Some(limit) <= limiter.spike_limit)
    {
        let text = "it is not less than `limit_mib`";
        reader.fault_of(node, "spike_limit_mib", text);
    }
    if limiter
        .limit_percentage
        .is_some_and(|limit| Some(limit) <= limiter.spike_limit_percentage)
    {
        let text = "it is not less than `limit_percentage`";
        reader.fault_of(node, "spike_limit_percentage", text);
    }
    if limiter.limit.is_some()
        && limiter.spike_limit.is_none()
        && limiter.spike_limit_percentage.is_some()
        && limiter.limit_percentage.is_none()
    {
        let text = "there is no `limit_percentage` that it belongs to";
        reader.fault_of(node, "spike_limit_percentage", text);
    }
}
