//! The admin server: what is served, why, and the ways to change it, over HTTP.
//!
//! [`start`] binds one address and gives it a thread of its own, so that nothing asked here slows an answer. Every request
//! passes the [`guard`] first. Each group of routes is a file with a function `routes`; the OpenAPI document is made from
//! the same handlers. What goes wrong is a [`Problem`] and changes nothing.

pub mod guard;
pub mod problem;

mod ask;
mod assessed;
mod changes;
mod diff;
mod documents;
mod estate;
mod faults;
mod health;
mod metrics;
mod page;
mod queries;
mod records;

mod server;
mod snapshots;
mod state;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::routing::get;
use serde_json::Value;
use tokio::sync::watch;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

pub use guard::{AllowedHost, Guard, Token, TokenError};
pub use problem::Problem;
pub use queries::QueriesDocument;

use super::control::Control;
use crate::scenario::{Addition, MAX_REQUEST_OCTETS, Scenario};

/// Where the admin server listens if nothing else is said.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5299);
/// The most bytes of a request's body.
pub const MAX_BODY_OCTETS: usize = MAX_REQUEST_OCTETS;

/// What every handler has.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where what is served is read and changed.
    pub control: Arc<Control>,
    draining: Arc<AtomicBool>,
    story: page::Kept,
    assessed: assessed::Assessed,
}

impl Admin {
    /// An admin of what `control` writes.
    pub fn new(control: Arc<Control>) -> Self {
        Self {
            control,
            draining: Arc::default(),
            story: page::Kept::default(),
            assessed: assessed::Assessed::default(),
        }
    }

    /// Says that the server is shutting down: `/readyz` fails from now on.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// True once the server is shutting down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// Why the admin server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The address is in use.
    #[error(
        "port {} of {} is already in use; choose another address for the admin server with `--admin`, or `--admin off`",
        .0.port(), .0.ip()
    )]
    Taken(SocketAddr),
    /// The address cannot be had.
    #[error("the admin server cannot listen at {address}; choose another address with `--admin`, or `--admin off`")]
    Unusable {
        /// What was wanted.
        address: SocketAddr,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// Other machines could change what is served.
    #[error(
        "other machines can reach the admin server at {0}, so it needs a token; pass a token file with `--admin-token-file`, or listen at 127.0.0.1"
    )]
    NoToken(SocketAddr),
    /// It has no thread.
    #[error("failed to start the admin thread")]
    Thread(#[source] io::Error),
}

/// An admin server that answers. It stops when it is dropped.
#[derive(Debug)]
pub struct AdminServer {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl AdminServer {
    /// Where it listens, with the port it really has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for AdminServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the admin server panicked");
        }
    }
}

/// Whether an admin server may listen at `address`: where other machines reach it, only with a token.
///
/// # Errors
/// [`AdminError::NoToken`].
pub fn permit(address: SocketAddr, guard: &Guard) -> Result<(), AdminError> {
    match address.ip().to_canonical().is_loopback() || guard.has_token() {
        true => Ok(()),
        false => Err(AdminError::NoToken(address)),
    }
}

/// Starts an admin server at `address`. Requests are answered from the moment this returns.
///
/// # Errors
/// [`AdminError`]; then there is none.
pub fn start(address: SocketAddr, guard: Guard, admin: Admin) -> Result<AdminServer, AdminError> {
    permit(address, &guard)?;
    let listener = std::net::TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    let (listener, address) = listener.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => AdminError::Taken(address),
        _ => AdminError::Unusable { address, error },
    })?;
    let (stop, stopped) = watch::channel(false);
    let service = service(guard, admin);
    let thread = super::on_a_thread("admin", move |tasks| {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tasks.push(Box::pin(server::serve(listener, service, stopped)));
        Ok(())
    });
    let thread = thread.map_err(|error| match error {
        super::StartError::Thread(error) => AdminError::Thread(error),
        other => AdminError::Thread(io::Error::other(other)),
    })?;
    tracing::info!(%address, "admin server listening");
    Ok(AdminServer { address, stop, thread: Some(thread) })
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ampls-dns admin API",
        description = "Shows and changes what a running ampls-dns serves, and explains its answers. Errors are problem documents (RFC 9457). \
                       When the server has a token, every path requires it except /livez and /readyz.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem)),
    security(("token" = []), ("password" = []), ()),
    modifiers(&Credentials)
)]
struct Document;

/// The ways to show the token.
struct Credentials;

impl utoipa::Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components.add_security_scheme("password", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)));
    }
}

/// All routes with their description. Each group is in a file of its own.
fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(health::routes())
        .merge(state::routes())
        .merge(records::routes())
        .merge(estate::routes())
        .merge(diff::routes())
        .merge(changes::routes())
        .merge(snapshots::routes())
        .merge(page::routes())
        .merge(queries::routes())
        .merge(faults::routes())
        .merge(metrics::routes())
}

/// The document that describes them.
fn document() -> Value {
    let mut document = serde_json::to_value(routes().into_openapi()).expect("the document has string keys only");
    documents::describe(&mut document);
    describe_written_form(&mut document, "Events", Addition::schema());
    describe_written_form(&mut document, "ScenarioFile", Scenario::schema());
    describe_refusals(&mut document);
    document
}

/// The document as it is sent. It takes more memory to make than all the rest of a small server, and few ask for it.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());

/// The routes, and the one that shows the document.
fn router() -> Router<Admin> {
    let told = async || ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str());
    Router::from(routes())
        .route("/openapi.json", get(told))
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
}

/// The schema of a scenario's written form, which is made elsewhere, with the document's references.
fn describe_written_form(document: &mut Value, name: &str, mut schema: Value) {
    const DEFINITIONS: &str = "#/$defs/";
    const COMPONENTS: &str = "#/components/schemas/";
    fn move_references(schema: &mut Value) {
        match schema {
            Value::Object(object) => {
                for (key, value) in object.iter_mut() {
                    match value {
                        Value::String(target) if key == "$ref" => {
                            *target = target.replace(DEFINITIONS, COMPONENTS);
                        }
                        other => move_references(other),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(move_references),
            _ => {}
        }
    }
    move_references(&mut schema);
    let Some(own) = schema.as_object_mut() else { return };
    own.shift_remove("$schema");
    own.shift_remove("$id");
    let definitions = own.shift_remove("$defs");
    let Some(components) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    if let Some(Value::Object(definitions)) = definitions {
        components.extend(definitions);
    }
    components.insert(name.to_owned(), schema);
}

/// What any request may meet before its handler sees it.
fn describe_refusals(document: &mut Value) {
    let paths = document.pointer_mut("/paths").and_then(Value::as_object_mut);
    for (path, methods) in paths.into_iter().flatten() {
        for operation in methods.as_object_mut().into_iter().flat_map(|methods| methods.values_mut()) {
            let (body, query) = (operation.get("requestBody").is_some(), operation.get("parameters").is_some());
            let Some(responses) = operation.pointer_mut("/responses").and_then(Value::as_object_mut) else { continue };
            for (status, when, meaning) in [
                ("400", true, "The request is invalid."),
                ("401", !guard::OPEN.contains(&path.as_str()), "The token is missing."),
                ("403", true, "The request comes from a page of another origin."),
                ("408", body, "The body did not arrive in time."),
                ("413", body, "The body is too large."),
                ("415", body, "The request body has an unsupported type."),
                ("421", true, "The Host header has an unknown host name."),
                ("500", query || body, "An error of the server; see its log."),
                ("503", true, "The request took too long."),
            ] {
                if when && !responses.contains_key(status) {
                    let schema = serde_json::json!({ "$ref": "#/components/schemas/Problem" });
                    let content = serde_json::json!({ "application/problem+json": { "schema": schema } });
                    responses
                        .insert(status.to_owned(), serde_json::json!({ "description": meaning, "content": content }));
                }
            }
        }
    }
}

/// The whole of it: routes, guard, bounds.
fn service(guard: Guard, admin: Admin) -> Router {
    router()
        .layer(DefaultBodyLimit::max(MAX_BODY_OCTETS))
        .layer(axum::middleware::from_fn(problem::bounded_in_time))
        .layer(axum::middleware::from_fn_with_state(Arc::new(guard), guard::check))
        .with_state(admin)
}
