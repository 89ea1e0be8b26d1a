//! The thread that writes a file: what waits goes in together.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::entries::{self, PARTS};
use super::file::File;

/// How often it is looked whether the file is still there, when nothing comes.
const LOOK: Duration = Duration::from_secs(1);

/// How much is written together at most.
const MOST_OPS: usize = 4096;
const MOST_BYTES: usize = 64 << 20;

/// Told of an entry: its number, or why it is not there.
pub(super) type Done = Box<dyn FnOnce(Result<u64, String>) + Send>;

/// What is to be written.
pub(super) enum Op {
    Append(Bytes, Done),
    Remove(u64),
}

impl Op {
    fn len(&self) -> usize {
        match self {
            Self::Append(bytes, _) => bytes.len(),
            Self::Remove(_) => 0,
        }
    }
}

/// Writes a file.
pub(super) struct Writer {
    file: Arc<File>,
    next: u64,
    /// That the file is not there.
    is_told: bool,
}

impl Writer {
    pub(super) fn new(file: Arc<File>, next: u64) -> Self {
        Self {
            file,
            next,
            is_told: false,
        }
    }

    /// Writes until nobody can send any more, and closes the file then.
    pub(super) fn run(mut self, ops: &Receiver<Op>) {
        loop {
            let first = match ops.recv_timeout(LOOK) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.stay();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut bytes = first.len();
            let mut group = vec![first];
            while group.len() < MOST_OPS
                && bytes < MOST_BYTES
                && let Ok(op) = ops.try_recv()
            {
                bytes += op.len();
                group.push(op);
            }
            self.write(group);
        }
        let _ = self.stay();
        self.file.end();
    }

    fn write(&mut self, group: Vec<Op>) {
        let mut written = self.commit(&group);
        if let Err(error) = &written {
            tracing::error!(%error, "a storage could not be written; it is opened again");
            // What was begun is not there then, so it can be done once more.
            if self.file.reopen().is_ok() {
                written = self.commit(&group);
            }
        }
        if written.is_ok() && group.iter().any(|op| matches!(op, Op::Append(..))) {
            // What nobody would find is not safe.
            written = self.stay();
            if written.is_err() {
                self.take_back(&group);
            }
        }
        let mut number = self.next;
        for op in group {
            let Op::Append(_, done) = op else {
                continue;
            };
            done(written.clone().map(|()| number));
            number += 1;
        }
        // Numbers of what failed are not used again: it may be there after all.
        self.next = number;
    }

    /// What was written is where the next start finds it.
    fn stay(&mut self) -> Result<(), String> {
        let stays = self.file.stay();
        if let Err(error) = &stays
            && !self.is_told
        {
            tracing::error!(%error, "a storage is gone; it takes nothing until it can be written anew");
        }
        self.is_told = stays.is_err();
        stays
    }

    /// Entries of which nobody is told that they are safe are the sender's.
    fn take_back(&self, group: &[Op]) {
        let appended = group.iter().filter(|op| matches!(op, Op::Append(..)));
        let numbers = self.next..;
        let removes = numbers.zip(appended).map(|(number, _)| Op::Remove(number));
        let removes: Vec<_> = removes.collect();
        if let Err(error) = self.commit(&removes) {
            tracing::error!(%error, "what was refused may be sent all the same");
        }
    }

    fn commit(&self, group: &[Op]) -> Result<(), String> {
        self.file.with(|database| {
            let transaction = database.begin_write()?;
            {
                let mut parts = transaction.open_table(PARTS)?;
                let mut number = self.next;
                for op in group {
                    match op {
                        Op::Append(bytes, _) => {
                            entries::put(&mut parts, number, bytes)?;
                            number += 1;
                        }
                        Op::Remove(number) => entries::remove(&mut parts, *number)?,
                    }
                }
            }
            transaction.commit()?;
            Ok(())
        })
    }
}
