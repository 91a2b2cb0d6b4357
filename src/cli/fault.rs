//! `fault`: replies of a running server that go wrong on purpose.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value};

use super::client::ServerArguments;
use super::{FormatArguments, Outcome, Result, output};
use crate::output::{Format, json};

/// Make replies of a running server slow, wrong or silent
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  ampls-dns fault set rcode --rcode SERVFAIL --name '*.ods.opinsights.azure.com' --share 0.3\n  \
    ampls-dns fault set --delay 2000 --name api.monitor.azure.com --seconds 30\n  \
    ampls-dns fault list\n  ampls-dns fault clear"
)]
pub(super) struct FaultArguments {
    #[command(subcommand)]
    verb: FaultVerb,
}

#[derive(Subcommand, Debug)]
enum FaultVerb {
    /// Set a fault; without a name, type, network or transport it applies to all of them
    Set(SetArguments),
    /// List the faults that are set, and how many queries each has hit
    List {
        #[command(flatten)]
        server: ServerArguments,
        #[command(flatten)]
        format: FormatArguments,
    },
    /// Clear a fault, or all of them
    Clear {
        /// Number of the fault, as `fault list` prints it [default: all]
        number: Option<u32>,
        #[command(flatten)]
        server: ServerArguments,
        #[command(flatten)]
        format: FormatArguments,
    },
}

#[derive(Args, Debug)]
struct SetArguments {
    /// What happens to replies; without it they are only delayed
    #[arg(value_enum, required_unless_present = "delay")]
    effect: Option<EffectWord>,
    /// Response code of the effect `rcode` [default: SERVFAIL]
    #[arg(long, value_name = "CODE")]
    rcode: Option<String>,
    /// Delay of replies
    #[arg(long, value_name = "MILLISECONDS")]
    delay: Option<u64>,
    /// Name of the query; `*.azure.com` is every name below azure.com
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Type of the query
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Network the query comes from; `public` is outside all networks
    #[arg(long, value_name = "NETWORK")]
    network: Option<String>,
    /// Transport of the query
    #[arg(long, value_name = "udp|tcp")]
    transport: Option<String>,
    /// Share of the matching queries that are hit, from 0 to 1 [default: 1]
    #[arg(long, value_name = "SHARE")]
    share: Option<f64>,
    /// Seed of the random generator: the same seed hits the same queries [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How long the fault lasts [default: until it is cleared]
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    format: FormatArguments,
}

/// What happens to replies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum EffectWord {
    /// There is no reply.
    Drop,
    /// The reply has a response code and no records.
    Rcode,
    /// Replies over UDP are truncated: the client has to repeat the query over TCP.
    Truncate,
    /// The reply is the one of the revision before.
    Stale,
}

impl SetArguments {
    /// The body of the request.
    fn body(&self) -> Value {
        let effect = self.effect.map(|effect| match effect {
            EffectWord::Drop => "drop",
            EffectWord::Rcode => "rcode",
            EffectWord::Truncate => "truncate",
            EffectWord::Stale => "stale",
        });
        let fields: [(&str, Option<Value>); 10] = [
            ("effect", effect.map(Value::from)),
            ("rcode", self.rcode.clone().map(Value::from)),
            ("delayMilliseconds", self.delay.map(Value::from)),
            ("name", self.name.clone().map(Value::from)),
            ("type", self.kind.clone().map(Value::from)),
            ("network", self.network.clone().map(Value::from)),
            ("transport", self.transport.clone().map(Value::from)),
            ("share", self.share.map(Value::from)),
            ("seed", self.seed.map(Value::from)),
            ("seconds", self.seconds.map(Value::from)),
        ];
        let given = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Value::Object(given.collect::<Map<_, _>>())
    }
}

pub(super) fn run(arguments: &FaultArguments) -> Result {
    let (text, document, format) = match &arguments.verb {
        FaultVerb::Set(arguments) => {
            let body = arguments.body().to_string();
            let set = arguments.server.client()?.post("/v1/faults", "application/json", body.as_bytes())?;
            (line(&set), set, &arguments.format)
        }
        FaultVerb::List { server, format } => {
            let set = server.client()?.get("/v1/faults")?;
            let lines: String = set.as_array().into_iter().flatten().map(line).collect();
            let text = if lines.is_empty() { "no fault is set\n".to_owned() } else { lines };
            (text, set, format)
        }
        FaultVerb::Clear { number: Some(number), server, format } => {
            server.client()?.delete(&format!("/v1/faults/{number}"))?;
            (format!("fault {number} cleared\n"), serde_json::json!({ "cleared": 1 }), format)
        }
        FaultVerb::Clear { number: None, server, format } => {
            let cleared = server.client()?.delete("/v1/faults")?;
            (format!("{} cleared\n", cleared["cleared"]), cleared, format)
        }
    };
    output::print(&match format.format {
        Format::Text => text,
        Format::Json => json(&document),
    })?;
    Ok(Outcome::Done)
}

/// A fault on one line.
fn line(fault: &Value) -> String {
    let about = fault["about"].as_str().unwrap_or_default();
    let left = fault["secondsLeft"].as_f64().map_or_else(String::new, |left| format!("; {left:.0} s left"));
    format!("{}  {about}: {} of {} queries hit{left}\n", fault["number"], fault["hits"], fault["matched"])
}
