//! The table of output formats: which documents there are, and which formats each can be printed in.
//!
//! A row is a format of a document with its name on the command line, its media type and one sentence about it. The command
//! line and its help read this table; a new format is one row here and one arm in the document's `print`.

/// A format of one kind of document.
pub trait OutputFormat: Copy + Eq + Send + Sync + 'static {
    /// The document, as a noun: `findings`.
    const DOCUMENT: &'static str;
    /// The formats of the document; the first is the default.
    const ALL: &'static [Self];

    /// Its name on the command line.
    fn name(self) -> &'static str {
        self.syntax().name
    }

    /// Its media type.
    fn media_type(self) -> &'static str {
        self.syntax().media_type
    }

    /// The syntax it is written in.
    fn syntax(self) -> Syntax;

    /// What it is for, in a few words.
    fn about(self) -> &'static str;
}

/// What text is written in, regardless of the document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Syntax {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
}

const fn syntax(name: &'static str, media_type: &'static str) -> Syntax {
    Syntax { name, media_type }
}

const PLAIN: &str = "text/plain; charset=utf-8";
const TEXT: Syntax = syntax("text", PLAIN);
const JSON: Syntax = syntax("json", "application/json");
const YAML: Syntax = syntax("yaml", "application/yaml");
const SARIF: Syntax = syntax("sarif", "application/sarif+json");
const GITHUB: Syntax = syntax("github", PLAIN);
const JUNIT: Syntax = syntax("junit", "application/xml");
const TAP: Syntax = syntax("tap", PLAIN);
const MARKDOWN: Syntax = syntax("markdown", "text/markdown; charset=utf-8");
const SVG: Syntax = syntax("svg", "image/svg+xml");
const MERMAID: Syntax = syntax("mermaid", "text/vnd.mermaid");
const HTML: Syntax = syntax("html", "text/html; charset=utf-8");
const ZONE: Syntax = syntax("zone", "text/dns");
const AZURE: Syntax = syntax("azure", "text/dns");
/// `azure` of results is Azure Pipelines, as `github` is GitHub Actions; of an export it is Azure DNS.
const AZURE_PIPELINES: Syntax = syntax("azure", PLAIN);
const GITLAB: Syntax = syntax("gitlab", "application/json");
const HOSTS: Syntax = syntax("hosts", PLAIN);
const BIND: Syntax = syntax("bind", PLAIN);
const UNBOUND: Syntax = syntax("unbound", PLAIN);
const DNSMASQ: Syntax = syntax("dnsmasq", PLAIN);
const COREDNS: Syntax = syntax("coredns", PLAIN);
const KNOT: Syntax = syntax("knot", PLAIN);

/// Declares the formats of a document: a type with a variant per row.
macro_rules! formats {
    ($($(#[$attribute:meta])* $type:ident of $document:literal { $($variant:ident = $syntax:ident, $about:literal;)+ })+) => {
        $(
            $(#[$attribute])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
            pub enum $type {
                $(#[doc = $about] $variant,)+
            }

            impl OutputFormat for $type {
                const DOCUMENT: &'static str = $document;
                const ALL: &'static [Self] = &[$(Self::$variant,)+];

                fn syntax(self) -> Syntax {
                    match self {
                        $(Self::$variant => $syntax,)+
                    }
                }

                fn about(self) -> &'static str {
                    match self {
                        $(Self::$variant => $about,)+
                    }
                }
            }

            impl Default for $type {
                fn default() -> Self {
                    Self::ALL[0]
                }
            }
        )+

        /// Every row: the document, the name of the format and its media type.
        pub fn table() -> Vec<(&'static str, &'static str, &'static str)> {
            let mut rows = Vec::new();
            $(rows.extend($type::ALL.iter().map(|one| ($type::DOCUMENT, one.name(), one.media_type())));)+
            rows
        }
    };
}

formats! {
    /// Formats of answers, explanations, flows, lists and states.
    Format of "answers and lists" {
        Text = TEXT, "For people";
        Json = JSON, "For programs: one JSON document";
    }

    /// Formats of findings.
    CheckFormat of "findings" {
        Text = TEXT, "For people";
        Json = JSON, "For programs: one JSON document";
        Sarif = SARIF, "For code scanning: SARIF 2.1.0";
        Github = GITHUB, "Workflow commands: GitHub shows them beside the lines of the file";
        Azure = AZURE_PIPELINES, "Logging commands: Azure Pipelines shows them on the page of the run";
        Gitlab = GITLAB, "Code Quality report: GitLab shows it in a merge request";
        Junit = JUNIT, "For CI systems: one JUnit document with a case for each code";
        Markdown = MARKDOWN, "For a pull request or the summary of a job";
    }

    /// Formats of the results of expectations.
    TestFormat of "expectations" {
        Text = TEXT, "For people";
        Json = JSON, "For programs: one JSON document";
        Junit = JUNIT, "For CI systems: one JUnit document with a suite for each network, and times";
        Tap = TAP, "The Test Anything Protocol, version 14";
        Github = GITHUB, "Workflow commands: GitHub shows them beside the lines of the files";
        Azure = AZURE_PIPELINES, "Logging commands: Azure Pipelines shows them on the page of the run";
        Gitlab = GITLAB, "Code Quality report: GitLab shows it in a merge request";
    }

    /// Formats of a difference.
    DiffFormat of "differences" {
        Text = TEXT, "For people. Prints nothing if nothing differs";
        Markdown = MARKDOWN, "For a pull request. Prints nothing if nothing differs";
        Json = JSON, "For programs: one JSON document";
    }

    /// Formats of a timeline.
    StoryFormat of "timeline" {
        Text = TEXT, "A table for people";
        Json = JSON, "For programs: one JSON document";
        Svg = SVG, "A drawing of one step";
        Mermaid = MERMAID, "The same as a Mermaid flowchart";
        Html = HTML, "One page with all steps: drawings, table and explanations. It needs no server";
    }

    /// Formats of the lines a server logs.
    LogFormat of "log lines" {
        Text = TEXT, "For people";
        Json = JSON, "For programs: one JSON object a line";
    }

    /// Formats of a compose file.
    ComposeFormat of "compose file" {
        Yaml = YAML, "The usual form of a compose file";
        Json = JSON, "The same as JSON";
    }

    /// Formats of an export: zones as they are, or the DNS of one network as a server's configuration.
    ExportFormat of "export" {
        Zone = ZONE, "Master files of the private zones (RFC 1035), for any authoritative server";
        Azure = AZURE, "The private zones in the form of `az network private-dns zone export`";
        Hosts = HOSTS, "Lines for /etc/hosts";
        Bind = BIND, "named.conf and zone files";
        Unbound = UNBOUND, "unbound.conf with local zones";
        Dnsmasq = DNSMASQ, "dnsmasq.conf";
        Coredns = COREDNS, "Corefile and zone files";
        Knot = KNOT, "knot.conf and zone files";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_document_has_each_format_once_and_a_name_means_the_same_everywhere() {
        let mut media_types = HashMap::new();
        let mut seen = Vec::new();
        for (document, name, media_type) in table() {
            assert!(!seen.contains(&(document, name)), "{document} has {name} twice");
            seen.push((document, name));
            // A zone as Azure DNS writes it is another thing than commands for Azure Pipelines.
            let name = if (document, name) == (ExportFormat::DOCUMENT, "azure") { "azure zone" } else { name };
            assert_eq!(*media_types.entry(name).or_insert(media_type), media_type, "{name}");
        }
        assert_eq!(CheckFormat::default().name(), "text");
        assert_eq!(ComposeFormat::default().name(), "yaml");
    }
}
