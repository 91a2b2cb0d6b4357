//! The one integration binary: the product as its users meet it.

/// How a case is written: the real binary, and the real server on port 0.
mod fixture;

/// Rules of the house: imports, and what must not stand where.
mod house;
