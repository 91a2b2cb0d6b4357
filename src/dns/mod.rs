//! The words of DNS itself. Nothing here knows Azure.
//!
//! [`name`] has the owner names everything is keyed by, [`record`] the record sets they own. [`packed`] is the one kind of
//! zone: record sets as packed bytes, found by [`key`]; [`suffixes`] finds zones by the longest suffix. [`master`] is the text
//! form, which [`gather`] reads straight into a packed zone. [`message`] looks at the bytes of a query without copying them,
//! [`reply`] is what goes back, and [`wire`] turns that into bytes. [`foreign`] has what other servers reply. `wire` and
//! `foreign` are the only files of this layer that know hickory-proto.

pub mod name;
pub mod record;

pub mod key;
pub mod packed;
pub mod suffixes;

pub mod gather;
pub mod master;

pub mod foreign;
pub mod message;
pub mod reply;
pub mod transport;
pub mod wire;

pub use gather::NameServers;
pub use key::{Key, WholeKey};
pub use name::{NameError, OwnerName};
pub use packed::PackedZone;
pub use record::{RecordData, RecordSet, RecordType, Soa, Ttl};
pub use reply::{ExtendedError, Rcode, Reply};
pub use suffixes::Suffixes;
pub use transport::Transport;
