//! `compare`: every name of the estate, asked for at real DNS servers.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::Args;

use super::test::{duration, server::Server};
use super::{FormatArguments, OperandArguments, Outcome, Result, StepArguments, input, output};
use crate::assess::compare::{differences, names};
use crate::client::dns::Patience;
use crate::output::compared::{self, ComparedServer};
use crate::scenario::expect::From;

/// Query real DNS servers for every name of the estate, and show differences and their probable causes
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    ampls-dns compare my-estate.yaml --server hub=10.0.0.4\n  \
    ampls-dns compare my-estate.yaml --server hub=10.0.0.4 --server onprem=192.168.1.53 --format json\n\n\
    Queries ask for addresses (type A). Which public address a server returns is not compared.\n\n\
    Exit code 1 if a name differs or a server does not reply, 2 if nothing could be compared.")]
pub(super) struct CompareArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    #[command(flatten)]
    step: StepArguments,
    /// DNS server of a network, or of `public`; may be given several times
    #[arg(long, value_name = "NETWORK=ADDR[:PORT]", required = true)]
    server: Vec<Server>,
    /// How long one try waits for a reply
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s")]
    timeout: Duration,
    /// How often to send a query over UDP before giving up
    #[arg(long, value_name = "NUMBER", default_value = "3")]
    tries: NonZeroU32,
    #[command(flatten)]
    format: FormatArguments,
}

/// Why nothing can be compared.
#[derive(Debug, thiserror::Error)]
#[error("the server at `{0}` has no network\nhelp: write NETWORK=ADDRESS, such as hub={0}")]
struct NoNetwork(std::net::SocketAddr);

pub(super) fn run(arguments: &CompareArguments) -> Result {
    let world = arguments.scenario.read()?.compile(&arguments.step)?;
    let names: Vec<_> = names(&world).into_iter().collect();
    let patience = Patience { timeout: arguments.timeout, tries: arguments.tries };
    let views = arguments.server.iter().map(|server| {
        let network = server.network.as_deref().ok_or(NoNetwork(server.address))?;
        Ok((server, network, input::view(&world, network)?))
    });
    let views = views.collect::<std::result::Result<Vec<_>, Box<dyn std::error::Error>>>()?;
    let compared = views.into_iter().map(|(server, network, view)| {
        let heard = patience.hear_all(server.address, &From::Network(network.into()), &names);
        ComparedServer {
            network: network.to_owned(),
            server: server.address.to_string(),
            asked: heard.len(),
            differences: differences(&world, view, &heard),
        }
    });
    let compared: Vec<ComparedServer> = compared.collect();
    output::print(&compared::print(&compared, arguments.format.format))?;
    let differs = compared.iter().any(|one| !one.differences.is_empty());
    Ok(if differs { Outcome::Failed } else { Outcome::Done })
}
