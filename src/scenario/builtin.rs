//! The scenarios that come with the program, embedded from `zones/scenarios/`.

macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each, in order of names.
        const ALL: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../zones/scenarios/", $name, ".yaml")))),*];
    };
}

scenarios![
    "seed-01-one-private-link-for-many-resources",
    "seed-02-a-set-with-a-boundary",
    "seed-03-no-public-access-needed",
    "seed-04-only-authorised-networks",
    "seed-05-defined-resources-only",
    "seed-06-on-premises-through-the-connected-network",
    "seed-07-traffic-stays-on-the-backbone",
    "seed-08-addresses-from-the-networks-pool",
    "seed-09-no-unrequired-outbound-traffic",
    "seed-10-control-which-resources",
    "seed-11-control-which-networks",
    "seed-12-zones-map-the-endpoints",
    "seed-13-specific-and-shared-endpoints",
    "seed-14-one-resource-changes-dns-for-all",
    "seed-15-a-second-scope-overrides",
    "seed-16-application-insights-endpoints-are-shared",
    "seed-17-the-query-endpoint-is-global",
    "seed-18-all-queries-take-the-private-path",
    "seed-19-validation-is-not-for-all",
    "seed-20-outside-needs-open-and-public",
    "seed-21-workspace-endpoints-are-specific",
    "seed-22-other-workspaces-stay-public",
    "seed-23-data-collection-endpoints-are-specific",
    "seed-24-other-machines-are-not-affected",
    "seed-25-endpoint-compression",
    "seed-26-before-endpoint-compression",
    "seed-27-fewer-addresses-are-taken",
    "seed-28-three-hundred-workspaces",
    "seed-29-a-thousand-components",
    "seed-30-the-limit-before-compression",
    "seed-31-one-scope-for-networks-that-share-dns",
    "seed-32-one-global-dns-is-one-private-link",
    "seed-33-legacy-ingestion-is-denied-to-all-others",
    "seed-34-legacy-queries-are-open",
    "seed-35-legacy-too-strict-and-too-lenient",
    "seed-36-modes-for-ingestion-and-queries-apart",
    "seed-37-private-only-mode",
    "seed-38-open-mode",
    "seed-39-log-queries-follow-the-mode",
    "seed-40-log-ingestion-is-outside-the-modes",
    "seed-41-a-firewall-stops-foreign-log-ingestion",
    "seed-42-an-early-allow-rule-sends-publicly",
    "seed-43-sessions-outlive-a-deny-rule",
    "seed-44-a-reboot-takes-effect-at-once",
    "seed-45-cutting-sessions-is-enough",
    "two-scopes-one-dns",
];

/// The text of a built-in scenario.
pub fn text(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}

/// The names of the built-in scenarios.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}
