//! Scopes (Azure Monitor Private Link Scopes, AMPLS) and their access modes.

use jiff::civil::Date;

use super::{EndpointName, ScopeName};

/// What a private link does with requests to resources outside its scope.
///
/// Source: private-link-design, 2024-10-23.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AccessMode {
    /// They go on and are judged as if they were public.
    #[default]
    Open,
    /// They are refused.
    PrivateOnly,
}

/// `accessModeSettings` of a scope.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccessModeSettings {
    /// `ingestionAccessMode`.
    pub ingestion: AccessMode,
    /// `queryAccessMode`.
    pub query: AccessMode,
    /// `exclusions`: other modes for single private endpoint connections.
    pub exclusions: Vec<Exclusion>,
}

/// Other modes for what arrives through one private endpoint connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exclusion {
    /// The private endpoint whose connection it is.
    pub endpoint: EndpointName,
    /// `ingestionAccessMode` there.
    pub ingestion: AccessMode,
    /// `queryAccessMode` there.
    pub query: AccessMode,
}

/// A scope as created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScopeSpec {
    /// Its name.
    pub name: ScopeName,
    /// Its access modes. Scopes from before September 2021 have none of their own and behave as legacy.
    pub access: AccessModeSettings,
    /// True if one of the modes was not named and is taken as Open. Azure asks for both.
    pub lacks_modes: bool,
    /// When it was created, if that differs from the event's own date.
    pub created: Option<Date>,
}
