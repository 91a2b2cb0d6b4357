//! `ampls-dns` answers DNS as Azure does in networks with Azure Monitor Private Link, and says why.
//!
//! A tour of the house, from the ground up; each floor imports only floors below it:
//!
//! - [`dns`]: owner names, record sets, a view on query bytes, wire encoding. No Azure word.
//! - [`catalogue`]: what Azure publishes per cloud: zones, endpoints, entry hosts, public chains.
//! - [`estate`]: what the user says exists: objects, the events that change them, their history.
//! - [`scenario`]: the written form of a history, in YAML or JSON; errors with place, caret and hint.
//! - [`import`]: what people have of Azure, as a history: `az`, REST, ARM, Terraform, zone files.
//! - [`compile`]: catalogue and history to zones with provenance, views and findings. Pure, and total.
//! - [`answer`]: [`answer::decide()`] is the only lookup; explanations, replies and bytes are made from it.
//! - [`access`]: flows: how a request is resolved, routed and judged.
//! - [`verify`]: the expectations of a scenario, held against all of this.
//! - [`diff`]: what two estates differ in: record sets, answers, flows, findings.
//! - [`report`]: the same values as text and JSON.
//! - [`serve`]: sockets, clock, threads; one published revision. [`Emulator`] is the server as a test fixture.
//! - [`cli`]: a file per verb.
//!
//! ```text
//! az, tf, zone ─ import ─┐
//! scenario.yaml ──▶ History ─ compile ─▶ Compiled ─ decide ─▶ Decision ─▶ Reply ─▶ bytes
//! zones/ ─ catalogue ────────────┘           │                   └──────▶ Explanation
//!                                            └──────▶ findings, flows
//! ```

pub mod dns;

pub mod catalogue;
pub mod estate;

pub mod scenario;

pub mod import;

pub mod compile;

pub mod answer;

pub mod access;

pub mod verify;

pub mod diff;

pub mod report;

pub mod serve;

pub mod cli;

pub use serve::Emulator;
