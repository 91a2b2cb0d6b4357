//! The client of the admin API: one request, one answer, over HTTP without TLS.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{Response, StatusCode};

/// How long a request may take.
const TIME: Duration = Duration::from_secs(60);
/// The maximum size of an answer, in bytes.
const MAX_OCTETS: u64 = 256 << 20;

/// The start of every URL of a server, without a final slash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerUrl(String);

impl From<SocketAddr> for ServerUrl {
    fn from(address: SocketAddr) -> Self {
        Self(format!("http://{address}"))
    }
}

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Err("the admin server is off; pass the address of a running one".to_owned());
        }
        if text.starts_with("https://") {
            return Err("the admin server has no TLS; write http://".to_owned());
        }
        let rest = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
        // The address `serve` listens on is accepted too: both read it from the same variable.
        if let Ok(mut address) = rest.parse::<SocketAddr>() {
            address.set_ip(reachable(address.ip()));
            return Ok(Self::from(address));
        }
        match rest.parse::<ureq::http::uri::Authority>() {
            Ok(authority) if authority.port_u16().is_some() => Ok(Self(format!("http://{authority}"))),
            _ => Err("write http://HOST:PORT or ADDRESS:PORT, such as 127.0.0.1:5299".to_owned()),
        }
    }
}

/// The address itself, or loopback for one that represents all of this machine.
pub fn reachable(address: std::net::IpAddr) -> std::net::IpAddr {
    match address {
        std::net::IpAddr::V4(own) if own.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(own) if own.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

/// Why a running server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nothing answers.
    #[error(
        "no server answers at {url}\nhelp: `ampls-dns serve` prints its admin address when it starts; pass it with --admin"
    )]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        #[source]
        error: Box<ureq::Error>,
    },
    /// Something else answers.
    #[error("unexpected response from {url}: {what}")]
    Foreign {
        /// Where.
        url: String,
        /// What is wrong with it.
        what: String,
    },
    /// It refused.
    #[error("{}", refusal(.0))]
    Refused(Problem),
}

/// A problem document as a client reads it.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    status: u16,
    detail: String,
    #[serde(default)]
    errors: Vec<TextError>,
    /// What the errors are in.
    #[serde(skip)]
    file: String,
}

#[derive(Debug, Clone, serde::Deserialize)]
struct TextError {
    detail: String,
    line: u32,
    column: u32,
    hint: Option<String>,
}

impl Problem {
    /// True if the request conflicts with what is served now.
    pub fn is_conflict(&self) -> bool {
        self.status == StatusCode::CONFLICT.as_u16()
    }

    /// True if what was asked for does not exist.
    pub fn is_missing(&self) -> bool {
        self.status == StatusCode::NOT_FOUND.as_u16()
    }

    /// The problem with the name of the file its errors are in.
    pub fn in_file(mut self, file: &str) -> Self {
        file.clone_into(&mut self.file);
        self
    }
}

fn refusal(problem: &Problem) -> String {
    if problem.errors.is_empty() {
        return problem.detail.clone();
    }
    let listed = problem.errors.iter().map(|error| {
        let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("\nhelp: {hint}"));
        format!("error: {}\n --> {}:{}:{}{hint}", error.detail, problem.file, error.line, error.column)
    });
    listed.collect::<Vec<_>>().join("\n\n")
}

/// A client of one running server.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    authorization: Option<String>,
}

impl Client {
    /// A client of the server at `url`, with its token.
    pub fn new(url: &ServerUrl, token: Option<&str>) -> Self {
        // A proxy of the environment is for the Internet, and a redirect could take the token elsewhere.
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(TIME))
            .user_agent(concat!("ampls-dns/", env!("CARGO_PKG_VERSION")));
        let authorization = token.map(|token| format!("Bearer {token}"));
        Self { agent: config.build().new_agent(), url: url.0.clone(), authorization }
    }

    /// Gets a document.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get(&self, path: &str) -> Result<Value, ClientError> {
        let mut request = self.agent.get(self.at(path));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        self.read(request.call())
    }

    /// Sends a body.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn post(&self, path: &str, kind: &str, body: &[u8]) -> Result<Value, ClientError> {
        let mut request = self.agent.post(self.at(path)).header("Content-Type", kind);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        self.read(request.send(body))
    }

    /// Deletes what is at a path; an answer without a body is null.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn delete(&self, path: &str) -> Result<Value, ClientError> {
        let mut request = self.agent.delete(self.at(path));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        self.read(request.call())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn read(&self, answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<Value, ClientError> {
        let foreign = |what: String| ClientError::Foreign { url: self.url.clone(), what };
        let unreachable = |error| ClientError::Unreachable { url: self.url.clone(), error: Box::new(error) };
        let mut answer = answer.map_err(unreachable)?;
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(MAX_OCTETS).read_to_vec();
        let text = text.map_err(|error| foreign(error.to_string()))?;
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        if status.is_success() {
            return serde_json::from_slice(&text).map_err(|error| foreign(error.to_string()));
        }
        let problem: Problem = serde_json::from_slice(&text).map_err(|_| foreign(format!("HTTP {status}")))?;
        Err(ClientError::Refused(problem))
    }
}
