//! The server and the command inside the namespaces.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::netlink::Loopback;
use super::{RunArguments, namespace, routes, shell};
use crate::cli::{input, output};
use crate::estate::NetworkName;
use crate::server::admin::{self, Admin, Guard};
use crate::server::control::Position;
use crate::server::{Control, Listen, Origin, Settings, start};

/// Azure-provided DNS.
const AZURE_DNS: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// What the C library would read besides `/etc/resolv.conf`, and what is for another server than the one inside.
const REMOVED: [&str; 4] = ["LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES", "AMPLS_DNS_ADMIN_TOKEN_FILE"];

/// A command that cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start `{command}`: {error}")]
struct NotStarted {
    command: String,
    error: io::Error,
}

/// Creates the network, runs the command in it and returns its exit code.
pub(super) fn inside(arguments: &RunArguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let (given, loaded) = input::Given::read(&arguments.scenario, &arguments.step, &[], &[])?;
    let scenario = given.scenario_path();
    let title = loaded.title.to_string();
    let origin = Origin::new(loaded)?;
    let world = Arc::clone(origin.world());
    let network = world.views.get(input::view(&world, &arguments.from)?).network.clone();

    // One thread until here: only a process with one thread may create a user namespace.
    namespace::enter()?;
    let refused = |step| move |error: io::Error| namespace::refused(step, error);
    let mut loopback = Loopback::new(AZURE_DNS).map_err(refused("bring the loopback interface up"))?;
    loopback.set_routes(routes::routes(&world, network.as_ref())).map_err(refused("set the routes"))?;
    let folder = tempfile::Builder::new().prefix("ampls-dns-run-").tempdir()?;
    namespace::resolve_with(AZURE_DNS, folder.path())?;

    let listener = Listen { network: network.clone(), address: SocketAddr::from((AZURE_DNS, 53)) };
    let settings = Settings { listeners: vec![listener], ..Settings::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let running = start(settings, world)?;
        let control = Arc::new(Control::new(Arc::clone(running.service()), Box::new(given), origin));
        let admin =
            admin::start(admin::DEFAULT_ADDRESS, Guard::new(None, Vec::new()), Admin::new(Arc::clone(&control)))?;
        let inside = Arc::new(Inside { loopback: Mutex::new(loopback), network, prompt: folder.path().join("prompt") });
        inside.follow(&control.position())?;
        let following = Arc::clone(&inside);
        control.at_publish(move |position| {
            if let Err(error) = following.follow(position) {
                output::complain(&error);
            }
        });

        let mut command = match arguments.command.split_first() {
            Some((program, rest)) => {
                let mut command = Command::new(program);
                command.args(rest);
                command
            }
            None => {
                output::say(&format!(
                    "{title}: this shell is in {}; `ampls-dns step next` goes to the next step, `exit` ends the shell",
                    inside.prompt_text(&control.position())
                ));
                shell::command(folder.path())?
            }
        };
        command.env("AMPLS_DNS_ADMIN", admin.address().to_string()).env(shell::PROMPT_FILE, &inside.prompt);
        if let Some(scenario) = scenario {
            command.env("AMPLS_DNS_SCENARIO", scenario);
        }
        if let Some(path) = path_with_this_program() {
            command.env("PATH", path);
        }
        REMOVED.iter().for_each(|name| {
            command.env_remove(name);
        });
        let ended = wait(command).await;
        running.shutdown().await;
        ended
    })
}

/// What follows the revision that is served.
struct Inside {
    loopback: Mutex<Loopback>,
    network: Option<NetworkName>,
    prompt: PathBuf,
}

impl Inside {
    /// Routes and prompt become those of `position`.
    fn follow(&self, position: &Position) -> io::Result<()> {
        let routes = routes::routes(&position.world, self.network.as_ref());
        self.loopback.lock().unwrap_or_else(PoisonError::into_inner).set_routes(routes)?;
        std::fs::write(&self.prompt, self.prompt_text(position))
    }

    fn prompt_text(&self, position: &Position) -> String {
        let network = self.network.as_ref().map_or("public", |network| network.as_str());
        shell::prompt(network, position.step().map(|step| &*step.name))
    }
}

/// Runs the command to its end, and sends it the signals that ask this process to end.
async fn wait(mut command: Command) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    // The terminal sends these to the command as well, which decides what they mean.
    let _interrupt = signal(SignalKind::interrupt())?;
    let _quit = signal(SignalKind::quit())?;
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
            let command = command.as_std().get_program().to_string_lossy().into_owned();
            output::complain(&NotStarted { command, error });
            return Ok(ExitCode::from(code));
        }
    };
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
    let send = |signal| {
        // A child that has just ended needs no signal.
        let _ = pid.map(|pid| kill(pid, signal));
    };
    loop {
        tokio::select! {
            ended = child.wait() => return Ok(exit_code(ended?)),
            _ = terminate.recv() => send(Signal::SIGTERM),
            _ = hang_up.recv() => send(Signal::SIGHUP),
        }
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

/// `PATH` with the folder of this program at its end, if it does not find the program yet.
fn path_with_this_program() -> Option<std::ffi::OsString> {
    let own = std::env::current_exe().ok()?;
    let path = std::env::var_os("PATH")?;
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if folders.iter().any(|folder| folder.join("ampls-dns").is_file()) {
        return None;
    }
    folders.push(own.parent().map(Path::to_owned)?);
    std::env::join_paths(folders).ok()
}
