//! The processor `batch`, done by exporters: they join and cut what their queues
//! have, so that no batch is acknowledged that is only in memory.

use std::collections::BTreeMap;

use linkmend_config::{Finding, Node};

use super::exporters::Exporter;
use super::id::Id;
use super::processors::{BatchProcessor, Processor};
use super::reader::Reader;
use super::root::Config;
use super::sending::{Batch, Queue, Sizer};

/// Takes the processors `batch` out of all pipelines, and has the exporters of
/// these make batches. It is told once for each.
pub(super) fn apply(reader: &mut Reader, root: &Node, config: &mut Config) {
    let mut batches = BTreeMap::new();
    config.processors.retain(|id, processor| match processor {
        Processor::Batch(batch) => {
            batches.insert(id.clone(), batch.clone());
            false
        }
        _ => true,
    });
    let mut made = BTreeMap::<Id, Vec<String>>::new();
    for pipeline in config.service.pipelines.values_mut() {
        let named = pipeline.processors.iter().find_map(|id| {
            let batch = batches.get(id)?;
            Some((id.clone(), batch))
        });
        pipeline.processors.retain(|id| !batches.contains_key(id));
        let Some((id, batch)) = named else { continue };
        let exporters = made.entry(id).or_default();
        for exporter in &pipeline.exporters {
            let sending = config.exporters.get_mut(exporter);
            if let Some(queue) = sending.and_then(Exporter::queue_mut)
                && make(queue, batch)
            {
                exporters.push(exporter.to_string());
            }
        }
    }
    for (id, exporters) in made {
        let spot = root
            .get("processors")
            .and_then(|section| section.get(&id.to_string()))
            .map_or(root.spot, |node| node.spot);
        let text = if exporters.is_empty() {
            "its exporters make batches as they are configured to, or write each as it comes"
                .to_owned()
        } else {
            format!(
                "exporters do this here: {} makes batches as it says, and senders wait until \
                 their batch was sent (`sending_queue: {{wait_for_result: true, batch: …}}`)",
                exporters.join(", ")
            )
        };
        reader.warning(Finding {
            spot,
            path: format!("processors.{id}"),
            text,
        });
    }
}

/// Whether the exporter makes batches because of this.
fn make(queue: &mut Option<Queue>, batch: &BatchProcessor) -> bool {
    let queue = queue.get_or_insert_with(|| Queue {
        wait_for_result: true,
        ..Queue::default()
    });
    if queue.batch.is_some() {
        return false;
    }
    // Without a time to wait, batches go on as they come, but for the largest.
    let min_size = if batch.timeout.is_zero() {
        0
    } else {
        batch.send_batch_size
    };
    queue.batch = Some(Batch {
        flush_timeout: batch.timeout,
        min_size,
        max_size: batch.send_batch_max_size,
        sizer: Sizer::Items,
    });
    true
}
