//! Record sets to bytes and back.
