//! Findings that are accepted, with a reason: entries of `allow` in a scenario or in a file of their own.

use std::sync::Arc;

use jiff::civil::Date;

use crate::dns::OwnerName;
use crate::estate::{NetworkName, Place};

/// One entry: findings of a code that are accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// The code, such as `AMPLS040`.
    pub code: String,
    /// The object to change, as the finding names it; absent for any.
    pub object: Option<String>,
    /// The networks it is accepted in; none for all.
    pub networks: Vec<NetworkName>,
    /// The names it is accepted for; none for all.
    pub names: Vec<OwnerName>,
    /// The reason, which `check` prints.
    pub reason: Arc<str>,
    /// The last day on which it is accepted; absent for ever.
    pub expires: Option<Date>,
    /// Where the entry is written.
    pub place: Place,
}

/// Entries in a file of their own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AllowFile {
    /// The entries, in the order written.
    pub allow: Vec<Allowance>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "version: 1
allow:
- code: AMPLS001
  object: pe1
  network: [vnet1, vnet2]
  names: [api.monitor.azure.com]
  reason: the second scope goes in spring
  expires: 2027-03-31
- code: AMPLS040
  reason: there are no agents
";

    #[test]
    fn what_is_written_reads_back_to_the_same() {
        let first = AllowFile::read("allow.yaml", WHOLE.as_bytes()).expect("it can be read");
        let text = first.write();
        let second = AllowFile::read("allow.yaml", text.as_bytes()).expect("it can be read again");
        let without_places = |file: &AllowFile| {
            let own = file.allow.iter().cloned();
            own.map(|one| Allowance { place: Place { file: "".into(), line: 0, column: 0 }, ..one }).collect::<Vec<_>>()
        };
        assert_eq!(without_places(&first), without_places(&second), "{text}");
        assert_eq!(first.allow[0].networks.len(), 2);
        assert_eq!(first.allow[0].expires, Some(jiff::civil::date(2027, 3, 31)));
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (entry, expected) in [
            ("{ code: AMPLS1, reason: x }", "not the code"),
            ("{ code: AMPLS001 }", "reason"),
            ("{ code: AMPLS001, reason: '' }", "reason"),
            ("{ code: AMPLS001, reason: x, expires: tomorrow }", "tomorrow"),
            ("{ code: AMPLS001, reason: x, until: 2027-01-01 }", "until"),
        ] {
            let text = format!("version: 1\nallow:\n- {entry}\n");
            let errors = AllowFile::read("allow.yaml", text.as_bytes()).expect_err(entry).to_string();
            assert!(errors.contains(expected) && errors.contains("allow.yaml:3:"), "{entry}: {errors}");
        }
    }
}
