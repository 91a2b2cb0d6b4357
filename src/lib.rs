//! `ampls-dns` answers DNS as Azure does in networks with Azure Monitor Private Link, and says why.

pub mod dns;

pub mod catalogue;
pub mod estate;

pub mod scenario;

pub mod compile;

pub mod answer;

pub mod access;

pub mod verify;

pub mod report;

pub mod serve;

pub mod cli;
