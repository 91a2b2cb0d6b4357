//! Who may ask: the Host and Origin a request names, and the token it shows.
//!
//! A page from elsewhere, opened in a browser on this machine, can send requests to loopback. It cannot choose their Host
//! freely: a name that leads here by DNS rebinding is neither an address nor an allowed name. And where it asks for changes,
//! the browser names its Origin, which is not ours.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use subtle::ConstantTimeEq as _;

use super::Problem;

/// The fewest bytes of a token.
pub const MIN_TOKEN_OCTETS: usize = 16;
/// The most bytes of a token.
pub const MAX_TOKEN_OCTETS: usize = 4096;
/// What is answered without a token.
pub(super) const OPEN: [&str; 2] = ["/livez", "/readyz"];

/// The secret that a client must send.
#[derive(Clone)]
pub struct Token(Vec<u8>);

/// A text that is not a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenError {
    /// It is too short to be a secret.
    #[error("it has {0} bytes, and a token needs at least {MIN_TOKEN_OCTETS}; `openssl rand -hex 32` makes one")]
    Short(usize),
    /// It is too long for a header.
    #[error("it has more than {MAX_TOKEN_OCTETS} bytes")]
    Long,
    /// It cannot be in a header.
    #[error("it has blanks, or characters that are not printable ASCII")]
    Characters,
}

impl Token {
    /// The token in a file's text; blanks and line ends around it do not count.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn read(text: &[u8]) -> Result<Self, TokenError> {
        let text = text.trim_ascii();
        match text.len() {
            short if short < MIN_TOKEN_OCTETS => Err(TokenError::Short(short)),
            long if long > MAX_TOKEN_OCTETS => Err(TokenError::Long),
            _ if !text.iter().all(u8::is_ascii_graphic) => Err(TokenError::Characters),
            _ => Ok(Self(text.to_vec())),
        }
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a token is ASCII")
    }

    fn is(&self, given: &[u8]) -> bool {
        self.0.ct_eq(given).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A name that may be in the Host of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AllowedHost(String);

/// A text that is not a host name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a host name; write it without scheme and port, such as dns.lab.example")]
pub struct NoHost(String);

impl FromStr for AllowedHost {
    type Err = NoHost;

    fn from_str(text: &str) -> Result<Self, NoHost> {
        let fine = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
        let name = text.trim_end_matches('.');
        match !name.is_empty() && name.len() <= 253 && name.bytes().all(fine) {
            true => Ok(Self(name.to_ascii_lowercase())),
            false => Err(NoHost(text.to_owned())),
        }
    }
}

/// What a request must have.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Absent if no token is required.
    token: Option<Token>,
    /// Besides addresses and `localhost`.
    hosts: Vec<AllowedHost>,
}

impl Guard {
    /// Lets requests in that show the token, if there is one, and whose Host is an address, `localhost` or one of these.
    pub fn new(token: Option<Token>, hosts: Vec<AllowedHost>) -> Self {
        Self { token, hosts }
    }

    /// True if a token is required.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    fn refuse(&self, request: &Request) -> Option<Response> {
        let headers = request.headers();
        let host = match single(headers, header::HOST) {
            Ok(Some(host)) => host,
            Ok(None) => return Some(Problem::bad("the request has no Host header").into_response()),
            Err(Twice) => return Some(Problem::bad("the request has several Host headers").into_response()),
        };
        if !self.is_own(host) {
            let detail = format!(
                "unknown host name {:?}; use the address of the server, or start it with `--admin-host` and that name",
                shown(host)
            );
            return Some(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail).into_response());
        }
        if !is_from_here(headers, host, request.method()) {
            let detail = "requests from pages of another origin are refused";
            return Some(Problem::new(StatusCode::FORBIDDEN, detail).into_response());
        }
        if self.token.is_some() && !OPEN.contains(&request.uri().path()) && !self.is_shown(headers) {
            let detail =
                "missing token: send `Authorization: Bearer TOKEN`, or send the token as the password of any user name";
            let problem = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
            // Browsers ask for the password only at the second one.
            let challenges = [
                (header::WWW_AUTHENTICATE, "Bearer realm=\"ampls-dns\""),
                (header::WWW_AUTHENTICATE, "Basic realm=\"ampls-dns\", charset=\"UTF-8\""),
            ];
            return Some((axum::response::AppendHeaders(challenges), problem).into_response());
        }
        None
    }

    fn is_own(&self, host: &str) -> bool {
        let Some(name) = name_of(host) else { return false };
        if name.parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        name == "localhost" || self.hosts.iter().any(|own| own.0 == name)
    }

    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let Ok(Some(value)) = single(headers, header::AUTHORIZATION) else { return false };
        let Some((scheme, given)) = value.split_once(' ') else { return false };
        let given = given.trim_start_matches(' ');
        if scheme.eq_ignore_ascii_case("bearer") {
            return token.is(given.as_bytes());
        }
        if scheme.eq_ignore_ascii_case("basic") {
            let Ok(pair) = base64::engine::general_purpose::STANDARD.decode(given) else { return false };
            let Some(colon) = pair.iter().position(|octet| *octet == b':') else { return false };
            return token.is(&pair[colon + 1..]);
        }
        false
    }
}

struct Twice;

/// The one value of a header.
fn single(headers: &HeaderMap, name: header::HeaderName) -> Result<Option<&str>, Twice> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Twice);
    }
    Ok(first.and_then(|value| value.to_str().ok()))
}

/// The host without its port and, for IPv6, without its brackets.
fn name_of(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, behind) = rest.split_once(']')?;
            name.parse::<std::net::Ipv6Addr>().ok()?;
            (name, behind.strip_prefix(':').unwrap_or(behind))
        }
        None => host.split_once(':').unwrap_or((host, "")),
    };
    (port.is_empty() || port.parse::<u16>().is_ok()).then_some(name)
}

/// False for requests that a page of another origin had a browser send.
fn is_from_here(headers: &HeaderMap, host: &str, method: &Method) -> bool {
    match single(headers, header::ORIGIN) {
        Err(Twice) => return false,
        Ok(Some(origin)) => {
            let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            return authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host));
        }
        Ok(None) if headers.contains_key(header::ORIGIN) => return false,
        Ok(None) => {}
    }
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    // A link from elsewhere to a page of ours is fine; what changes something is not.
    method.is_safe() || matches!(site, None | Some(b"same-origin" | b"none"))
}

fn shown(host: &str) -> String {
    host.chars().take(100).collect()
}

/// Lets a request through, or says why not.
pub(super) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = match guard.refuse(&request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    // Answers change, and no other page may embed them.
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(header::HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, header::HeaderValue::from_static("DENY"));
    response
}
