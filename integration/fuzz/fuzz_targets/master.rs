//! Any text as a master file: both readers agree, what is read is written and read back the same, and errors have a place.

#![no_main]

use ampls_dns::dns::{NameServers, OwnerName, PackedZone, master};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let origin = OwnerName::parse("fuzz.example").expect("a good name");
    for origin in [None, Some(&origin)] {
        let parsed = master::read(octets, origin);
        let packed = PackedZone::read(octets, origin, NameServers::LeaveOut);
        match &parsed {
            Ok(zone) => {
                if zone.sets.first().is_some_and(|set| set.kind() == ampls_dns::dns::RecordType::SOA) {
                    let packed = packed.unwrap_or_else(|errors| panic!("the packed zone says {errors:?}"));
                    assert_eq!(packed.apex(), &zone.apex);
                    let records: usize = zone.sets[1..].iter().map(|set| set.data().len()).sum();
                    assert_eq!(packed.records(), records);
                }
                let written = master::write(&zone.apex, &zone.sets);
                let again =
                    master::read(written.as_bytes(), None).unwrap_or_else(|errors| panic!("{errors:?}: {written}"));
                assert_eq!(again.sets, zone.sets);
            }
            Err(errors) => {
                assert!(!errors.is_empty() && errors.len() <= 3 * master::MAX_ERRORS + 1);
                let lines = 1 + octets.iter().filter(|octet| **octet == b'\n').count();
                assert!(errors.iter().all(|error| (1..=lines).contains(&error.line) && error.column >= 1));
                assert!(packed.is_err(), "the packed zone takes what the reader refuses: {errors:?}");
            }
        }
    }
});
