//! Nothing that was acknowledged is lost: under load, while the process is
//! killed at any moment and starts again, and while the backend is in trouble.
//!
//! A few rounds run with the other tests. The figures of docs/reliability.md:
//!
//! ```sh
//! LINKMEND_LOSS_ROUNDS=30 cargo test -p linkmend-cli --test run loss -- --nocapture
//! ```

mod load;
mod queues;
mod rounds;

pub use queues::STORAGE;
