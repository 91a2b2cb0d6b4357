//! The admin server, asked through its service.
