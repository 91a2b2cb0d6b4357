//! Which Azure an estate is in.

use std::fmt;
use std::str::FromStr;

/// Which Azure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Cloud {
    /// The public cloud, `AzureCloud`.
    #[default]
    Public,
    /// `AzureUSGovernment`.
    UsGovernment,
    /// `AzureChinaCloud`; which zones it has is uncertain.
    China,
}

impl Cloud {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Public, Self::UsGovernment, Self::China];

    /// Azure's own name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "AzureCloud",
            Self::UsGovernment => "AzureUSGovernment",
            Self::China => "AzureChinaCloud",
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no cloud.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown cloud `{0}`; expected AzureCloud, AzureUSGovernment or AzureChinaCloud")]
pub struct UnknownCloud(pub String);

impl FromStr for Cloud {
    type Err = UnknownCloud;

    fn from_str(text: &str) -> Result<Self, UnknownCloud> {
        Self::ALL.into_iter().find(|cloud| cloud.name() == text).ok_or_else(|| UnknownCloud(text.to_owned()))
    }
}
