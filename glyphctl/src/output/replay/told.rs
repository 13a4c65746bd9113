//! A report in sentences, which all formats for people share. What comes of it is text from anywhere: who prints it makes it
//! harmless.

use glyph_analysis::{
    replay::{Difference, Exchange, Group, Kind, LeftOutCount, Stray, Summary, Verdict},
    text::{counted, grouped},
};

/// What it comes to, in a line.
pub(super) fn verdict(summary: &Summary) -> String {
    let strays = strays(summary);
    let exchanges = counted(summary.compared, "exchange");
    match summary.verdict {
        Verdict::Same => {
            let are = if summary.compared == 1 { "is as it was" } else { "are as they were" };
            format!("no difference: {exchanges} {are} recorded")
        }
        Verdict::Different if summary.different == 0 => {
            format!(
                "different: {}; {exchanges} beside each other, and without a difference",
                strays.join(", ")
            )
        }
        Verdict::Different => {
            let differ = if summary.different == 1 { "differs" } else { "differ" };
            let mut parts = vec![format!("{} of {exchanges} {differ}", grouped(summary.different))];
            parts.extend(strays);
            format!("different: {}", parts.join(", "))
        }
        Verdict::Nothing if strays.is_empty() => "nothing was compared: there is no exchange".to_owned(),
        Verdict::Nothing => {
            format!("nothing was compared: no exchange stands beside another; {}", strays.join(", "))
        }
    }
}

fn strays(summary: &Summary) -> Vec<String> {
    let are = |count: u64, one: &str, many: &str| {
        (count > 0).then(|| format!("{} {}", grouped(count), if count == 1 { one } else { many }))
    };
    let missing = are(summary.missing, "is missing", "are missing");
    let extra = are(summary.extra, "was not recorded", "were not recorded");
    missing.into_iter().chain(extra).collect()
}

/// What a group is about, in a line.
pub(super) fn group(group: &Group) -> String {
    let exchanges = counted(group.exchanges, "exchange");
    let often = match group.count == group.exchanges {
        true => format!("in {exchanges}"),
        false => format!("{} times in {exchanges}", grouped(group.count)),
    };
    let values = match (&group.recorded, &group.new) {
        (Some(recorded), Some(new)) if group.exchanges > 1 || group.place == "status" => {
            format!(" {recorded} → {new}")
        }
        _ => String::new(),
    };
    format!("{} {}{values}, {often}", group.place, kind(group.kind))
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Changed => "changed",
        Kind::Missing => "is missing",
        Kind::Added => "was added",
        Kind::Order => "is in another order",
        Kind::Failed => "failed",
        Kind::Answered => "is answered now",
    }
}

/// Which exchange.
pub(super) fn exchange(exchange: &Exchange) -> String {
    format!("{} {} (flow {})", exchange.method, exchange.url, exchange.recorded_sequence)
}

/// What was recorded, and what stands there now.
pub(super) fn sides(difference: &Difference) -> [&str; 2] {
    [&difference.recorded, &difference.new].map(|side| side.as_deref().unwrap_or("nothing"))
}

/// An exchange that stands alone.
pub(super) fn stray(stray: &Stray) -> String {
    let often = if stray.count > 1 { format!(", {} times", grouped(stray.count)) } else { String::new() };
    format!("{} {} (flow {}{often})", stray.method, stray.url, stray.sequence)
}

/// What was left out, in a line.
pub(super) fn left_out(left_out: &LeftOutCount) -> String {
    let LeftOutCount { what, count } = left_out;
    format!("the {} of {}: {}", what.place, counted(*count, "exchange"), what.why.told())
}

/// How many differences are not shown, if there are some.
pub(super) fn more(summary: &Summary) -> Option<String> {
    let more = summary.more_differences;
    (more > 0).then(|| format!("{} in other places, not told one by one", counted(more, "difference")))
}
