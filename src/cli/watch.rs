//! `watch`: the queries of a running server as they come.

use std::collections::VecDeque;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use terminal_size::{Height, Width, terminal_size};

use super::client::ServerArguments;
use super::{FormatArguments, Outcome, Result, output};
use crate::client::admin::{Client, ClientError};
use crate::output::Format;
use crate::server::admin::QueriesDocument;
use crate::server::observe::QueryDocument;
use crate::server::observe::document::{line, outcome};

/// How long one request waits for the next query, in seconds.
const WAIT: f64 = 30.0;
/// How many queries are taken at once.
const AT_ONCE: u32 = 1000;
/// How often the table is drawn at most.
const DRAWN_APART: Duration = Duration::from_millis(100);
/// The width of a terminal that does not report its own.
const WIDTH: u16 = 100;
/// The height of one.
const HEIGHT: u16 = 24;

/// Watch the queries of a running server: view, name, answer, and who wrote it
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  ampls-dns watch\n  ampls-dns watch --view vnet1 --name '*.monitor.azure.com'\n  \
    ampls-dns watch --rcode NXDOMAIN --format json\n  \
    ampls-dns watch --last 0 --name api.monitor.azure.com --count 1 --timeout 5\n\n\
    On a terminal it shows a table of the last queries, otherwise one line per query; with --format json,\n\
    one object per line. Exit code 1 if --timeout ends before --count is reached."
)]
pub(super) struct WatchArguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    filter: FilterArguments,
    /// How many earlier queries to show first
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000))]
    last: u32,
    /// Stop after this many queries
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Stop after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

/// Which queries.
#[derive(Args, Serialize, Debug, Clone, Default)]
struct FilterArguments {
    /// Name of the query; '*.azure.com' is every name below azure.com
    #[arg(long)]
    name: Option<String>,
    /// Type of the query
    #[arg(long = "type", value_name = "TYPE")]
    r#type: Option<String>,
    /// Network whose view answered, or `public`
    #[arg(long, value_name = "NETWORK")]
    view: Option<String>,
    /// Code of the reply, such as NXDOMAIN
    #[arg(long)]
    rcode: Option<String>,
    /// udp or tcp
    #[arg(long)]
    transport: Option<String>,
    /// Address of the client, or a prefix
    #[arg(long, value_name = "ADDRESS|PREFIX")]
    client: Option<String>,
    /// Record data in the answer
    #[arg(long, value_name = "DATA")]
    answer: Option<String>,
    /// Part of the writer's name: a private endpoint or a scope
    #[arg(long)]
    writer: Option<String>,
    /// Whether a fault changed the reply
    #[arg(long, value_name = "true|false")]
    fault: Option<bool>,
}

fn seconds(text: &str) -> std::result::Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number of seconds, such as 5".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "write a number of seconds that is not negative".to_owned())
}

/// The filter and what goes with it, as the query of a URL.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WatchQuery<'a> {
    #[serde(flatten)]
    filter: &'a FilterArguments,
    since: Option<u64>,
    limit: Option<u32>,
    timeout: Option<f64>,
}

pub(super) fn run(arguments: &WatchArguments) -> Result {
    let client = arguments.server.client()?;
    let until = arguments.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut paper = Paper::of(arguments.format.format);
    let mut left = arguments.count.unwrap_or(u64::MAX);
    // Also with none of them wanted the number of the last one is.
    let first = queries(&client, &arguments.filter, None, arguments.last.max(1))?;
    let mut since = first.next;
    if arguments.last > 0 && show(&mut paper, first.queries, 0, &mut left)? {
        return Ok(Outcome::Done);
    }
    loop {
        let wait = until.map_or(WAIT, |until| until.saturating_duration_since(Instant::now()).as_secs_f64().min(WAIT));
        let query = WatchQuery { filter: &arguments.filter, since: Some(since), limit: None, timeout: Some(wait) };
        match get(&client, "/v1/queries/wait", &query) {
            Ok(_) => {
                let new = queries(&client, &arguments.filter, Some(since), AT_ONCE)?;
                since = new.next;
                if show(&mut paper, new.queries, new.missed, &mut left)? {
                    return Ok(Outcome::Done);
                }
            }
            Err(error) if is_missing(&*error) => {}
            Err(error) => return Err(error),
        }
        if until.is_some_and(|until| until <= Instant::now()) {
            return Ok(if arguments.count.is_some() { Outcome::Failed } else { Outcome::Done });
        }
    }
}

/// Shows queries, and says whether they were the last.
fn show(
    paper: &mut Paper,
    mut queries: Vec<QueryDocument>,
    missed: u64,
    left: &mut u64,
) -> std::result::Result<bool, Box<dyn std::error::Error>> {
    queries.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
    *left -= queries.len() as u64;
    paper.show(queries, missed)?;
    Ok(*left == 0)
}

fn is_missing(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(ClientError::Refused(problem)) if problem.is_missing())
}

fn get(client: &Client, path: &str, query: &WatchQuery<'_>) -> std::result::Result<Value, Box<dyn std::error::Error>> {
    Ok(client.get(&format!("{path}?{}", serde_urlencoded::to_string(query)?))?)
}

fn queries(
    client: &Client,
    filter: &FilterArguments,
    since: Option<u64>,
    limit: u32,
) -> std::result::Result<QueriesDocument, Box<dyn std::error::Error>> {
    let query = WatchQuery { filter, since, limit: Some(limit), timeout: None };
    Ok(serde_json::from_value(get(client, "/v1/queries", &query)?)?)
}

/// What is shown on.
enum Paper {
    Lines,
    Objects,
    Table(Table),
}

/// The last queries on a terminal, drawn over what was drawn before.
#[derive(Default)]
struct Table {
    rows: VecDeque<QueryDocument>,
    seen: u64,
    missed: u64,
    /// How many lines there are to draw over.
    drawn: usize,
    drawn_at: Option<Instant>,
}

impl Paper {
    fn of(format: Format) -> Self {
        match format {
            Format::Json => Self::Objects,
            Format::Text if std::io::stdout().is_terminal() => Self::Table(Table::default()),
            Format::Text => Self::Lines,
        }
    }

    fn show(
        &mut self,
        queries: Vec<QueryDocument>,
        missed: u64,
    ) -> std::result::Result<(), Box<dyn std::error::Error>> {
        if missed > 0 && !matches!(self, Self::Table(_)) {
            output::say(&format!("{missed} queries were missed: they arrived faster than they were read"));
        }
        match self {
            Self::Lines => {
                let lines = queries.iter().map(|query| plain(&line(query)) + "\n");
                output::print(&lines.collect::<String>())
            }
            Self::Objects => {
                let mut text = String::new();
                for query in &queries {
                    text.push_str(&serde_json::to_string(query)?);
                    text.push('\n');
                }
                output::print(&text)
            }
            Self::Table(table) => {
                table.add(queries, missed);
                if let Some(rest) = table.drawn_at.and_then(|at| DRAWN_APART.checked_sub(at.elapsed())) {
                    std::thread::sleep(rest);
                }
                table.drawn_at = Some(Instant::now());
                let (width, height) =
                    terminal_size().map_or((WIDTH, HEIGHT), |(Width(width), Height(height))| (width, height));
                let text = table.text(usize::from(width), usize::from(height));
                // Up to the first line drawn before, and everything from there on away.
                let up = if table.drawn > 0 { format!("\x1b[{}A", table.drawn) } else { String::new() };
                table.drawn = text.lines().count();
                output::print(&format!("{up}\r\x1b[J{text}"))
            }
        }
    }
}

impl Table {
    /// More rows than any terminal is high are not kept.
    const ROWS: usize = 500;

    fn add(&mut self, queries: Vec<QueryDocument>, missed: u64) {
        self.seen += queries.len() as u64;
        self.missed += missed;
        self.rows.extend(queries);
        while self.rows.len() > Self::ROWS {
            self.rows.pop_front();
        }
    }

    /// The table, no line wider than `width` and no more of them than `height` leaves room for.
    fn text(&self, width: usize, height: usize) -> String {
        let step = self.rows.back().and_then(|query| {
            let step = query.step.as_ref().map_or_else(String::new, |step| format!("step {step}, "));
            Some(format!("{step}revision {}; ", query.revision?))
        });
        let missed = if self.missed > 0 { format!(", {} missed", self.missed) } else { String::new() };
        let mut lines = vec![
            format!("{}{} queries{missed}; ctrl-c ends", step.unwrap_or_default(), self.seen),
            row(width, ["TIME", "VIEW", "NAME", "TYPE", "ANSWER", "WRITTEN BY", "US"]),
        ];
        let room = height.saturating_sub(lines.len() + 1).max(1);
        lines.extend(self.rows.iter().skip(self.rows.len().saturating_sub(room)).map(|query| {
            // The time of day, in milliseconds.
            let time = query.time.get(11..23).unwrap_or(&query.time);
            let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            let answer = match &query.fault {
                Some(fault) => format!("{} [{fault}]", outcome(query)),
                None => outcome(query),
            };
            let writer = query.writer.clone().unwrap_or_default();
            let (view, name, kind) = (word(&query.view), word(&query.name), word(&query.r#type));
            row(width, [time, &view, &name, &kind, &answer, &writer, &query.latency_microseconds.to_string()])
        }));
        lines.iter().map(|line| cut(&plain(line), width).trim_end().to_owned() + "\n").collect()
    }
}

/// One row: columns of fixed widths, the name's and the answer's as wide as the terminal lets them.
fn row(width: usize, [time, view, name, kind, answer, writer, latency]: [&str; 7]) -> String {
    const FIXED: usize = 12 + 14 + 6 + 20 + 8 + 6;
    let flexible = width.saturating_sub(FIXED).max(30);
    let (names, answers) = (flexible * 3 / 5, flexible - flexible * 3 / 5);
    let column = |text: &str, width: usize| format!("{:<width$}", cut(text, width));
    [
        column(time, 12),
        column(view, 14),
        column(name, names),
        column(kind, 6),
        column(answer, answers),
        column(writer, 20),
        format!("{latency:>8}"),
    ]
    .join(" ")
}

/// A text of at most that many characters; where some are left out it ends in dots.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

/// The text without characters that a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '?' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, writer: Option<&str>) -> QueryDocument {
        serde_json::from_value(serde_json::json!({
            "time": "2026-11-22T12:34:56.789012Z", "latencyMicroseconds": 12, "client": "127.0.0.1:4242",
            "listener": "127.0.0.1:5301", "transport": "udp", "view": "vnet1", "name": name, "type": "A",
            "rcode": "NOERROR", "answer": ["10.0.1.9"], "writer": writer, "revision": 27, "step": "second-scope",
            "path": "fast"
        }))
        .expect("a good document")
    }

    #[test]
    fn the_table_fits_its_terminal_and_shows_the_newest() {
        let mut table = Table::default();
        let long = format!("{}.example", "a".repeat(200));
        table.add(
            vec![query("old.example", None), query(&long, None), query("api.monitor.azure.com", Some("pe1 of ampls1"))],
            0,
        );
        for (width, height) in [(120, 24), (100, 4), (80, 10), (20, 1)] {
            let text = table.text(width, height);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
            assert!(text.lines().count() < height.max(5), "{text}");
        }
        insta::assert_snapshot!(table.text(120, 5), @r"
        step second-scope, revision 27; 3 queries; ctrl-c ends
        TIME         VIEW           NAME                             TYPE   ANSWER                 WRITTEN BY                 US
        12:34:56.789 vnet1          aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… A      NOERROR 10.0.1.9                                  12
        12:34:56.789 vnet1          api.monitor.azure.com            A      NOERROR 10.0.1.9       pe1 of ampls1              12
        ");
    }

    #[test]
    fn nothing_a_server_says_moves_the_cursor() {
        let mut table = Table::default();
        table.add(vec![query("a\x1b[2Jb\r\n", Some("\x07"))], 3);
        let text = table.text(120, 10);
        assert!(!text.chars().any(|character| character.is_control() && character != '\n'), "{text:?}");
        assert!(text.contains("1 queries, 3 missed"));
    }

    #[test]
    fn filters_are_written_as_the_query_of_a_url() {
        let filter =
            FilterArguments { name: Some("*.azure.com&x=1".into()), fault: Some(true), ..FilterArguments::default() };
        let query = WatchQuery { filter: &filter, since: Some(7), limit: None, timeout: Some(0.5) };
        let text = serde_urlencoded::to_string(&query).expect("it can be written");
        assert_eq!(text, "name=*.azure.com%26x%3D1&fault=true&since=7&timeout=0.5");
    }
}
