//! `ampls-dns` answers DNS as Azure does in networks with Azure Monitor Private Link, and says why.
//!
//! This is a tour of the crate. A user describes an *estate*: networks, private zones, scopes, private endpoints, monitored
//! resources. Each change to it is an *event*; the events in order are a *history*, and a *revision* is the history up to one event. A *view* is the DNS that
//! one network sees. Everything else is computed from the history and from what Azure publishes:
//!
//! ```text
//! az, ARM, Terraform ─ import ──┐
//! scenario.yaml ─ scenario ─────┴▶ History ─ compile ─▶ Compiled ─ resolve ─▶ Decision ─▶ reply bytes, explanation
//! zones/ ─ catalogue ───────────────────────────┘        │  (state and views)
//!                                                        └─ assess ─▶ flows, findings, differences
//! ```
//!
//! The modules are layers. The list begins with the foundation: each may import only those listed before it, and
//! `resolve` uses neither `scenario` nor `import`.
//!
//! - [`dns`]: owner names, record sets, zones, queries and replies as bytes, master files. It knows nothing of Azure.
//! - [`estate`]: the objects that a user describes, the events that change them, and the history.
//! - [`catalogue`]: what Azure publishes for each cloud: private zones, endpoints, hosts and public chains.
//! - [`compile`]: applies the events one by one to a state. Its zones know who wrote each record set. [`compile::Compiled`] is one
//!   revision, ready to be asked.
//! - [`scenario`]: the written form of a history, in YAML or JSON. Its errors show the line and say what to write instead.
//! - [`import`]: turns exports, templates and plans of an existing Azure estate into a history.
//! - [`resolve`]: [`resolve::decide()`] defines every answer. Its result, a decision, is the answer with its reasons; explanations and replies are
//!   made from it. A fast path copies the same answers for ordinary questions.
//! - [`assess`]: judges a revision: which flows work, what is wrong and why, what was expected, what differs from another revision.
//! - [`output`]: prints what earlier layers computed as text, documents and drawings.
//! - [`client`]: asks other DNS servers, and the admin API of a running server.
//! - [`server`]: listeners, the admin API, and the revision that is served. [`Emulator`] starts it inside a test.
//! - [`cli`]: the command line, one file for each verb.
//!
//! `docs/architecture.md` in the repository says where to add things.

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
