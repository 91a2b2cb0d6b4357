//! `ampls-dns` answers DNS as Azure does in networks with Azure Monitor Private Link, and says why.
#![doc = ""]

pub mod dns;

pub mod catalogue;
pub mod estate;

pub mod compile;

pub mod answer;

pub mod serve;
