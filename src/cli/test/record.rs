//! `test record`: a spec of what servers say now.

use clap::Args;

use super::AskingArguments;
use crate::assess::verify::{SentQuestion, record};
use crate::cli::{Outcome, Result, output};
use crate::scenario::Spec;
use crate::scenario::expect::{Asking, From};

/// Write a spec of what servers reply now
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
        ampls-dns test record --server 168.63.129.16 --from vnet1 api.monitor.azure.com \"api.loganalytics.io AAAA\"\n  \
        ampls-dns test record --server vnet1=127.0.0.1:5301 --server vnet2=127.0.0.1:5302 live.monitor.azure.com")]
pub(super) struct RecordArguments {
    #[command(flatten)]
    asking: AskingArguments,
    /// Names, each followed by a space and a type if that is not A
    #[arg(value_name = "NAME[ TYPE]", required = true)]
    names: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("no server to ask\nhelp: add --server ADDR:PORT with --from NETWORK, or --server NETWORK=ADDR:PORT")]
struct NoServer;

pub(super) fn run(arguments: &RecordArguments) -> Result {
    let mut servers = arguments.asking.servers();
    if servers.is_empty() {
        return Err(Box::new(NoServer));
    }
    if servers.lacks_network() {
        // Who does not say where a server is sees it from outside.
        servers = super::Servers::of(&arguments.asking.server, Some("public"));
    }
    let questions: Vec<_> =
        arguments.names.iter().map(|text| super::question(text)).collect::<std::result::Result<_, _>>()?;
    let patience = arguments.asking.patience();
    let (mut expectations, mut outcome) = (Vec::new(), Outcome::Done);
    let mut told = Vec::new();
    for (network, server) in servers.named() {
        let from = if network == "public" { From::Public } else { From::Network(network.as_str().into()) };
        told.push(format!("{server} in {network}"));
        for (name, kind) in &questions {
            let sent = SentQuestion { from: from.clone(), name: name.clone(), kind: *kind, asking: Asking::default() };
            match patience.ask(*server, &sent) {
                Ok(reply) => expectations.push(record(&sent, &reply)),
                Err(error) => {
                    output::complain(&error);
                    outcome = Outcome::Failed;
                }
            }
        }
    }
    let title = format!("what {} replied", told.join(" and "));
    let spec = Spec { title: title.into(), expectations, ..Spec::default() };
    output::print(&spec.write())?;
    Ok(outcome)
}
