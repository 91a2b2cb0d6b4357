//! Master files: the text form of zones (RFC 1035, 5).
