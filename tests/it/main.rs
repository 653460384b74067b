//! Behaviour seen from outside, in one binary. What needs the program itself is in `tests/cli`.
//!
//! Tests that run against documents and recordings of others find them by `OASGATE_SHARED`, else
//! beside the project, and say so where they are not there.

mod agreement;
mod architecture;
mod checks;
mod collection;
#[cfg(unix)]
mod curl_lines;
#[cfg(unix)]
mod demo;
mod diff;
mod evidence;
mod existing;
#[path = "../../examples/stand_in/fault.rs"]
mod fault;
mod faults;
mod first_and_last;
mod generation;
mod graph;
mod habits;
mod in_process;
mod left_as_it_was;
mod lint;
mod live;
mod macros;
mod orders;
mod outside;
mod overlay_law;
mod overlay_suites;
mod partition_law;
mod polling;
mod public_surface;
mod recordings;
mod references;
mod refused_credential;
mod renamed;
mod repeated_creation;
mod revoked_credential;
mod routing;
mod rule_ids;
mod sequence_checks;
mod sequences;
mod somebodys;
mod suites;
mod unsafe_evidence;
mod vantage;
mod whole_documents;
mod wire;
