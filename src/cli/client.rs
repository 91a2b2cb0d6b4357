//! Where the running server is that a verb talks to.

use std::path::PathBuf;

use clap::Args;

use crate::client::admin::{Client, ServerUrl};
use crate::server::admin;

/// Where the running server is.
#[derive(Args, Debug, Clone)]
pub(super) struct ServerArguments {
    /// Admin address of the running server [default: 127.0.0.1:5299]
    #[arg(long, value_name = "URL|ADDRESS:PORT", env = "AMPLS_DNS_ADMIN", hide_env_values = true)]
    admin: Option<ServerUrl>,
    /// File with the token of the server
    #[arg(long, value_name = "FILE", env = "AMPLS_DNS_ADMIN_TOKEN_FILE", hide_env_values = true)]
    admin_token_file: Option<PathBuf>,
}

impl ServerArguments {
    /// The server of a verb for which `--admin` is optional; the environment is not read then.
    pub(super) fn of(admin: Option<&str>, token_file: Option<PathBuf>) -> Result<Self, String> {
        Ok(Self { admin: admin.map(str::parse).transpose()?, admin_token_file: token_file })
    }

    /// A client of the server the arguments name.
    pub(super) fn client(&self) -> Result<Client, Box<dyn std::error::Error>> {
        let token = super::serve::token_of(self.admin_token_file.as_deref())?;
        let url = self.admin.clone().unwrap_or_else(|| ServerUrl::from(admin::DEFAULT_ADDRESS));
        Ok(Client::new(&url, token.as_ref().map(|token| token.as_str())))
    }
}
