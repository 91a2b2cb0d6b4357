//! Ground floor: the words of DNS itself. No Azure word stands here.
//!
//! [`name`] has the owner names everything is keyed by, [`record`] the record sets they own, [`master`] the text form of
//! both. [`message`] looks at the bytes of a query without copying them, [`reply`] is what goes back, and [`wire`] turns
//! that into bytes; [`table`] holds a zone as bytes already. [`foreign`] has what other servers reply. `wire` and `foreign`
//! are the only files of this floor that know hickory-proto.

pub mod name;
pub mod record;

pub mod master;

pub mod foreign;
pub mod message;
pub mod reply;
pub mod table;
pub mod wire;

pub use name::{NameError, OwnerName};
pub use record::{RecordData, RecordSet, RecordType, Soa, Ttl};
pub use reply::{ExtendedError, Rcode, Reply};
pub use table::Table;
