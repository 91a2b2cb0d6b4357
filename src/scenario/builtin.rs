//! The scenarios that come with the program, embedded from `zones/scenarios/`.

macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each, in order of names.
        const ALL: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../zones/scenarios/", $name, ".yaml")))),*];
    };
}

scenarios![
    "a-dot-in-the-place-of-a-dash",
    "a-zone-nobody-writes-to",
    "agent-config-without-data-collection-endpoint",
    "agent-resolves-publicly",
    "api-management-telemetry-lost",
    "application-insights-after-landing-zone",
    "approval",
    "azure-examples-override",
    "blob-zone-missing-from-zone-group",
    "browser-with-dns-of-its-own",
    "china",
    "data-collection-endpoint-not-copied",
    "delete-if-owner",
    "docs-01-one-private-link-for-many-resources",
    "docs-02-a-set-with-a-boundary",
    "docs-03-no-public-access-needed",
    "docs-04-only-authorised-networks",
    "docs-05-defined-resources-only",
    "docs-06-on-premises-through-the-connected-network",
    "docs-07-traffic-stays-on-the-backbone",
    "docs-08-addresses-from-the-networks-pool",
    "docs-09-no-unrequired-outbound-traffic",
    "docs-10-control-which-resources",
    "docs-11-control-which-networks",
    "docs-12-zones-map-the-endpoints",
    "docs-13-specific-and-shared-endpoints",
    "docs-14-one-resource-changes-dns-for-all",
    "docs-15-a-second-scope-overrides",
    "docs-16-application-insights-endpoints-are-shared",
    "docs-17-the-query-endpoint-is-global",
    "docs-18-all-queries-take-the-private-path",
    "docs-19-validation-is-not-for-all",
    "docs-20-outside-needs-open-and-public",
    "docs-21-workspace-endpoints-are-specific",
    "docs-22-other-workspaces-stay-public",
    "docs-23-data-collection-endpoints-are-specific",
    "docs-24-other-machines-are-not-affected",
    "docs-25-endpoint-compression",
    "docs-26-before-endpoint-compression",
    "docs-27-fewer-addresses-are-taken",
    "docs-28-three-hundred-workspaces",
    "docs-29-a-thousand-components",
    "docs-30-the-limit-before-compression",
    "docs-31-one-scope-for-networks-that-share-dns",
    "docs-32-one-global-dns-is-one-private-link",
    "docs-33-legacy-ingestion-is-denied-to-all-others",
    "docs-34-legacy-queries-are-open",
    "docs-35-legacy-too-strict-and-too-lenient",
    "docs-36-modes-for-ingestion-and-queries-apart",
    "docs-37-private-only-mode",
    "docs-38-open-mode",
    "docs-39-log-queries-follow-the-mode",
    "docs-40-log-ingestion-is-outside-the-modes",
    "docs-41-a-firewall-stops-foreign-log-ingestion",
    "docs-42-an-early-allow-rule-sends-publicly",
    "docs-43-sessions-outlive-a-deny-rule",
    "docs-44-a-reboot-takes-effect-at-once",
    "docs-45-cutting-sessions-is-enough",
    "empty-zone-landing-zone",
    "empty-zone-public-sector-template",
    "equal-client-prefixes",
    "fallback-to-internet",
    "first-endpoint-deleted",
    "forwarders-before-scope",
    "hub-and-spoke-custom-dns",
    "hub-and-spoke-shared-zone",
    "limits",
    "no-zone-group",
    "only-monitor-zone-linked",
    "own-dns-and-no-list-of-zones",
    "portal-in-a-browser-that-asks-first",
    "private-resolver",
    "query-name-public-workspace-name-private",
    "repair-of-a-zone-group",
    "scope-made-by-an-old-tool",
    "security-scanner-in-a-virtual-network",
    "setup-older-than-april-2021",
    "several-endpoints-of-one-scope-one-zone",
    "static-addresses",
    "subnet-too-small",
    "telemetry-through-another-scope",
    "terraform-and-the-five-zones",
    "two-scopes-in-one-network",
    "two-scopes-one-dns",
    "two-zones-of-one-name",
    "us-government",
];

/// The text of a built-in scenario.
pub fn text(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}

/// The names of the built-in scenarios.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}
