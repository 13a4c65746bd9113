//! The case that a user names.

use anyhow::anyhow;
use glyph_formats::{Case, Cases};

use crate::output::failure::HintExt;

/// The case with that key, or the only one whose id begins so.
pub(super) fn find<'a>(name: &str, cases: &'a Cases) -> anyhow::Result<&'a Case> {
    let small = name.to_ascii_lowercase();
    let mut begin_so = cases.cases.iter().filter(|case| !small.is_empty() && case.id.starts_with(&small));
    if let Some(case) = cases.cases.iter().find(|case| case.key == name) {
        return Ok(case);
    }
    match (begin_so.next(), begin_so.next()) {
        (Some(case), None) => Ok(case),
        (Some(first), Some(second)) => {
            let (first, second) = (&first.id, &second.id);
            Err(anyhow!("--case {name}: several ids begin so: {first}, {second} …").hint("give more of it"))
        }
        (None, _) => Err(anyhow!("--case {name}: no case with that id or key there")
            .hint("without --case, replay load lists the cases with their ids")),
    }
}
