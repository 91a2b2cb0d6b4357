//! `ampls-dns` answers DNS as Azure does in networks with Azure Monitor Private Link, and says why.
//!
//! A tour of the layers. Each layer imports only the layers above it in this list:
//!
//! - [`dns`]: owner names, record sets, queries and replies as bytes, master files. Knows nothing of Azure.
//! - [`estate`]: what the user describes: objects, the events that change them, and their history.
//! - [`catalogue`]: what Azure publishes per cloud: zones, endpoints, hosts, public chains.
//! - [`compile`]: the fold: catalogue and history to zones with provenance, and a view per network.
//! - [`scenario`]: the written form of a history, in YAML or JSON; errors with place, caret and hint.
//! - [`import`]: what people have of Azure, as a history: `az`, REST, ARM, Terraform, zone files.
//! - [`resolve`]: [`resolve::decide()`] is the only lookup; explanations, replies and bytes are made from it.
//! - [`assess`]: flows, findings, expectations, differences and the timeline.
//! - [`output`]: the same values as text, JSON and drawings.
//! - [`client`]: asks other servers.
//! - [`server`]: sockets, clock, threads; one published revision. [`Emulator`] is the server as a test fixture.
//! - [`cli`]: one file per verb.
//!
//! ```text
//! az, tf, zone ─ import ─┐
//! scenario.yaml ──▶ History ─ compile ─▶ Compiled ─ decide ─▶ Decision ─▶ Reply ─▶ bytes
//! zones/ ─ catalogue ────────────┘           │                   └──────▶ Explanation
//!                                            └──────▶ findings, flows
//! ```

pub mod dns;

pub mod estate;

pub mod catalogue;

pub mod compile;

pub mod scenario;

pub mod import;

pub mod resolve;

pub mod assess;

pub mod output;

pub mod client;

pub mod server;

pub mod cli;

pub use server::Emulator;
