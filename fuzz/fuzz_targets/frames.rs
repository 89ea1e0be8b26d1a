#![no_main]

use libfuzzer_sys::fuzz_target;
use linkmend_pipeline::receivers::otlp::fuzz;

fuzz_target!(|data: &[u8]| fuzz::message(data));
