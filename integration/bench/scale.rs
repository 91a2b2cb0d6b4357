//! What a large estate takes: reading is left out, `ampls-dns generate` has no part in it.
//!
//! `scale NETWORKS SCOPES WORKSPACES_PER_SCOPE` makes an estate, compiles it whole, makes its tables, and then does the same
//! after one more event, which takes over what the event does not touch.

use std::sync::Arc;
use std::time::Instant;

use ampls_dns::compile::Fold;
use ampls_dns::estate::Revision;
use ampls_dns::resolve::Prepared;
use ampls_dns::scenario::generate::{Size, generate};

#[allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<u32> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let &[networks, scopes, workspaces_per_scope] = &numbers[..] else {
        return Err("usage: scale NETWORKS SCOPES WORKSPACES_PER_SCOPE".into());
    };
    let history = Arc::new(generate(Size { networks, scopes, workspaces_per_scope }, 1)?);
    let last = history.last();
    let mut fold = Fold::new(&history);
    let begun = Instant::now();
    fold.to(Revision(last.0 - 1));
    let world = Arc::new(fold.compiled());
    let compiled = begun.elapsed();
    let before = Prepared::new(world, None);
    let whole = begun.elapsed();
    let begun = Instant::now();
    fold.to(last);
    let world = Arc::new(fold.compiled());
    let folded = begun.elapsed();
    let after = Prepared::new(world, Some(&before));
    let event = begun.elapsed();
    println!(
        "{} events: compile {compiled:?}, with tables {whole:?}; one more event {folded:?}, with tables {event:?}; {:.0} times \
         faster",
        last.0,
        whole.as_secs_f64() / event.as_secs_f64()
    );
    drop((before, after));
    Ok(())
}
