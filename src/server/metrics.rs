//! What the server has done, as numbers for Prometheus.
//!
//! Nothing is counted here: each worker keeps its own numbers ([`observe`](super::observe)), and a scrape adds them up. Labels
//! are bounded: views beyond the first 63 share the label `other`, codes beyond the usual ones too, and names asked for
//! are never a label.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Encoder as _, TextEncoder};

use super::faults::Faults;
use super::log::unwritten;
use super::observe::{BOUNDS, Counts, Path, QueryLog, RCODES};
use crate::compile::Compiled;
use crate::dns::{Rcode, Transport};

/// What `Content-Type` the text has.
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// A number with its name, its help and its labels.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its name, with the prefix and the unit.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Counters only grow.
    pub counts: bool,
    /// Label pairs and value.
    pub values: Vec<(Vec<(&'static str, String)>, f64)>,
}

impl Family {
    /// A number that only grows, without labels.
    pub fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Self { name, help, counts: true, values: vec![(Vec::new(), value as f64)] }
    }

    /// A number that goes up and down, without labels.
    pub fn gauge(name: &'static str, help: &'static str, value: f64) -> Self {
        Self { name, help, counts: false, values: vec![(Vec::new(), value)] }
    }

    /// A number for each value of one label.
    pub fn by_label(
        name: &'static str,
        help: &'static str,
        counts: bool,
        label: &'static str,
        values: impl IntoIterator<Item = (String, u64)>,
    ) -> Self {
        let values = values.into_iter().map(|(word, value)| (vec![(label, word)], value as f64));
        Self { name, help, counts, values: values.collect() }
    }
}

/// The whole text: what was answered, from which revision, with which faults, and what `others` say.
pub fn text(log: &QueryLog, faults: &Faults, world: &Arc<Compiled>, others: Vec<Family>) -> String {
    let counts = log.counts();
    let mut families = vec![proto(Family {
        values: vec![(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0)],
        ..Family::gauge("ampls_dns_build_info", "The version that runs.", 1.0)
    })];
    families.extend(answered(log, &counts).into_iter().map(proto));
    families.push(durations(&counts));
    let (_, lost) = log.seen_and_lost();
    let lost_help = "Queries overwritten before a client of the query log read them.";
    families.push(proto(Family::counter("ampls_dns_queries_lost_total", lost_help, lost)));
    let unlogged = log.unlogged.load(Ordering::Relaxed);
    let unlogged_help = "Queries left out of the log because they came too fast.";
    families.push(proto(Family::counter("ampls_dns_queries_unlogged_total", unlogged_help, unlogged)));
    let unwritten_help = "Lines that could not be written to stdout or stderr.";
    families.push(proto(Family::counter("ampls_dns_lines_unwritten_total", unwritten_help, unwritten())));
    families.push(proto(start_time(log.begun())));
    families.extend(published(world).into_iter().map(proto));
    families.push(proto(Family::gauge(
        "ampls_dns_faults",
        "Faults that are set.",
        faults.current(Instant::now()).len() as f64,
    )));
    let hits_help = "Queries that a fault has hit.";
    families.push(proto(Family::counter("ampls_dns_fault_hits_total", hits_help, faults.hits())));
    families.extend(others.into_iter().map(proto));
    // A family without values is left out.
    families.retain(|family| !family.get_metric().is_empty());
    let mut octets = Vec::new();
    TextEncoder::new().encode(&families, &mut octets).expect("families have names and values, and memory takes all");
    String::from_utf8(octets).expect("the encoder writes text")
}

/// The most important numbers for people, line by line.
pub fn summary(log: &QueryLog, world: &Compiled) -> String {
    let counts = log.counts();
    let replies = |transport: usize| -> u64 { counts.replies.iter().flat_map(|by| by[transport]).sum() };
    let by_code = RCODES.iter().enumerate().filter_map(|(place, code)| {
        let number: u64 = counts.replies.iter().flatten().map(|by_code| by_code[place]).sum();
        (number > 0).then(|| format!("{} {number}", word(*code)))
    });
    let by_code: Vec<String> = by_code.collect();
    let [fast, slow, upstream] = counts.paths;
    let (_, lost) = log.seen_and_lost();
    let step = world.history.step_of(world.revision()).map_or("-", |step| &step.name);
    [
        format!(
            "statistics: up for {} s, serving step {step}, revision {}",
            log.begun().elapsed().as_secs(),
            world.revision()
        ),
        format!("  replies: {} over UDP, {} over TCP; {}", replies(0), replies(1), by_code.join(", ")),
        format!(
            "  made by: fast path {fast}, full decision {slow}, upstream {upstream}; {} truncated",
            counts.truncated
        ),
        format!("  without a reply: {} over UDP, {} over TCP", counts.silent[0], counts.silent[1]),
        format!(
            "  lost: {lost} queries overwritten before a client read them, {} left out of the log, {} lines not written",
            log.unlogged.load(Ordering::Relaxed),
            unwritten()
        ),
    ]
    .join("\n")
}

fn answered(log: &QueryLog, counts: &Counts) -> [Family; 5] {
    let labels = log.labels();
    let mut replies = Vec::new();
    for (view, by_transport) in labels.iter().zip(&counts.replies) {
        for (transport, by_code) in Transport::ALL.iter().zip(by_transport) {
            for (code, number) in RCODES.iter().zip(by_code).filter(|(_, number)| **number > 0) {
                let labels = vec![
                    ("view", view.to_string()),
                    ("transport", transport.name().to_owned()),
                    ("rcode", word(*code)),
                ];
                replies.push((labels, *number as f64));
            }
        }
    }
    let transports = Transport::ALL.map(|transport| transport.name().to_owned()).into_iter();
    let paths = [Path::Fast, Path::Slow, Path::Upstream].map(|path| path.word().to_owned()).into_iter();
    [
        Family {
            values: replies,
            ..Family::counter("ampls_dns_replies_total", "Replies by view, transport and response code.", 0)
        },
        Family::by_label(
            "ampls_dns_silence_total",
            "Messages that got no reply, by transport.",
            true,
            "transport",
            transports.zip(counts.silent),
        ),
        Family::counter(
            "ampls_dns_truncated_total",
            "Truncated replies: their clients ask again over TCP.",
            counts.truncated,
        ),
        Family::by_label(
            "ampls_dns_replies_by_path_total",
            "Replies by how the server made them: from the fast path, by a full decision, or with the reply of an upstream.",
            true,
            "path",
            paths.zip(counts.paths),
        ),
        Family::by_label(
            "ampls_dns_upstream_replies_total",
            "Replies that needed an upstream, by response code; SERVFAIL also if no upstream replied.",
            true,
            "rcode",
            RCODES.map(word).into_iter().zip(counts.upstream),
        ),
    ]
}

/// The word of a code as a label.
fn word(code: Option<Rcode>) -> String {
    code.map_or_else(|| "other".to_owned(), |code| code.to_string())
}

fn durations(counts: &Counts) -> MetricFamily {
    let mut below = 0;
    let buckets = BOUNDS.iter().zip(counts.latencies).map(|(bound, number)| {
        below += number;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound.as_secs_f64());
        bucket.set_cumulative_count(below);
        bucket
    });
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(counts.latencies.iter().sum());
    histogram.set_sample_sum(counts.latency.as_secs_f64());
    let mut metric = Metric::from_label(Vec::new());
    metric.set_histogram(histogram);
    let mut family = MetricFamily::default();
    family.set_name("ampls_dns_reply_duration_seconds".to_owned());
    family.set_help("Time from reading a batch of queries until all its replies are ready.".to_owned());
    family.set_field_type(MetricType::HISTOGRAM);
    family.set_metric(vec![metric]);
    family
}

fn published(world: &Compiled) -> Vec<Family> {
    let state = &world.state;
    let step = world.history.step_of(world.revision()).map_or("", |step| &step.name);
    let private = state.zones.values().map(|linked| linked.zone.len() as u64).sum();
    let files = world.state.files.zones();
    let (of_files, records) = (files.len() as u64, files.iter().map(|zone| zone.packed().records() as u64).sum());
    let kinds = || ["private", "file"].map(str::to_owned).into_iter();
    vec![
        Family::gauge("ampls_dns_revision", "The current revision.", f64::from(world.revision().0)),
        Family {
            values: vec![(vec![("step", step.to_owned())], 1.0)],
            ..Family::gauge("ampls_dns_step_info", "The step of the current revision; empty before the first.", 1.0)
        },
        Family::gauge("ampls_dns_networks", "Networks of the estate.", state.networks.len() as f64),
        Family::by_label(
            "ampls_dns_zones",
            "Zones: private zones of the estate, and zones from files.",
            false,
            "kind",
            kinds().zip([state.zones.len() as u64, of_files]),
        ),
        Family::by_label(
            "ampls_dns_record_sets",
            "Record sets of private zones, and records of zone files.",
            false,
            "kind",
            kinds().zip([private, records]),
        ),
    ]
}

/// When the server was started, under the name Prometheus has for processes.
fn start_time(begun: Instant) -> Family {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let at = since_epoch.saturating_sub(begun.elapsed());
    Family::gauge("process_start_time_seconds", "When the server was started, in seconds since 1970.", at.as_secs_f64())
}

fn proto(family: Family) -> MetricFamily {
    let Family { name, help, counts, values } = family;
    let metrics = values.into_iter().map(|(labels, value)| {
        let pairs = labels.into_iter().map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name(name.to_owned());
            pair.set_value(value);
            pair
        });
        let mut metric = Metric::from_label(pairs.collect());
        if counts {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        metric
    });
    let mut proto = MetricFamily::default();
    proto.set_name(name.to_owned());
    proto.set_help(help.to_owned());
    proto.set_field_type(if counts { MetricType::COUNTER } else { MetricType::GAUGE });
    proto.set_metric(metrics.collect());
    proto
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::sample::estate;
    use crate::dns::RecordType;
    use crate::server::observe::tests::Scene;

    #[test]
    fn the_text_has_help_type_and_value_of_everything() {
        let scene = Scene::new(2);
        for _ in 0..3 {
            scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A);
        }
        scene.ask("203.0.113.5", "nobody.example", RecordType::A);
        scene.log.kept();
        let world = Arc::new(estate([10, 0, 1, 9].into()));
        let reloads = Family::by_label(
            "ampls_dns_reloads_total",
            "Reloads.",
            true,
            "outcome",
            [("done".to_owned(), 2), ("failed".to_owned(), 1)],
        );
        let text = text(&scene.log, &Faults::default(), &world, vec![reloads]);
        for line in [
            "# TYPE ampls_dns_replies_total counter",
            r#"ampls_dns_replies_total{rcode="NOERROR",transport="udp",view="vnet1"} 3"#,
            r#"ampls_dns_replies_total{rcode="NXDOMAIN",transport="udp",view="public"} 1"#,
            r#"ampls_dns_silence_total{transport="tcp"} 0"#,
            r#"ampls_dns_replies_by_path_total{path="fast"} 4"#,
            "# TYPE ampls_dns_reply_duration_seconds histogram",
            r#"ampls_dns_reply_duration_seconds_bucket{le="+Inf"} 4"#,
            "ampls_dns_reply_duration_seconds_count 4",
            "ampls_dns_queries_lost_total 2",
            r#"ampls_dns_reloads_total{outcome="failed"} 1"#,
        ] {
            let found = text.lines().any(|own| own == line);
            assert!(found || sorted(&text).contains(&sorted(line)), "{line}\n{text}");
        }
        assert!(!text.contains("nobody"), "names asked for are no label");
    }

    /// Labels in alphabetical order, so that theirs does not matter.
    fn sorted(text: &str) -> String {
        let line = |line: &str| match line.split_once('{').and_then(|(name, rest)| Some((name, rest.split_once('}')?)))
        {
            Some((name, (labels, value))) => {
                let mut labels: Vec<_> = labels.split(',').collect();
                labels.sort_unstable();
                format!("{name}{{{}}}{value}", labels.join(","))
            }
            None => line.to_owned(),
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}
