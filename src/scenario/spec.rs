//! Expectations alone: what a scenario, the emulator or any DNS server is held against.
//!
//! The entries are those a scenario's steps have under `expect:`. Nothing is known of an estate here, so names of networks
//! and resources are taken as they are; the caller that checks the expectations reports what is missing.

use std::sync::Arc;

use super::Scenario;
use super::expect::Expectation;
use crate::estate::Place;

/// Expectations, and what they are about.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Spec {
    /// What it is called; may be empty.
    pub title: Arc<str>,
    /// What it is for; may be empty.
    pub about: Arc<str>,
    /// The scenario it is held against where there is no server, as written; absent where it names none.
    pub scenario: Option<String>,
    /// The step of that scenario, and where it is written; absent for the one the scenario starts at.
    pub at: Option<(String, Place)>,
    /// What must be true, in the order written. Steps and revisions in it mean nothing.
    pub expectations: Vec<Expectation>,
}

/// A file that says what must be true.
#[derive(Clone, PartialEq, Debug)]
pub enum Document {
    /// An estate, with expectations at its steps.
    Scenario(Box<Scenario>),
    /// Expectations alone.
    Spec(Spec),
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "version: 1
title: all of it
about: every key a spec can have
scenario: two-scopes-one-dns
at: first-scope
expect:
- from: [vnet1, public]
  subnet: [10.0.1.0/24, 10.0.2.7]
  transport: [udp, tcp]
  within: 1500ms
  answers: { a.example: [10.0.0.1, 10.0.0.2], a.example AAAA: NODATA, b.example: public }
  chain: { a.example: [b.example, c.example], d.example: [] }
  replies:
    a.example HTTPS:
      rcode: NOERROR
      chain: []
      data: 1 . alpn=h2
      records: [a.example HTTPS 1 . alpn=h2]
      ttl: 0..10
      flags: { aa: false, tc: true, ra: true, ad: false }
      soa: none
      extendedError: { code: 15, text: blocked }
    b.example: { rcode: REFUSED, ttl: 7, soa: example, extendedError: 4, data: SERVFAIL }
    c.example: { extendedError: none, flags: { aa: true } }
- findings: [AMPLS001, AMPLS002]
- absentFindings: AMPLS003
- flows:
  - { from: vnet1, to: ws, operation: query, path: private, endpoint: pe1, decision: allow, status: 200 }
- records: { rg/privatelink.monitor.azure.com: { api: 10.0.1.7 } }
";

    fn read(text: &str) -> Spec {
        match Document::read("spec.yaml", text.as_bytes(), &|_| Err(String::new())) {
            Ok(Document::Spec(spec)) => spec,
            Ok(Document::Scenario(_)) => panic!("it has expect at its top"),
            Err(errors) => panic!("{errors}"),
        }
    }

    /// The expectations without their places, which writing moves.
    fn rendered(spec: &Spec) -> Vec<String> {
        let one = |one: &Expectation| format!("{:?} {:?}", one.expected, one.asking);
        spec.expectations.iter().map(one).collect()
    }

    #[test]
    fn what_is_written_reads_back_to_the_same() {
        let first = read(WHOLE);
        // Eight questions, by two transports, by four askers; and five other expectations.
        assert_eq!(first.expectations.len(), 8 * 2 * 4 + 5);
        let text = first.write();
        let second = read(&text);
        assert_eq!(rendered(&first), rendered(&second), "{text}");
        let head = |spec: &Spec| {
            let step = spec.at.as_ref().map(|(step, _)| step.clone());
            (spec.title.clone(), spec.about.clone(), spec.scenario.clone(), step)
        };
        assert_eq!(head(&first), head(&second));
        assert_eq!(text, second.write(), "writing has one form");
    }

    #[test]
    fn a_scenario_takes_the_same_expectations() {
        let entries = "  - from: vnet1\n    transport: tcp\n    replies: { a.example: { rcode: NXDOMAIN, ttl: 7 } }\n";
        let text = format!(
            "version: 1\nnetworks: {{ vnet1: {{ addressSpace: [10.0.1.0/24] }} }}\nsteps:\n- name: one\n  expect:\n{entries}"
        );
        let first = Scenario::read("x", text.as_bytes()).expect("it can be read");
        let second = Scenario::read("x", first.write().as_bytes()).expect("it can be read again");
        assert_eq!(first.expectations[0].expected, second.expectations[0].expected);
        assert_eq!(first.expectations[0].asking, second.expectations[0].asking);
    }
}
