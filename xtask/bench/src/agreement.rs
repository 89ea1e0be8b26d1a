//! Whether outputs are what they have to be.

use anyhow::ensure;
use bytes::Bytes;
use linkmend_workload::Workload;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message as _;

/// All links that are missing were found.
pub fn check(workload: &Workload, outputs: &[Bytes]) -> anyhow::Result<()> {
    let mut links = 0;
    for output in outputs {
        let traces = TracesData::decode(output.clone())?;
        let scopes = traces
            .resource_spans
            .iter()
            .flat_map(|resource| &resource.scope_spans);
        links += scopes
            .flat_map(|scope| &scope.spans)
            .map(|span| span.links.len() as u64)
            .sum::<u64>();
    }
    ensure!(
        links == workload.missing,
        "{links} links of {}",
        workload.missing
    );
    Ok(())
}

/// Both arms produced the same traces.
pub fn same(a: &[Bytes], b: &[Bytes]) -> anyhow::Result<bool> {
    for (a, b) in a.iter().zip(b) {
        if TracesData::decode(a.clone())? != TracesData::decode(b.clone())? {
            return Ok(false);
        }
    }
    Ok(a.len() == b.len())
}
