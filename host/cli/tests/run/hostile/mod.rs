//! Peers that mean harm, against the process: whatever they do, it is alive
//! afterwards, its memory stayed below a bound that is known, others were
//! served meanwhile, and what it had taken it gives back.

mod attacked;

mod connections;

mod raw;
