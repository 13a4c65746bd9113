//! Where promtool 2.42, which is built with Go 1.19, differs from Prometheus 3 and its Go.

/// Whether two answers are the same, but for a type that has changed: values are `interface {}` since there are
/// histograms.
pub(super) fn same(ours: &str, theirs: &str) -> bool {
    const BEFORE: &str = "ExternalURL string; Value float64 }";
    ours == theirs
        || ours == without_addresses(theirs).replace(BEFORE, "ExternalURL string; Value interface {} }")
}

/// Where something is in memory nobody knows: with the one address that we have.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0xc00");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        if part.len() - rest.len() < 7 { text + "0xc00" + part } else { text + "0xc000000000" + rest }
    })
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Whether a number was to be ranged over.
fn ranges_over_number(theirs: &str) -> bool {
    let of = theirs.split_once("range can't iterate over ").map(|(_, of)| of.trim_end_matches('>'));
    let is_day = |of: &str| of.ends_with("day") || MONTHS.contains(&of);
    of.is_some_and(|of| of.parse::<i64>().is_ok() || is_day(of))
}

/// Why answers to a template differ.
pub(super) fn explained(text: &str, ours: &str, theirs: &str) -> Option<&'static str> {
    let is_new = |function: &str| theirs.contains(&format!("function \"{function}\" not defined"));
    let told = |mine: &str, other: &str| ours.contains(mine) && theirs.contains(other);
    Some(if is_new("toDuration") || is_new("now") || is_new("urlQueryEscape") {
        "functions that came with Prometheus 3"
    } else if told("", "pathPrefix: runtime error") || told("", "externalURL: runtime error") {
        "promtool tests rules without a URL"
    } else if told("error calling query: ", "error calling query: ") || theirs.contains("unexpected duration")
    {
        "expressions and their faults, which have tests of their own"
    } else if theirs.contains("can't convert time.Duration to float") {
        "durations are numbers of seconds since Prometheus 3"
    } else if told("maximum template depth (150)", "maximum template depth (100000)") {
        "templates call each other less deep here"
    } else if told("unknown unit ", "not a valid duration string: ") {
        "a unit of time that there is not is named since Prometheus 3"
    } else if theirs.contains("unexpected <with> in else") {
        "{{else with}} came with Go 1.23"
    } else if ranges_over_number(theirs) {
        "numbers can be ranged over since Go 1.24"
    } else if told("unexpected right paren", "unexpected \")\" in")
        || told("range can only", "unexpected \")\" in range")
    {
        "a parenthesis that was not opened is found earlier"
    } else if told("interface", "float64") || (text.contains("reReplaceAll") && told("{} }", "t64 }")) {
        "values are interface {} since there are histograms"
    } else if ours.replace(' ', "").to_lowercase().contains("696e74657266616365") {
        "values are interface {} since there are histograms, in hexadecimal digits"
    } else if told("incompatible types for comparison: ", "incompatible types for comparison>") {
        "the types that can't be compared are named"
    } else if told("call: non-function ", "call: non-function of type") {
        "what is called is named since Go 1.21"
    } else if text.contains("title")
        && (ours.to_lowercase() == theirs.to_lowercase()
            || text.contains("reReplaceAll")
            || text.contains("printf"))
    {
        "words of title are Unicode's since Prometheus 3"
    } else if text.contains("({case") {
        "alerts are series in promtool"
    } else if text.contains("query") && (ours.contains("000000000") || ours.contains("824633720832")) {
        "where samples are in memory"
    } else {
        return None;
    })
}
