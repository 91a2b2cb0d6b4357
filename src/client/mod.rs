//! Asks other servers: DNS queries for `test --server`.

pub mod dns;
