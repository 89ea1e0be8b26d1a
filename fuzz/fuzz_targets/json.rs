#![no_main]

use libfuzzer_sys::fuzz_target;
use linkmend_fuzz::files;

fuzz_target!(|data: &[u8]| files::json::json(data));
