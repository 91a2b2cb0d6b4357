//! `compose`: a compose file that runs the estate in containers.

use clap::Args;

use super::input::InputError;
use super::{OperandArguments, Outcome, Result, StepArguments, format, input, output};
use crate::output::format::ComposeFormat;
use crate::output::{compose, json};
use crate::scenario::builtin;

/// Print a compose file: the server, and a client in each network of the estate
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns compose my-estate.yaml > docker-compose.yml\n  \
    ampls-dns compose two-scopes-one-dns --at first-scope | docker compose -f - up -d\n\n\
    Container networks have the estate's address spaces; where two overlap, the later one gets another prefix, and a comment \
    says so.")]
pub(super) struct ComposeArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    #[command(flatten)]
    step: StepArguments,
    /// Image of the server [default: this binary in Debian on Linux, otherwise built from source]
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Token of the admin API, the password of the page [default: a random one]
    #[arg(long, value_name = "TOKEN", env = "AMPLS_DNS_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
    /// Image of the clients; the default has dig, nslookup and curl
    #[arg(long, value_name = "IMAGE", default_value = compose::CLIENT_IMAGE)]
    client_image: String,
    /// Output format
    #[arg(long, value_parser = format::of::<ComposeFormat>(), default_value = "yaml")]
    format: ComposeFormat,
}

pub(super) fn run(arguments: &ComposeArguments) -> Result {
    let scenario = arguments.scenario.operand.as_ref().or(arguments.scenario.option.scenario.as_ref());
    let scenario = scenario.map_or(input::DEFAULT, String::as_str);
    if scenario == "-" {
        let what = "comes from standard input, which a container cannot read: pass a file or a built-in scenario";
        return Err(InputError::Unfit { name: scenario.to_owned(), what: what.to_owned() }.into());
    }
    let read = arguments.scenario.read()?;
    let world = read.compile(&arguments.step)?;
    let binary = this_binary();
    let token = arguments.admin_token.clone().map_or_else(random_token, Ok)?;
    let options = compose::ComposeOptions {
        scenario,
        // As `read` finds it: a file goes before a built-in scenario of the same name.
        is_file: builtin::text(scenario).is_none() || std::path::Path::new(scenario).is_file(),
        step: arguments.step.at.as_deref(),
        server: match (&arguments.image, &binary) {
            (Some(image), _) => compose::ServerImage::Image(image),
            (None, Some(binary)) => compose::ServerImage::Binary(binary),
            (None, None) => compose::ServerImage::Built,
        },
        token: &token,
        client_image: &arguments.client_image,
    };
    let file = compose::file(&world, &options)?;
    output::print(&match arguments.format {
        ComposeFormat::Yaml => compose::text(&file),
        ComposeFormat::Json => json(&file),
    })?;
    Ok(Outcome::Done)
}

/// The path of this program, where containers can run it.
pub(super) fn this_binary() -> Option<String> {
    let path = std::env::current_exe().ok().filter(|_| cfg!(target_os = "linux"))?;
    path.to_str().map(str::to_owned)
}

/// A random token.
pub(super) fn random_token() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
