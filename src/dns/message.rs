//! A view on the bytes of a query.
