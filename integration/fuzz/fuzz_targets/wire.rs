//! Any octets as a reply of some server: what can be read has names and data that can be written down.

#![no_main]

use ampls_dns::dns::OwnerName;
use ampls_dns::dns::wire::decode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(received) = decode(octets) {
        for record in received.answer.iter().chain(&received.authority).chain(&received.additional) {
            let _ = record.data.to_string();
            assert_eq!(OwnerName::parse(&record.owner.to_string()).as_ref(), Ok(&record.owner));
        }
    }
    if let Ok(name) = OwnerName::from_wire(octets) {
        assert_eq!(OwnerName::parse(&name.to_string()), Ok(name));
    }
});
