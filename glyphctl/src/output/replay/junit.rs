//! A report as JUnit's XML: a case for each cause of differences and for each URL that stands alone, which fails; one for all
//! that is as it was recorded, which passes; one for each reason to leave something out, which is skipped. So its size is bounded
//! as the report is.

use std::io::{self, Write};

use glyph_analysis::{
    replay::{Example, Group, Stray, Summary, Verdict},
    text::counted,
};

use super::told;
use crate::output::junit::{self, Case, Fault, Outcome, Suite};

pub(super) fn write(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let suites = [
        Suite { name: "exchanges".to_owned(), cases: exchanges(summary) },
        Suite { name: "differences".to_owned(), cases: summary.groups.iter().map(cause).collect() },
        alone("missing", &summary.missing_exchanges),
        alone("not recorded", &summary.extra_exchanges),
    ];
    junit::write("glyphctl replay", &suites, out)
}

fn exchanges(summary: &Summary) -> Vec<Case> {
    let case =
        |name: String, outcome| Case { name, class: "glyph.replay".to_owned(), seconds: None, outcome };
    let mut cases = Vec::new();
    match summary.verdict {
        Verdict::Nothing => {
            let fault = Fault { message: told::verdict(summary), lines: Vec::new() };
            cases.push(case("exchanges beside each other".to_owned(), Outcome::Error(fault)));
        }
        _ if summary.same > 0 => {
            let are = format!("{} as recorded", counted(summary.same, "exchange"));
            cases.push(case(are, Outcome::Passed));
        }
        _ => {}
    }
    cases.extend(summary.left_out.iter().map(|left_out| {
        let message = told::left_out(left_out);
        let name = format!("{} left out", left_out.what.place);
        case(name, Outcome::Skipped(Fault { message, lines: Vec::new() }))
    }));
    cases
}

fn cause(group: &Group) -> Case {
    let line = |example: &Example| {
        let [recorded, new] = told::sides(&example.difference);
        [told::exchange(&example.exchange), format!("    {}: {recorded} → {new}", example.difference.place)]
    };
    Case {
        name: format!("{} {}", group.place, group.kind),
        class: "glyph.replay.differences".to_owned(),
        seconds: None,
        outcome: Outcome::Failure(Fault {
            message: told::group(group),
            lines: group.examples.iter().flat_map(line).collect(),
        }),
    }
}

fn alone(which: &str, strays: &[Stray]) -> Suite {
    let case = |stray: &Stray| Case {
        name: format!("{} {}", stray.method, stray.url),
        class: format!("glyph.replay.{}", which.replace(' ', "_")),
        seconds: None,
        outcome: Outcome::Failure(Fault {
            message: format!("{which}: {}", told::stray(stray)),
            lines: stray.nearest.iter().map(|nearest| format!("near: {nearest}")).collect(),
        }),
    };
    Suite { name: which.to_owned(), cases: strays.iter().map(case).collect() }
}
