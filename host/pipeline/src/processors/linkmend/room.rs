//! Room for what is in memory together: batches in work, and released spans on their way.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many that are small have room at once.
const MOST: u32 = 64;

/// Room for so many KiB, or for one batch that is larger.
pub(super) struct Room {
    free: Arc<Semaphore>,
    kib: u32,
}

impl Room {
    pub(super) fn new(kib: u32) -> Self {
        Self {
            free: Arc::new(Semaphore::new(kib as usize)),
            kib,
        }
    }

    /// Waits for room for so many bytes, which is taken until what is given is dropped.
    pub(super) async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
        let kib = kib.clamp(self.kib / MOST, self.kib);
        // It is never closed.
        Arc::clone(&self.free).acquire_many_owned(kib).await.ok()
    }
}
