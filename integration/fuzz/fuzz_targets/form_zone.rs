//! Exported zone files.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 2] =
    ["; Resource Group Name: rg\n$ORIGIN z.example.\n@ 3600 IN SOA a. b. 1 2 3 4 5\n%", "$ORIGIN z.example.\n%"];

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, None));
