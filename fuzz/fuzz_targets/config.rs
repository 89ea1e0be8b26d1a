#![no_main]

use libfuzzer_sys::fuzz_target;
use linkmend_fuzz::configurations;

fuzz_target!(|data: &[u8]| configurations::config(data));
