//! `export`: the estate's DNS in the words of other servers.

use std::io;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::{OperandArguments, Outcome, Result, StepArguments, format, input, output};
use crate::compile::{Compiled, ViewId};
use crate::output::export::{ExportFormat, Exported, Which, folder as folder_of, server, zones};

/// Write zone files, or the DNS of a network as another server's configuration
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns export --format hosts --from vnet1\n  \
    ampls-dns export --format zone -o zones\n  \
    ampls-dns export --format azure --from vnet1 -o zones\n  \
    ampls-dns export --format unbound --from vnet1 --listen 127.0.0.1:5353 -o unbound\n  \
    ampls-dns export --format bind -o lab\n\n\
    zone and azure write the private zones: all of them, or with --from those linked to the network (`public`: the zones of \
    public DNS). The others write what the clients of one network get, aliases merged or flattened as the server needs \
    it. Without --from that is public DNS, or with -o a folder for each network. No configuration forwards queries; a \
    comment in it shows where to add an upstream.")]
pub(super) struct ExportArguments {
    /// Format of the files
    #[arg(long, value_parser = format::of::<ExportFormat>())]
    format: ExportFormat,
    /// Network whose zones or whose DNS is written; `public` is outside all networks
    #[arg(long, value_name = "NETWORK")]
    from: Option<String>,
    /// Folder to write to, or for a single file its name, such as vnet1.zone. Without it a single file goes to standard
    /// output
    #[arg(short, long, value_name = "DIR|FILE")]
    output: Option<PathBuf>,
    /// Where the server listens; each further folder uses the next port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5300")]
    listen: SocketAddr,
    #[command(flatten)]
    scenario: OperandArguments,
    #[command(flatten)]
    step: StepArguments,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("the export has {0} files, and standard output takes one\nhelp: write them to a folder with -o DIR")]
    SeveralFiles(usize),
    #[error("there is no zone to export at this step\nhelp: {0}")]
    NoZone(String),
    #[error("{} cannot be written", .0.display())]
    Unwritable(PathBuf, #[source] io::Error),
    #[error("the networks `{0}` and `{1}` would share a folder\nhelp: export them one by one with --from")]
    SameFolder(String, String),
}

pub(super) fn run(arguments: &ExportArguments) -> Result {
    let world = arguments.scenario.read()?.compile(&arguments.step)?;
    let view = arguments.from.as_deref().map(|from| input::view(&world, from)).transpose()?;
    let mut exported = match (view, &arguments.output) {
        _ if arguments.format.is_of_zones() => {
            let which = view.map_or(Which::Private, Which::SeenFrom);
            let exported = zones(&world, arguments.format, which);
            if exported.files.is_empty() {
                return Err(Box::new(ExportError::NoZone(no_zone(&world, view))));
            }
            exported
        }
        (None, Some(path)) if !is_file_name(path) => every_network(&world, arguments)?,
        (view, _) => server(&world, arguments.format, view.unwrap_or(ViewId::PUBLIC), arguments.listen),
    };
    match &arguments.output {
        None if exported.files.len() > 1 => return Err(Box::new(ExportError::SeveralFiles(exported.files.len()))),
        None => output::print(&exported.files[0].text)?,
        Some(path) if exported.files.len() == 1 && is_file_name(path) => {
            let text = &exported.files[0].text;
            super::whole_file::write(path, text.as_bytes())
                .map_err(|error| ExportError::Unwritable(path.clone(), error))?;
        }
        Some(folder) => {
            for file in &exported.files {
                write(folder, &file.name, &file.text)?;
            }
            output::say(&format!("{} in {}", crate::output::count(exported.files.len(), "file"), folder.display()));
        }
    }
    exported.left_out.dedup();
    exported.left_out.iter().for_each(|what| output::say(&format!("left out: {what}")));
    Ok(Outcome::Done)
}

/// True for a path with an extension that is not a folder: it names the file itself.
fn is_file_name(path: &Path) -> bool {
    path.extension().is_some() && !path.is_dir()
}

/// A folder for public DNS and one for each network, on one port after the other.
fn every_network(world: &Compiled, arguments: &ExportArguments) -> std::result::Result<Exported, ExportError> {
    let mut all = Exported::default();
    let mut folders: Vec<(String, String)> = Vec::new();
    let mut listen = arguments.listen;
    for (id, view) in world.views.iter() {
        let folder = folder_of(view.label());
        if let Some((_, other)) = folders.iter().find(|(own, _)| own.eq_ignore_ascii_case(&folder)) {
            return Err(ExportError::SameFolder(other.clone(), view.label().to_owned()));
        }
        let exported = server(world, arguments.format, id, listen);
        for mut file in exported.files {
            file.name = format!("{folder}/{}", file.name);
            all.files.push(file);
        }
        all.left_out.extend(exported.left_out.into_iter().map(|what| format!("{}: {what}", view.label())));
        folders.push((folder, view.label().to_owned()));
        listen.set_port(listen.port().checked_add(1).unwrap_or(arguments.listen.port()));
    }
    Ok(all)
}

fn no_zone(world: &Compiled, view: Option<ViewId>) -> String {
    match view {
        Some(view) => {
            format!(
                "no private zone is linked to {}; without --from, all zones are exported",
                world.views.get(view).label()
            )
        }
        None => "choose another step with --at, or write the zones of public DNS with --from public".to_owned(),
    }
}

fn write(folder: &Path, name: &str, text: &str) -> std::result::Result<(), ExportError> {
    let path = folder.join(name);
    debug_assert!(Path::new(name).components().all(|part| matches!(part, Component::Normal(_))));
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(|error| ExportError::Unwritable(parent.to_owned(), error))?;
    super::whole_file::write(&path, text.as_bytes()).map_err(|error| ExportError::Unwritable(path, error))
}
