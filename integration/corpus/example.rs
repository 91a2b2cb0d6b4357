//! Counts what `import` reads of the files of a folder: `corpus FOLDER…`.
//!
//! Each `.json` and `.tfstate` file is one import, together with `NAME.parameters.json` if it is beside it. A table shows for each
//! file how many objects that decide about DNS it declares, and what became of them. The exit code is 1 if less than 95 %
//! of them are read, or one is invented or dropped in silence.

#[path = "mod.rs"]
mod corpus;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use corpus::{Counted, count};

/// How a parameter file is named after its template.
const PARAMETERS: &str = ".parameters.json";

#[allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]
fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    if folders.is_empty() {
        return Err("usage: corpus FOLDER…".into());
    }
    let mut files = Vec::new();
    for folder in &folders {
        gather(Path::new(folder), &mut files)?;
    }
    files.sort();
    println!("| file | objects | read | reported | dropped | invented | not deployed |");
    println!("|---|---|---|---|---|---|---|");
    let mut total = Counted::default();
    for path in &files {
        let name = path.display().to_string();
        let beside = PathBuf::from(format!("{}{PARAMETERS}", name.strip_suffix(".json").unwrap_or(&name)));
        let mut others = Vec::new();
        if beside.is_file() {
            others.push((beside.display().to_string(), std::fs::read(&beside)?));
        }
        let counted = count(&name, &std::fs::read(path)?, &others);
        row(&name, &counted);
        total.add(counted);
    }
    row(&format!("{} files", files.len()), &total);
    let lists = [("reported", &total.reported), ("dropped", &total.dropped), ("invented", &total.invented)];
    for (what, list) in lists {
        for one in list {
            println!("{what}: {one}");
        }
    }
    Ok(if total.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]
fn row(name: &str, counted: &Counted) {
    let (all, read, not_deployed) = (counted.all(), counted.read, counted.not_deployed);
    let (reported, dropped, invented) = (counted.reported.len(), counted.dropped.len(), counted.invented.len());
    println!("| {name} | {all} | {read} | {reported} | {dropped} | {invented} | {not_deployed} |");
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.display().to_string();
        if path.is_dir() {
            gather(&path, files)?;
        } else if (name.ends_with(".json") || name.ends_with(".tfstate")) && !name.ends_with(PARAMETERS) {
            files.push(path);
        }
    }
    Ok(())
}
