//! A line for every query, if asked for.
//!
//! Workers write no line: a thread of its own reads what they have taken down and writes it out. Where it cannot keep up,
//! queries are left out and counted, and never slowed.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::observe::document::{line, now};
use super::observe::{QueryDocument, QueryLog, Reader};
pub use crate::output::format::LogFormat;

/// How many queries of each worker may wait to be written.
pub const WAITING: usize = 16 << 10;
/// How long the thread rests between two looks.
const REST: Duration = Duration::from_millis(20);
/// How often lost queries are reported at most.
const TOLD_APART: Duration = Duration::from_secs(1);

/// Lines that could not be written since the process began.
static UNWRITTEN: AtomicU64 = AtomicU64::new(0);

/// How many lines could be written neither to stdout nor to stderr since the process began, such as to a full disk.
pub fn unwritten() -> u64 {
    UNWRITTEN.load(Ordering::Relaxed)
}

/// Counts the lines of a text that could not be written.
pub fn count_unwritten(text: &[u8]) {
    let lines = memchr::memchr_iter(b'\n', text).count().max(1);
    UNWRITTEN.fetch_add(lines as u64, Ordering::Relaxed);
}

/// Stderr of a server that goes on where nothing can be written: such lines are counted, and it never fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountedStderr;

impl Write for CountedStderr {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if io::stderr().lock().write_all(text).is_err() {
            count_unwritten(text);
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A thread that writes a line for every query. It ends, everything written, when this is dropped.
#[derive(Debug)]
pub struct LogOutput {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LogOutput {
    /// Begins to write what is seen from now on.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn start(log: Arc<QueryLog>, format: LogFormat, mut to: impl Write + Send + 'static) -> io::Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        let told_to_end = Arc::clone(&ends);
        let body = move || {
            let mut reader = Reader::default();
            let mut told_at = Instant::now();
            let mut untold = 0;
            loop {
                // Looked at before the queries are, so that the last look comes after the last query.
                let ends = told_to_end.load(Ordering::Acquire);
                let lost = write_new(&log, &mut reader, format, &mut to);
                log.unlogged.fetch_add(lost, Ordering::Relaxed);
                untold += lost;
                if untold > 0 && (ends || told_at.elapsed() >= TOLD_APART) {
                    tracing::warn!(
                        queries = untold,
                        "queries arrived faster than they could be logged; they were answered, but some are not in the log"
                    );
                    (untold, told_at) = (0, Instant::now());
                }
                if ends {
                    return;
                }
                std::thread::park_timeout(REST);
            }
        };
        let thread = std::thread::Builder::new().name("ampls-dns-query-log".to_owned()).spawn(body)?;
        Ok(Self { ends, thread: Some(thread) })
    }
}

impl Drop for LogOutput {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the thread that writes queries to the log panicked");
            }
        }
    }
}

/// Writes what is new, and says how much was lost.
fn write_new(log: &QueryLog, reader: &mut Reader, format: LogFormat, to: &mut impl Write) -> u64 {
    let (new, lost) = log.read(reader);
    let mut lines = String::new();
    for logged in &new {
        let query = log.document(logged);
        match format {
            LogFormat::Text => lines.push_str(&line(query)),
            LogFormat::Json => lines.push_str(&object(query)),
        }
        lines.push('\n');
    }
    // If the log cannot be written to, this cannot be reported either.
    let _ = to.write_all(lines.as_bytes()).and_then(|()| to.flush());
    lost
}

/// A sentence of the server as it appears among log lines.
pub fn said(format: LogFormat, text: &str) -> String {
    match format {
        LogFormat::Text => text.to_owned(),
        LogFormat::Json => {
            let mut object = heading(now(), text.trim());
            object.insert("target".to_owned(), "ampls_dns".into());
            Value::Object(object).to_string()
        }
    }
}

fn heading(time: String, message: &str) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("timestamp".to_owned(), time.into());
    object.insert("level".to_owned(), "INFO".into());
    object.insert("message".to_owned(), message.into());
    object
}

/// A query as an object beside those of other log lines: with a time, a level and a message.
fn object(query: &QueryDocument) -> String {
    let mut object = heading(query.time.clone(), "query");
    if let Ok(Value::Object(mut own)) = serde_json::to_value(query) {
        own.shift_remove("time");
        object.extend(own);
    }
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::dns::RecordType;
    use crate::server::observe::tests::Scene;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panics").extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(scene: &Scene, format: LogFormat, count: u16) -> (String, u64) {
        let paper = Paper::default();
        let log = LogOutput::start(Arc::clone(&scene.log), format, paper.clone()).expect("a thread");
        for number in 0..count {
            scene.ask("10.0.1.5", &format!("n{number}.privatelink.monitor.azure.com"), RecordType::A);
        }
        scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A);
        drop(log);
        let text = String::from_utf8(paper.0.lock().expect("nobody panics").clone()).expect("it is text");
        (text, scene.log.unlogged.load(Ordering::Relaxed))
    }

    #[test]
    fn every_query_is_an_object_of_its_own() {
        let (text, lost) = written(&Scene::new(5000), LogFormat::Json, 3000);
        assert_eq!((text.lines().count(), lost), (3001, 0));
        let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        let last = &objects[3000];
        assert_eq!(
            (&last["message"], &last["level"], &last["view"]),
            (&"query".into(), &"INFO".into(), &"vnet1".into())
        );
        assert_eq!((&last["name"], &last["answer"][0]), (&"api.monitor.azure.com".into(), &"10.0.1.9".into()));
        assert!(last["timestamp"].is_string() && last["latencyMicroseconds"].is_u64() && last.get("time").is_none());
        assert_eq!(objects[2999]["name"], "n2999.privatelink.monitor.azure.com");
    }

    #[test]
    fn lines_for_people_say_the_same() {
        let (text, _) = written(&Scene::new(10), LogFormat::Text, 0);
        let line = text.trim_end();
        assert!(line.contains(" vnet1 api.monitor.azure.com A NOERROR 10.0.1.9 "), "{line}");
        assert!(line.contains("udp 10.0.1.5:4242"), "{line}");
    }

    #[test]
    fn what_is_not_written_is_counted() {
        let scene = Scene::new(4);
        // All of it comes before the thread looks.
        for _ in 0..10 {
            scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A);
        }
        let (mut reader, mut paper) = (Reader::default(), Vec::new());
        assert_eq!(write_new(&scene.log, &mut reader, LogFormat::Text, &mut paper), 6);
        assert_eq!(paper.iter().filter(|octet| **octet == b'\n').count(), 4);
    }
}
