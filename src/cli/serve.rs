//! `serve`: the DNS server.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::{OperandArguments, Outcome, Result, StepArguments, input, output};
use crate::answer::Extended;
use crate::compile::Compiled;
use crate::report::count;
use crate::serve::{Listen, Settings, TcpRoad, source, start};

/// Serve DNS: the public view on one port, and a port of its own for each network
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  ampls-dns serve\n  ampls-dns serve my-estate.yaml --at first-scope\n  \
    ampls-dns serve --listen 127.0.0.1:5300 --listen vnet1=127.0.0.1:5301\n\n\
    Without --listen: the public view on 127.0.0.1:5300 and a port for each network from 5301 on, in the order declared.\n\
    A listener without a network tells its clients apart by EDNS client subnet (from loopback and --trust-ecs), then by\n\
    source address. SIGINT and SIGTERM end the server.")]
pub(super) struct ServeArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    #[command(flatten)]
    step: StepArguments,
    /// Where to listen, UDP and TCP alike; with a network, for its clients only. Port 0 takes a free one
    #[arg(long, value_name = "[NETWORK=]ADDRESS:PORT", env = "AMPLS_DNS_LISTEN", value_delimiter = ',')]
    listen: Vec<Listen>,
    /// Besides loopback, senders whose EDNS client subnet is believed
    #[arg(long, value_name = "PREFIX", env = "AMPLS_DNS_TRUST_ECS", value_delimiter = ',')]
    trust_ecs: Vec<IpNet>,
    /// Answer as Azure would and nothing more: no extended DNS errors
    #[arg(long, env = "AMPLS_DNS_STRICT", value_parser = BoolishValueParser::new())]
    strict: bool,
    /// Master files to serve as public zones, or folders of files named ZONE.zone. Without a scenario they are all there is
    #[arg(long, value_name = "FILE|DIR", env = "AMPLS_DNS_ZONE", value_delimiter = ',', num_args = 1..)]
    zone: Vec<PathBuf>,
    /// Threads that answer
    #[arg(long, value_name = "N", env = "AMPLS_DNS_WORKERS", default_value = "1")]
    workers: NonZeroUsize,
    /// What carries TCP: several queries a read, or hickory-server's message by message
    #[arg(long, value_enum, env = "AMPLS_DNS_TCP", default_value = "pipelined")]
    tcp: Tcp,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Tcp {
    Pipelined,
    Portable,
}

pub(super) fn run(arguments: &ServeArguments) -> Result {
    log_to_stderr();
    let begun = Instant::now();
    let world = Arc::new(world(arguments)?);
    let settings = Settings {
        listeners: arguments.listen.clone(),
        trusted: arguments.trust_ecs.clone(),
        extended: if arguments.strict { Extended::Left } else { Extended::Shown },
        tcp: match arguments.tcp {
            Tcp::Pipelined => TcpRoad::Pipelined,
            Tcp::Portable => TcpRoad::Portable,
        },
        workers: arguments.workers,
        ..Settings::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The signals are waited for before the first address is told, so that none is missed.
        let ended = ended()?;
        let running = start(settings, Arc::clone(&world))?;
        output::say(&format!("ready after {} ms; UDP and TCP on each address:\n", begun.elapsed().as_millis()));
        let example =
            crate::answer::story::names_of(&world).into_iter().find(|name| name.labels().next() == Some(b"api"));
        let example = example.map_or_else(|| "api.monitor.azure.com".to_owned(), |name| name.to_string());
        for bound in running.listeners() {
            let label = bound.network.as_ref().map_or("public view, or by source address", |network| network.as_str());
            let (ip, port) = (bound.address.ip(), bound.address.port());
            let ip = if ip.is_unspecified() { "127.0.0.1".to_owned() } else { ip.to_string() };
            output::print(&format!(
                "# {label}\ndig @{ip} -p {port} {example}\nnslookup -port={port} {example} {ip}\n"
            ))?;
        }
        output::say("\nctrl-c ends the server");
        ended.await;
        output::say("stopping");
        running.shutdown().await;
        Ok(Outcome::Done)
    })
}

/// The estate to serve with the zones from files; the zones alone if there is no word of an estate.
fn world(arguments: &ServeArguments) -> std::result::Result<Compiled, Box<dyn std::error::Error>> {
    let files = source::load(&arguments.zone)?;
    let records = files.iter().map(|table| table.records()).sum::<usize>();
    if !files.is_empty() {
        let (zones, records) = (count(files.len(), "zone"), count(records, "record"));
        output::say(&format!("ampls-dns {}: {zones} with {records}", env!("CARGO_PKG_VERSION")));
        if arguments.scenario.operand.is_none() && arguments.scenario.option.scenario.is_none() {
            return Ok(Compiled::of_files(files));
        }
    }
    let read = arguments.scenario.read()?;
    let name = &read.name;
    output::say(&format!("ampls-dns {}: reading {name}", env!("CARGO_PKG_VERSION")));
    let world = read.compile(&arguments.step)?;
    let state = &world.state;
    let step = input::step_at(&world.history, world.revision()).unwrap_or("-");
    output::say(&format!(
        "{}: step {step}, revision {}, {}, {}, {}, {}; {}",
        if read.scenario.title.is_empty() { name } else { &*read.scenario.title },
        world.revision(),
        count(state.networks.len(), "network"),
        count(state.zones.len(), "private zone"),
        count(state.scopes.len(), "scope"),
        count(state.endpoints.len(), "private endpoint"),
        crate::report::findings::summary(&world.findings()),
    ));
    Ok(world.with_files(files))
}

/// Ready when the signals are listened for; the future it gives ends with the first of them.
#[cfg(unix)]
fn ended() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn ended() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Where the signal cannot be had the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// Log lines go to stderr. Without RUST_LOG: warnings, and hickory's two lines a query never.
fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,hickory_server=error"));
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let subscriber = subscriber.with_target(false).with_ansi(colour);
    // A subscriber that an embedding program has set stays.
    let _ = subscriber.try_init();
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use crate::cli::CommandLine;

    #[test]
    fn every_flag_of_serve_has_a_twin_in_the_environment_named_after_it() {
        let mut grammar = CommandLine::command();
        grammar.build();
        let serve = grammar.find_subcommand("serve").expect("it is a verb");
        let flags = serve.get_arguments().filter_map(|argument| Some((argument.get_long()?, argument.get_env())));
        let mut seen = 0;
        for (flag, twin) in flags.filter(|(flag, _)| *flag != "help") {
            let wanted = format!("AMPLS_DNS_{}", flag.to_uppercase().replace('-', "_"));
            assert_eq!(twin.and_then(|twin| twin.to_str()), Some(&*wanted), "--{flag}");
            seen += 1;
        }
        assert!(seen >= 8, "{seen} flags");
    }
}
