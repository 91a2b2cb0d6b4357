//! `serve`: the DNS server.

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::Serialize;
use tracing_subscriber::filter::Targets;

use super::{OperandArguments, Outcome, Result, StepArguments, format, input, output};
use crate::assess::Assessment;
use crate::compile::Compiled;
use crate::output::count;
use crate::resolve::Ede;
use crate::server::admin::{self, Admin, AdminError, AdminServer, AllowedHost, Guard, Token};
use crate::server::file_watch;
use crate::server::listen::DEFAULT_ADDRESS;
use crate::server::log::{self, CountedStderr, LogFormat, LogOutput};
use crate::server::service_manager::{self, Phase};
use crate::server::source::ZoneSource;
use crate::server::upstream::{self, UpstreamServer};
use crate::server::{Bound, Control, EstateSource as _, Listen, Loaded, Origin, Settings, TcpFrontEnd, observe, start};

/// Serve DNS: the public view on one port, and a port of its own for each network
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns serve\n  ampls-dns serve my-estate.yaml --at first-scope\n  \
    ampls-dns serve --listen 127.0.0.1:5300 --listen vnet1=127.0.0.1:5301\n  ampls-dns serve --port 0 --ready-file ready.json\n  ampls-dns serve --upstream system\n\n\
    Without --listen: the public view on 127.0.0.1:5300 and a port for each network from 5301 on, in the order declared.\n\
    A listener without a network distinguishes its clients by EDNS client subnet (from loopback and --trust-ecs), then by\n\
    source address. SIGHUP, `--watch` and the admin API read the files again;\n\
    if a file is invalid, the server keeps the previous revision. SIGUSR1 prints statistics. SIGINT and SIGTERM end the server.")]
pub(super) struct ServeArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    #[command(flatten)]
    step: StepArguments,
    /// Address to listen on, for UDP and TCP; with a network, for its clients only. Port 0 uses a free port
    #[arg(long, value_name = "[NETWORK=]ADDRESS:PORT", env = "AMPLS_DNS_LISTEN", value_delimiter = ',')]
    listen: Vec<Listen>,
    /// First port without --listen: the public view, then one port for each network. 0 uses free ports
    #[arg(long, visible_alias = "port", value_name = "PORT", env = "AMPLS_DNS_BASE_PORT", conflicts_with = "listen")]
    base_port: Option<u16>,
    /// Open the page in the browser once the server answers
    #[arg(long, env = "AMPLS_DNS_OPEN", value_parser = BoolishValueParser::new())]
    open: bool,
    /// File to write once the server answers: a JSON document with all addresses
    #[arg(long, value_name = "FILE", env = "AMPLS_DNS_READY_FILE")]
    ready_file: Option<PathBuf>,
    /// Clients, besides loopback, whose EDNS client subnet is trusted
    #[arg(long, value_name = "PREFIX", env = "AMPLS_DNS_TRUST_ECS", value_delimiter = ',')]
    trust_ecs: Vec<IpNet>,
    /// Forward names outside the emulated zones to these servers, in order; `system` means those of /etc/resolv.conf
    #[arg(long, value_name = "ADDRESS[:PORT]|system", env = "AMPLS_DNS_UPSTREAM", value_delimiter = ',')]
    upstream: Vec<UpstreamServer>,
    /// Answer only as Azure would: no extended DNS errors, no name for the server's own address, cookies sent back
    /// unchanged
    #[arg(long, env = "AMPLS_DNS_STRICT", value_parser = BoolishValueParser::new())]
    strict: bool,
    /// Master files to serve as public zones, or linked to networks (vnet1+vnet2=FILE); in folders, the files named
    /// ZONE.zone. Without a scenario, only they are served
    #[arg(
        long,
        value_name = "[NETWORKS=]FILE|DIR",
        env = "AMPLS_DNS_ZONE",
        num_args = 1..,
        value_delimiter = ','
    )]
    zone: Vec<ZoneSource>,
    /// File with `allow` entries: findings to accept in addition to those of the scenario; may be given several times
    #[arg(long, value_name = "FILE", env = "AMPLS_DNS_ALLOW", value_delimiter = ',')]
    allow: Vec<String>,
    /// Where the admin API listens [default: 127.0.0.1:5299, unless that is taken]
    #[arg(long, value_name = "ADDRESS:PORT|off", env = "AMPLS_DNS_ADMIN")]
    admin: Option<AdminAddress>,
    /// File with the token that admin requests must send; required if other machines can reach the admin address. Without
    /// it, the variable AMPLS_DNS_ADMIN_TOKEN has the token
    #[arg(long, value_name = "FILE", env = "AMPLS_DNS_ADMIN_TOKEN_FILE")]
    admin_token_file: Option<PathBuf>,
    /// Host names, besides addresses and localhost, that admin requests may use
    #[arg(long, value_name = "NAME", env = "AMPLS_DNS_ADMIN_HOST", value_delimiter = ',')]
    admin_host: Vec<AllowedHost>,
    /// Reload the scenario and the zones when their files change
    #[arg(long, env = "AMPLS_DNS_WATCH", value_parser = BoolishValueParser::new())]
    watch: bool,
    /// How long to keep answering after SIGTERM while /readyz fails, so that load balancers switch to another server
    #[arg(long, value_name = "SECONDS", env = "AMPLS_DNS_DRAIN", default_value = "0")]
    drain: u64,
    /// Number of threads that answer queries
    #[arg(long, value_name = "N", env = "AMPLS_DNS_WORKERS", default_value = "1")]
    workers: NonZeroUsize,
    /// TCP implementation: batches of queries, or message by message with hickory-server
    #[arg(long, value_enum, env = "AMPLS_DNS_TCP", default_value = "pipelined")]
    tcp: Tcp,
    /// How many of the last queries to keep for `watch` and the page
    #[arg(long, value_name = "N", env = "AMPLS_DNS_QUERIES", default_value_t = observe::KEPT,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(0..=1_000_000))]
    queries: usize,
    /// Format of stderr: lines for people, or JSON objects
    #[arg(long, value_parser = format::of::<LogFormat>(), env = "AMPLS_DNS_LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// Write a line to stderr for every query: view, name, answer, who wrote it
    #[arg(long, env = "AMPLS_DNS_LOG_QUERIES", value_parser = BoolishValueParser::new())]
    log_queries: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Tcp {
    Pipelined,
    Portable,
}

/// Where the admin server listens, if it is not to be left away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum AdminAddress {
    Off,
    At(SocketAddr),
}

impl FromStr for AdminAddress {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_| "write ADDRESS:PORT, such as 127.0.0.1:5299, or off".to_owned())
    }
}

pub(super) fn run(arguments: &ServeArguments) -> Result {
    log_to_stderr(arguments.log_format);
    let say = |text: &str| {
        let line = log::said(arguments.log_format, text) + "\n";
        // It never fails: what cannot be written is counted.
        let _ = CountedStderr.write_all(line.as_bytes());
    };
    let begun = Instant::now();
    let guard = guard(arguments)?;
    let (given, loaded) = input::Given::read(&arguments.scenario, &arguments.step, &arguments.zone, &arguments.allow)?;
    say_what_is_read(say, &given, &loaded);

    let origin = Origin::new(loaded)?;
    let world = Arc::clone(origin.world());
    say_where_it_stands(say, &given, &origin);
    let upstreams = upstream::addresses(&arguments.upstream)?;
    let first = arguments.base_port.map_or(DEFAULT_ADDRESS, |port| SocketAddr::new(DEFAULT_ADDRESS.ip(), port));
    let settings = Settings {
        listeners: arguments.listen.clone(),
        first,
        trusted: arguments.trust_ecs.clone(),
        extended: if arguments.strict { Ede::Omit } else { Ede::Include },
        upstreams: upstreams.clone(),
        tcp: match arguments.tcp {
            Tcp::Pipelined => TcpFrontEnd::Pipelined,
            Tcp::Portable => TcpFrontEnd::Portable,
        },
        workers: arguments.workers,
        kept: arguments.queries,
        slots: if arguments.log_queries { log::WAITING } else { 0 },
        ..Settings::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The signals are waited for before the first address is printed, so that none is missed.
        let mut signals = Signals::new()?;
        let running = start(settings, Arc::clone(&world))?;
        let log = if arguments.log_queries {
            let log = Arc::clone(running.service().log());
            Some(LogOutput::start(log, arguments.log_format, CountedStderr)?)
        } else {
            None
        };
        if !upstreams.is_empty() {
            let servers: Vec<_> = upstreams.iter().map(ToString::to_string).collect();
            say(&format!("names outside the emulated zones are forwarded to {}", servers.join(", ")));
        }
        let control = Arc::new(Control::new(Arc::clone(running.service()), Box::new(given), origin));
        let admin = Admin::new(Arc::clone(&control));
        let server = admin_server(arguments, guard, admin.clone())?;
        let _watch = arguments.watch.then(|| file_watch::watch(Arc::clone(&control))).transpose()?;
        say(&format!("ready after {} ms; UDP and TCP on each address:\n", begun.elapsed().as_millis()));

        print_listeners(running.listeners(), &world);
        if let Some(server) = &server {
            say(&format!("\nadmin: http://{}", server.address()));
            if arguments.open
                && let Err(error) = open::that_detached(format!("http://{}", server.address()))
            {
                tracing::warn!(error = %error, "cannot open the browser; open the address above yourself");
            }
        } else if arguments.open {
            tracing::warn!("there is no page to open: the admin server is off");
        }
        let admin_address = server.as_ref().map(AdminServer::address);
        let ready = ReadyDocument::new(running.listeners(), admin_address);
        if arguments.log_format == LogFormat::Json {
            output::say(&ready.line()?);
        }
        if let Some(file) = &arguments.ready_file {
            ready.write(file)?;
        }
        say("\nctrl-c ends the server");
        service_manager::tell(Phase::Ready(&served(&control)));
        loop {
            match signals.next().await {
                Signal::End => break,
                // A failure is logged where it happens, and kept for the admin API.
                #[cfg(unix)]
                Signal::Reload => {
                    service_manager::tell(Phase::Reloading);
                    let reloaded = Arc::clone(&control);
                    let _ = tokio::task::spawn_blocking(move || reloaded.reload()).await?;
                    service_manager::tell(Phase::Ready(&served(&control)));
                }
                #[cfg(unix)]
                Signal::Statistics => say(&crate::server::metrics::summary(running.service().log(), &running.world())),
            }
        }
        say("stopping");
        service_manager::tell(Phase::Stopping);

        admin.drain();
        if arguments.drain > 0 {
            let drained = tokio::time::sleep(Duration::from_secs(arguments.drain));
            tokio::select! {
                () = drained => {}
                // A second signal is impatience.
                () = signals.end() => {}
            }
        }
        running.shutdown().await;
        // What was answered last is written too.
        drop(log);
        Ok(Outcome::Done)
    })
}

/// Prints where each network is served. A full disk does not end the server.
fn print_listeners(bound: &[Bound], world: &Compiled) {
    let example =
        crate::assess::timeline::names_of(world).into_iter().find(|name| name.labels().next() == Some(b"api"));
    let example = example.map_or_else(|| "api.monitor.azure.com".to_owned(), |name| name.to_string());
    let table = listeners_table(bound, &example);
    if let Err(error) = output::print(&table) {
        log::count_unwritten(table.as_bytes());
        tracing::warn!(error = %error, "cannot write to stdout; the server keeps running");
    }
}

/// What is served, on one line.
fn served(control: &Control) -> String {
    let position = control.position();
    let step = position.step().map_or("-", |step| &*step.name);
    format!("serving {} at step {step}, revision {}", control.source().name(), position.world.revision())
}

/// The networks with their addresses, and a command that asks each.
fn listeners_table(bound: &[Bound], example: &str) -> String {
    let rows: Vec<[String; 3]> = bound
        .iter()
        .map(|bound| {
            let network = bound.network.as_ref().map_or("(public)", |network| network.as_str());
            let (ip, port) = (bound.address.ip(), bound.address.port());
            let ip = if ip.is_unspecified() { "127.0.0.1".to_owned() } else { ip.to_string() };
            let asks = format!("dig @{ip} -p {port} {example}");
            [network.to_owned(), bound.address.to_string(), asks]
        })
        .collect();
    let head = ["NETWORK", "ADDRESS", "ASK IT"].map(str::to_owned);
    let width =
        |column: usize| std::iter::once(&head).chain(&rows).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let line = |row: &[String; 3]| format!("{:<first$}  {:<second$}  {}\n", row[0], row[1], row[2]);
    std::iter::once(&head).chain(&rows).map(line).collect()
}

/// Where the server answers, for programs that started it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadyDocument {
    /// True: there is no document before.
    ready: bool,
    /// The process.
    pid: u32,
    /// The admin API; absent where there is none.
    admin: Option<String>,
    listeners: Vec<ReadyListener>,
}

/// An address, for UDP and TCP.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadyListener {
    /// Its network; absent where the source address decides.
    network: Option<String>,
    address: SocketAddr,
}

/// The ready file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the ready file `{file}`: {error}")]
struct ReadyError {
    file: String,
    error: std::io::Error,
}

impl ReadyDocument {
    fn new(bound: &[Bound], admin: Option<SocketAddr>) -> Self {
        let listener = |bound: &Bound| ReadyListener {
            network: bound.network.as_ref().map(ToString::to_string),
            address: bound.address,
        };
        Self {
            ready: true,
            pid: std::process::id(),
            admin: admin.map(|address| format!("http://{address}")),
            listeners: bound.iter().map(listener).collect(),
        }
    }

    /// The document as a log line, beside the time and level that every line has.
    fn line(&self) -> serde_json::Result<String> {
        let mut line: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&log::said(LogFormat::Json, "ready"))?;
        if let serde_json::Value::Object(own) = serde_json::to_value(self)? {
            line.extend(own);
        }
        Ok(serde_json::Value::Object(line).to_string())
    }

    /// Writes the file in one move, so that a program that waits for it reads all of it.
    fn write(&self, file: &Path) -> std::result::Result<(), ReadyError> {
        let written = super::whole_file::write(file, crate::output::json(self).as_bytes());
        written.map_err(|error| ReadyError { file: file.display().to_string(), error })
    }
}

fn say_what_is_read(say: impl Fn(&str), given: &input::Given, loaded: &Loaded) {
    let version = env!("CARGO_PKG_VERSION");
    let files = &loaded.files;
    if !files.is_empty() {
        let linked = files.networks().filter_map(|network| files.linked_to(network.as_str()));
        let links: Vec<_> = linked.flat_map(crate::compile::Zones::values).collect();
        let (public, linked) = (files.public().len(), links.len());
        let all = files.public().values().chain(links);
        let records = all.map(|zone| zone.packed().records()).sum::<usize>();
        let (public, linked) = (count(public, "public zone"), count(linked, "link"));
        let records = count(records, "record");
        say(&format!("ampls-dns {version}: {public} and {linked} from files, {records}"));
    }
    if !loaded.files_only {
        say(&format!("ampls-dns {version}: reading {}", given.name()));
    }
}

fn say_where_it_stands(say: impl Fn(&str), given: &input::Given, origin: &Origin) {
    let world = origin.world();
    let state = &world.state;
    if world.history.events().is_empty() && !world.state.files.is_empty() {
        return;
    }
    let step = input::step_at(&world.history, world.revision()).unwrap_or("-");
    say(&format!(
        "{}: step {step}, revision {}, {}, {}, {}, {}; {}",
        if origin.title().is_empty() { given.name() } else { origin.title() },
        world.revision(),
        count(state.networks.len(), "network"),
        count(state.zones.len(), "private zone"),
        count(state.scopes.len(), "scope"),
        count(state.endpoints.len(), "private endpoint"),
        match Assessment::is_quick(world) {
            true => {
                let today = jiff::Zoned::now().date();
                crate::output::findings::closing(&Assessment::of(world).accept(origin.allow(), today))
            }
            false => "the estate is large: `ampls-dns check` prints its findings".to_owned(),
        },
    ));
}

/// Why the token cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the token in `{}` cannot be used", path.display())]
struct BadToken {
    path: PathBuf,
    #[source]
    error: Box<dyn std::error::Error>,
}

/// The token in a file.
pub(super) fn token(path: &Path) -> std::result::Result<Token, Box<dyn std::error::Error>> {
    let bad = |error| BadToken { path: path.to_owned(), error };
    let text = std::fs::read(path).map_err(|error| bad(error.into()))?;
    Ok(Token::read(&text).map_err(|error| bad(error.into()))?)
}

/// The token of a file, or else of the environment; there may be none.
pub(super) fn token_of(file: Option<&Path>) -> std::result::Result<Option<Token>, Box<dyn std::error::Error>> {
    if let Some(file) = file {
        return token(file).map(Some);
    }
    let text = std::env::var("AMPLS_DNS_ADMIN_TOKEN").ok().filter(|text| !text.is_empty());
    let bad = |error: admin::TokenError| format!("invalid AMPLS_DNS_ADMIN_TOKEN: {error}");
    Ok(text.map(|text| Token::read(text.as_bytes()).map_err(bad)).transpose()?)
}

fn guard(arguments: &ServeArguments) -> std::result::Result<Guard, Box<dyn std::error::Error>> {
    let token = token_of(arguments.admin_token_file.as_deref())?;
    let guard = Guard::new(token, arguments.admin_host.clone());
    // Before anything is bound: nothing is served for a moment and then not.
    if let Some(AdminAddress::At(address)) = arguments.admin {
        admin::permit(address, &guard)?;
    }
    Ok(guard)
}

/// The admin server, unless it is off. Without it the DNS server starts all the same, unless its address was given.
fn admin_server(
    arguments: &ServeArguments,
    guard: Guard,
    admin: Admin,
) -> std::result::Result<Option<AdminServer>, AdminError> {
    match arguments.admin {
        Some(AdminAddress::Off) => Ok(None),
        Some(AdminAddress::At(address)) => admin::start(address, guard, admin).map(Some),
        None => match admin::start(admin::DEFAULT_ADDRESS, guard, admin) {
            Err(AdminError::Taken(address)) => {
                tracing::warn!(%address, "the admin port is already in use, perhaps by another instance; the server runs without an admin server");
                Ok(None)
            }
            other => other.map(Some),
        },
    }
}

/// What a signal asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Signal {
    #[cfg(unix)]
    Reload,
    #[cfg(unix)]
    Statistics,
    End,
}

/// The signals, from the moment they are listened for.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    user: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::End,
            _ = self.terminate.recv() => Signal::End,
            _ = self.hang_up.recv() => Signal::Reload,
            _ = self.user.recv() => Signal::Statistics,
        }
    }

    async fn end(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        self.end().await;
        Signal::End
    }

    async fn end(&mut self) {
        // Where the signal cannot be had the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What is logged without RUST_LOG: warnings, changes of what is served, and hickory's two lines a query never.
const LOGGED: &str = "warn,ampls_dns::server::control=info,hickory_server=error";

/// Log lines go to stderr.
fn log_to_stderr(format: LogFormat) {
    use tracing_subscriber::fmt::layer;
    use tracing_subscriber::prelude::*;
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let (filter, error) = targets(&wanted);
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = layer().with_writer(|| CountedStderr).log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter);
    // A subscriber that an embedding program has set stays.
    let _ = match format {
        LogFormat::Text => registry.with(lines.with_target(false).with_ansi(colour)).try_init(),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            registry.with(lines).try_init()
        }
    };
    if let Some(error) = error {
        tracing::warn!("RUST_LOG `{wanted}` is ignored: {error}; write such as `warn,ampls_dns=debug`");
    }
}

/// What RUST_LOG lets through, and why its text says nothing.
fn targets(wanted: &str) -> (Targets, Option<String>) {
    let usual = || LOGGED.parse().expect("a constant that a test reads");
    match wanted {
        "" => (usual(), None),
        _ => wanted.parse().map_or_else(
            |error: tracing_subscriber::filter::ParseError| (usual(), Some(error.to_string())),
            |own| (own, None),
        ),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use tracing::Level;

    use super::targets;
    use crate::cli::CommandLine;

    #[test]
    fn rust_log_decides_what_is_logged_and_what_cannot_be_read_is_said() {
        let control = "ampls_dns::server::control";
        let (usual, error) = targets("");
        assert!(error.is_none());
        assert!(usual.would_enable(control, &Level::INFO) && !usual.would_enable("ampls_dns", &Level::INFO));
        assert!(!usual.would_enable("hickory_server", &Level::WARN));
        let (own, error) = targets("ampls_dns=debug");
        assert!(error.is_none() && own.would_enable("ampls_dns::cli", &Level::DEBUG));
        let (bad, error) = targets("ampls_dns=loud");
        assert!(error.is_some() && bad == usual);
    }

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
