//! Notifies systemd of what the server does, where systemd started it with `Type=notify`.
//!
//! Elsewhere there is no `NOTIFY_SOCKET` in the environment, and nothing is sent.

/// What the server is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase<'s> {
    /// Queries are answered; with one line about what is served.
    Ready(&'s str),
    /// The scenario is read again. [`Phase::Ready`] follows.
    Reloading,
    /// It was asked to end.
    Stopping,
}

/// Notifies it. A manager that cannot be reached is logged: the server answers all the same.
#[cfg(target_os = "linux")]
pub fn tell(phase: Phase<'_>) {
    use sd_notify::NotifyState;
    let told = match phase {
        Phase::Ready(status) => sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(status)]),
        Phase::Reloading => {
            NotifyState::monotonic_usec_now().and_then(|now| sd_notify::notify(&[NotifyState::Reloading, now]))
        }
        Phase::Stopping => sd_notify::notify(&[NotifyState::Stopping]),
    };
    if let Err(error) = told {
        tracing::warn!(%error, ?phase, "the service manager cannot be notified");
    }
}

/// There is no systemd elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn tell(_: Phase<'_>) {}
