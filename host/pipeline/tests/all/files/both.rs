//! What the exporter writes, the receiver reads: all of it, once, while files
//! are rotated.

use linkmend_pipeline::component::Exporter as _;
use linkmend_pipeline::exporters::file::File;
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::traces::Consumer as _;

use super::receiver::Running;
use super::support::{batch, config, id};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_read_twice_while_files_are_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let mut config = config(&path, "rotation: {max_backups: 0}");
    // Some ten batches, so that a file may come and go between two looks.
    config.rotation.as_mut().unwrap().max_size = 2_000;
    let file = File::new(
        &id("file"),
        &config,
        &[linkmend_pipeline::signal::Signal::Traces],
        &Metrics::new(true),
    )
    .unwrap();
    file.start().await.unwrap();
    let running = Running::start(folder.path(), "start_at: beginning").await;
    let names: Vec<_> = (0..400)
        .map(|number| format!("batch-{number:03}"))
        .collect();
    for name in &names {
        file.take(batch(name)).await.unwrap();
        if name.ends_with('9') {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
    // A file that gets its name in the moment of a look may come after the next.
    let mut taken = running.takes_so_many(names.len()).await;
    taken.sort();
    assert_eq!(taken, names);
    running.tasks.end().await;
}
