//! The server as a fixture: the real one, on free ports of loopback, for tests of other programs.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use super::control::{
    Appended, BuiltOn, Control, ControlError, Description, EstateSource, Loaded, Origin, OriginError,
};
use super::{Running, Settings, StartError, plan, start};
use crate::compile::ViewId;
use crate::dns::{NameError, OwnerName, RecordType};
use crate::estate::Event;
use crate::resolve::explain::{Chosen, Explanation};
use crate::resolve::{Question, explain};
use crate::scenario::{Scenario, ScenarioErrors, builtin};

/// A server on ports of its own. It answers when [`Builder::start`] returns, and stops when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ampls_dns::Emulator;
///
/// let emulator = Emulator::builder().scenario("two-scopes-one-dns").at("first-scope").start().await?;
/// let vnet1 = emulator.address_of("vnet1").expect("the scenario has that network");
/// // Point the program under test at `vnet1`: UDP and TCP have the same port.
/// assert!(vnet1.ip().is_loopback());
///
/// let why = emulator.explain("vnet1", "api.monitor.azure.com")?;
/// assert!(why.statements.iter().any(|statement| statement.to_string().contains("10.0.1.9")));
///
/// emulator.go_to("second-scope")?;
/// let why = emulator.explain("vnet1", "api.monitor.azure.com")?;
/// assert!(why.statements.iter().any(|statement| statement.to_string().contains("cannot be reached")));
///
/// // What a test changes, the next one need not see.
/// emulator.apply("- deletePrivateEndpoint: pe2")?;
/// emulator.reset();
/// let why = emulator.explain("vnet1", "api.monitor.azure.com")?;
/// assert!(why.statements.iter().any(|statement| statement.to_string().contains("10.0.1.9")));
/// # Ok(())
/// # }
/// ```
///
/// Emulators share nothing: hundreds of them can live in one process, each with a thread and, for each network and the
/// public view, two sockets.
#[derive(Debug)]
pub struct Emulator {
    running: Running,
    control: Control,
}

/// A scenario that is text.
struct Text {
    name: String,
    text: String,
    at: Option<String>,
}

impl Text {
    fn read(&self) -> Result<Loaded, ScenarioErrors> {
        let scenario = Scenario::read(&self.name, self.text.as_bytes())?;
        let description = Description::of(&scenario);
        let Scenario { title, history, start, allow, .. } = scenario;
        let start = self.at.clone().or(start);
        let (history, allow) = (Arc::new(history), allow.into());
        Ok(Loaded { title, description, history, start, allow, files: Arc::default(), files_only: false })
    }
}

impl EstateSource for Text {
    fn name(&self) -> &str {
        &self.name
    }

    fn load(&self) -> Result<Loaded, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.read()?)
    }

    fn paths(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// Why an [`Emulator`] cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// No built-in scenario of that name.
    #[error("there is no built-in scenario `{0}`")]
    NoScenario(String),
    /// The text is not a scenario.
    #[error("{0}")]
    Scenario(#[from] ScenarioErrors),
    /// What the scenario says cannot be served, such as a step it shall begin at and does not have.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// Nothing was changed.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// No such network.
    #[error("the estate has no network `{0}` at this step")]
    NoNetwork(String),
    /// No name.
    #[error("`{0}` is not a valid domain name: {1}")]
    BadName(String, NameError),
    /// The server cannot start.
    #[error("the server cannot start")]
    Start(#[from] StartError),
}

/// What an [`Emulator`] is to serve.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    scenario: Option<String>,
    text: Option<String>,
    at: Option<String>,
}

impl Builder {
    /// A built-in scenario by name; *two scopes, one DNS* without it.
    #[must_use]
    pub fn scenario(mut self, name: &str) -> Self {
        self.scenario = Some(name.to_owned());
        self
    }

    /// A scenario as YAML or JSON text, in the place of a built-in one.
    #[must_use]
    pub fn scenario_text(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }

    /// The step to start at; the scenario's start without it.
    #[must_use]
    pub fn at(mut self, step: &str) -> Self {
        self.at = Some(step.to_owned());
        self
    }

    /// Starts the server: the public view and each network on free ports of 127.0.0.1, UDP and TCP on the same number.
    ///
    /// # Errors
    /// [`EmulatorError`] says what cannot be read or had.
    pub async fn start(self) -> Result<Emulator, EmulatorError> {
        let name = self.scenario.unwrap_or_else(|| "two-scopes-one-dns".to_owned());
        let at = self.at;
        let source = match self.text {
            Some(text) => Text { name: "<text>".to_owned(), text, at },
            None => match builtin::text(&name) {
                Some(text) => Text { name, text: text.to_owned(), at },
                None => return Err(EmulatorError::NoScenario(name)),
            },
        };
        let origin = Origin::new(source.read()?)?;
        let world = Arc::clone(origin.world());
        let listeners = plan(&world, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).listeners;
        let running = start(Settings { listeners, ..Settings::default() }, world)?;
        let control = Control::new(Arc::clone(running.service()), Box::new(source), origin);
        Ok(Emulator { running, control })
    }
}

impl Emulator {
    /// Begins to say what is to be served.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where clients of a network ask; absent if the network has no listener.
    pub fn address_of(&self, network: &str) -> Option<SocketAddr> {
        self.running.address_of(Some(network))
    }

    /// Where clients outside every network ask.
    pub fn public_address(&self) -> SocketAddr {
        self.running.address_of(None).expect("the plan begins with the public view")
    }

    /// Moves to another step. When this returns, every query that arrives is answered from it.
    ///
    /// # Errors
    /// [`ControlError::NoStep`].
    pub fn go_to(&self, step: &str) -> Result<(), EmulatorError> {
        self.control.go_to(step)?;
        Ok(())
    }

    /// Lets events happen after where the estate is, in the form of a scenario's step or as a list of events.
    ///
    /// # Errors
    /// [`ControlError::Events`] says what is wrong with the text, and where.
    pub fn apply(&self, events: &str) -> Result<Appended, EmulatorError> {
        let built_on = BuiltOn { revision: None, generation: Some(self.control.position().generation) };
        Ok(self.control.append("<events>", events.as_bytes(), built_on)?)
    }

    /// The same with events as values.
    ///
    /// # Errors
    /// [`ControlError::Mistakes`] names the events that refer to what does not exist.
    pub fn apply_events(&self, events: Vec<Event>) -> Result<Appended, EmulatorError> {
        let built_on = BuiltOn { revision: None, generation: Some(self.control.position().generation) };
        Ok(self.control.append_events(events, built_on)?)
    }

    /// Goes back to the step the emulator was started at, as if nothing had happened since. This takes less than a test
    /// notices: nothing is read or compiled again.
    pub fn reset(&self) {
        self.control.reset();
    }

    /// The writer: steps one by one, snapshots, and what is served now.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Why a network gets the addresses it gets for a name.
    ///
    /// # Errors
    /// [`EmulatorError::NoNetwork`] or [`EmulatorError::BadName`].
    pub fn explain(&self, network: &str, name: &str) -> Result<Explanation, EmulatorError> {
        let world = self.running.world();
        let view = match world.views.of_network(network) {
            Some(view) => view,
            None if network == "public" => ViewId::PUBLIC,
            None => return Err(EmulatorError::NoNetwork(network.to_owned())),
        };
        let name = OwnerName::parse(name).map_err(|error| EmulatorError::BadName(name.to_owned(), error))?;
        Ok(explain(&world, view, Chosen::Listener, &Question { name, kind: RecordType::A }))
    }

    /// Ends the server and waits until its sockets are closed.
    pub async fn shutdown(self) {
        self.running.shutdown().await;
    }
}
