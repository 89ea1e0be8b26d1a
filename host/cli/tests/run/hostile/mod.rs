//! Peers that mean harm, against the process: whatever they do, it is alive
//! afterwards, its memory stayed below a bound that is known, others were
//! served meanwhile, and what it had taken is there for others.

mod attacked;
mod blame;
mod bodies;
mod charged;
mod compile;
mod connections;
mod contexts;
mod elements;
mod guest;
mod http2;
mod others;
mod raw;
mod streams;
mod waiting;
