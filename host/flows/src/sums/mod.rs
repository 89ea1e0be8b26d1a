//! Flows, summed up by who sends what to whom.

mod edges;
mod quantiles;
mod window;

pub use edges::{Edge, EdgeSums, Sums, SumsOptions};
pub use quantiles::Quantiles;
pub use window::Window;
