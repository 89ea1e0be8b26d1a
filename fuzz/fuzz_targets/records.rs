#![no_main]

use libfuzzer_sys::fuzz_target;
use linkmend_fuzz::guarantees::targets;

fuzz_target!(|data: &[u8]| targets::records(data));
