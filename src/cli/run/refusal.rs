//! Why the system does not let `run` create namespaces, and what to do instead.

/// What works everywhere.
const ALTERNATIVE: &str = "run it as root, or use `ampls-dns serve` and ask the port of the network, or `ampls-dns compose` \
                           for containers";

/// A step of creating the network that the system refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step}: {error}\n  because {}\nhelp: {}", .cause.text(), .cause.help())]
pub(super) struct Refused {
    /// What was to be done.
    pub(super) step: &'static str,
    /// What the system said.
    pub(super) error: std::io::Error,
    /// The setting that forbids it, as far as can be known.
    pub(super) cause: Cause,
}

/// What forbids namespaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cause {
    /// Debian's switch.
    UsernsClone,
    /// Ubuntu's restriction, from 23.10 on.
    AppArmor,
    /// The limit on user namespaces is zero.
    MaxUserNamespaces,
    /// The process is in a container.
    Container,
    /// None of the known settings explains it.
    Unknown,
}

impl Cause {
    /// The first known setting that forbids namespaces. `setting` reads a file below `/proc/sys`.
    pub(super) fn find(setting: impl Fn(&str) -> Option<String>, in_container: bool) -> Self {
        let is = |name: &str, value: &str| setting(name).is_some_and(|found| found.trim() == value);
        if is("kernel/unprivileged_userns_clone", "0") {
            Self::UsernsClone
        } else if is("user/max_user_namespaces", "0") {
            Self::MaxUserNamespaces
        } else if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
            Self::AppArmor
        } else if in_container {
            Self::Container
        } else {
            Self::Unknown
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::UsernsClone => "kernel.unprivileged_userns_clone is 0: only root may create user namespaces",
            Self::AppArmor => {
                "kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor restricts user namespaces (Ubuntu 23.10 and \
                 later)"
            }
            Self::MaxUserNamespaces => "user.max_user_namespaces is 0: no user namespaces can be created",
            Self::Container => "the seccomp profile or the capabilities of this container do not allow namespaces",
            Self::Unknown => {
                "the system does not allow it; none of kernel.unprivileged_userns_clone, user.max_user_namespaces and \
                 kernel.apparmor_restrict_unprivileged_userns explains why, so a seccomp profile or a security module may"
            }
        }
    }

    fn help(self) -> String {
        match self {
            Self::UsernsClone => {
                format!("`sudo sysctl kernel.unprivileged_userns_clone=1` allows it; else {ALTERNATIVE}")
            }
            Self::AppArmor => {
                format!("`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` allows it; else {ALTERNATIVE}")
            }
            Self::MaxUserNamespaces => {
                format!("`sudo sysctl user.max_user_namespaces=10000` allows it; else {ALTERNATIVE}")
            }
            Self::Container => {
                "start the container with `--cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt apparmor=unconfined`, or \
                 with `--security-opt seccomp=unconfined`; else use `ampls-dns serve` and ask the port of the network"
                    .to_owned()
            }
            Self::Unknown => ALTERNATIVE.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(settings: &[(&str, &str)], in_container: bool) -> Cause {
        let read = |name: &str| {
            let value = settings.iter().find(|(own, _)| *own == name);
            value.map(|(_, value)| format!("{value}\n"))
        };
        Cause::find(read, in_container)
    }

    #[test]
    fn the_setting_that_forbids_namespaces_is_named() {
        assert_eq!(found(&[("kernel/unprivileged_userns_clone", "0")], true), Cause::UsernsClone);
        assert_eq!(found(&[("user/max_user_namespaces", "0")], false), Cause::MaxUserNamespaces);
        let ubuntu = [("kernel/apparmor_restrict_unprivileged_userns", "1"), ("user/max_user_namespaces", "96551")];
        assert_eq!(found(&ubuntu, false), Cause::AppArmor);
        assert_eq!(found(&[("kernel/unprivileged_userns_clone", "1")], true), Cause::Container);
        assert_eq!(found(&[], false), Cause::Unknown);
    }

    #[test]
    fn each_cause_names_its_setting_and_a_way_out() {
        let error = |cause| {
            let error = std::io::Error::from_raw_os_error(1);
            Refused { step: "create the namespaces", error, cause }.to_string()
        };
        assert_eq!(
            error(Cause::AppArmor),
            "cannot create the namespaces: Operation not permitted (os error 1)\n  because \
             kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor restricts user namespaces (Ubuntu 23.10 and \
             later)\nhelp: `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` allows it; else run it as root, or \
             use `ampls-dns serve` and ask the port of the network, or `ampls-dns compose` for containers"
        );
        for cause in [Cause::UsernsClone, Cause::MaxUserNamespaces, Cause::Container, Cause::Unknown] {
            let text = error(cause);
            assert!(text.contains("ampls-dns serve") && text.contains("\nhelp: "), "{text}");
        }
    }
}
