//! Clients of other servers: [`dns`] asks any DNS server, [`admin`] the admin API of a running `ampls-dns`.

pub mod admin;
pub mod dns;
