//! The one integration binary: the product as its users meet it.

/// How a case is written: the real binary, and the real server on port 0.
mod fixture;

/// Rules of the house: imports, and what must not stand where.
mod layers;

/// Which of zones, rules and servers answers.
mod precedence;

/// Every built-in scenario holds what it promises, offline and over real UDP.
mod scenarios;

/// The template language gives what Azure's gives.
mod template_functions;

/// Queries over sockets.
mod exchange;

/// The one generator of histories, and properties that count their cases.
mod generate;

/// One fold for everything that is loaded, appended or imported.
mod one_fold;

/// What could not be resolved: unknown, neither there nor missing.
mod unresolved;

/// The written form: there and back, and never a panic.
mod written;

/// Laws: what must hold whatever the estate and whatever the question.
mod agreement;

/// One verdict: the laws of the assessment.
mod verdicts;

/// Resources that are alike get the verdicts that each gets by itself.
mod alike;

/// The catalogue of findings, code by code, and the order of causes.
mod codes;

/// Findings that somebody accepts, and what could not be checked.
mod accepted;

/// What people reported as wrong, with the right values.
mod truth;

/// What was not checked never counts as passed.
mod strict;

/// No field is accepted and ignored.
mod fields;

/// No flag is accepted and ignored.
mod flags;

/// An independent model of the rules, in Python.
mod model;

/// Faults of the machine: interrupted calls, clocks that jump, disks that fill up, files that change.
mod machine_faults;

/// Real clients: dig, nslookup and host.
mod clients;

/// Live changes: the admin server, reloads, and the verbs that talk to a running server.
mod live;

/// What people read: help, answers, explanations, findings and errors.
mod verbs;

/// The manual is true: its commands run, its links lead somewhere.
mod manual;

/// Real servers, held against an estate.
mod compare;

/// What people have of Azure becomes a scenario that answers as recorded.
mod imports;

/// Each form that people import, and what is unknown in it.
mod import_forms;

/// Secrets in what people import are never printed.
mod import_secrets;

/// Objects of which something is not known keep their place.
mod import_unknown;

/// Specs, differences, and findings in the forms CI reads.
mod regression;

/// What GitHub, GitLab and Azure Pipelines read, and holding some expectations, again, or when files change.
mod ci_systems;

/// What systemd is told.
#[cfg(target_os = "linux")]
mod service;
mod services;

/// Somebody's master files, served by the real binary.
mod words;
mod zones;

/// How much imports read of what files declare, on small files; `cargo run --example corpus` does it for folders.
mod corpus;
mod corpus_count;

/// Private endpoints of other services are read.
mod import_services;

/// Data collection rules, associations, Azure Monitor workspaces and subscriptions are read from every form.
mod import_collection;

/// What the script for Azure exports of a landing zone is read whole.
mod import_export;

/// What could change DNS and is not read is reported, and is part of a finding.
mod import_reported;

/// Which remarks make an import partial.
mod import_partial;

/// What decides which way packets take, from the forms people have.
mod import_ways;

/// Public hosts that exist, each asked for in its cloud.
mod hosts;

/// Right values of what was stated wrongly once.
mod corrections;

/// Every row of the collected hosts.
mod host_rows;

/// Gateways, connections, firewalls and route tables, from three forms.
mod import_gateways;

/// The ways packets take, and what shows them.
mod ways;

/// The rules by which packets get from one network to another, one test each.
mod way_rules;

/// Names outside the emulated world, asked for at other servers.
mod upstream;

/// What is exported, held against the servers it is for.
mod explained;
mod exports;
/// What one sees of a running server: queries, numbers, faults, log lines.
mod observe;

/// Full disks, hostile input, silent clients, kills: the server goes on, within bounds.
mod hardening;
/// Commands inside a network of the estate.
#[cfg(target_os = "linux")]
mod run;
