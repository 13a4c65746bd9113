//! A script's text as commands.

use glyph_analysis::promql::duration;

pub(super) struct Script {
    pub(super) commands: Vec<(usize, Command)>,
}

pub(super) enum Command {
    Clear,
    Load { step: i64, series: Vec<String> },
    LoadWithHistograms { step: i64, series: Vec<String> },
    Eval(Eval),
}

#[derive(Default)]
pub(super) struct Eval {
    pub(super) expr: String,
    pub(super) at: i64,
    /// End and step of a range.
    pub(super) steps: Option<(i64, i64)>,
    pub(super) fails: bool,
    pub(super) ordered: bool,
    /// What else is expected: `warn`, `no_info`, `fail`, with `msg:` or `regex:` behind it.
    pub(super) expects: Vec<(String, String)>,
    /// Start and step of an expected range vector.
    pub(super) range_vector: Option<(i64, i64)>,
    pub(super) expected: Vec<String>,
}

impl Script {
    pub(super) fn parse(text: &str) -> Self {
        let mut commands = Vec::new();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let mut at = 0;
        while at < lines.len() {
            let line = lines[at];
            at += 1;
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = at;
            let mut body = Vec::new();
            while line != "clear" && at < lines.len() && !lines[at].is_empty() {
                if !lines[at].starts_with('#') {
                    body.push(lines[at].to_owned());
                }
                at += 1;
            }
            commands.push((number, command(line, body)));
        }
        Self { commands }
    }
}

fn command(line: &str, body: Vec<String>) -> Command {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "clear" => Command::Clear,
        "load" => Command::Load { step: time(rest), series: body },
        "load_with_nhcb" => Command::LoadWithHistograms { step: time(rest), series: body },
        word if word.starts_with("eval") => Command::Eval(eval(word, rest, body)),
        word => panic!("unknown command {word}"),
    }
}

fn eval(word: &str, rest: &str, body: Vec<String>) -> Eval {
    let mut eval = Eval { fails: word == "eval_fail", ordered: word == "eval_ordered", ..Eval::default() };
    let words = |count: usize| {
        let mut rest = rest.trim_start();
        let mut found = Vec::new();
        for _ in 0..count {
            let (word, after) = rest.split_once(char::is_whitespace).unwrap();
            found.push(word);
            rest = after.trim_start();
        }
        (found, rest.to_owned())
    };
    if rest.trim_start().starts_with("instant") {
        let (found, expr) = words(3);
        (eval.at, eval.expr) = (time(found[2]), expr);
    } else {
        // range from A to B step C
        let (found, expr) = words(7);
        (eval.at, eval.expr) = (time(found[2]), expr);
        eval.steps = Some((time(found[4]), time(found[6])));
    }
    for line in body {
        let Some(expectation) = line.strip_prefix("expect ") else {
            eval.expected.push(line);
            continue;
        };
        let (kind, more) = expectation.trim().split_once(' ').unwrap_or((expectation.trim(), ""));
        match kind {
            "ordered" => eval.ordered = true,
            "range" => {
                let words: Vec<_> = more.split_whitespace().collect();
                eval.range_vector = Some((time(words[2]), time(words[6])));
            }
            kind => {
                eval.fails |= kind == "fail";
                eval.expects.push((kind.to_owned(), more.trim().to_owned()));
            }
        }
    }
    eval
}

/// A duration, or seconds.
fn time(text: &str) -> i64 {
    let text = text.trim();
    duration::parse(text).unwrap_or_else(|| (text.parse::<f64>().unwrap() * 1e3) as i64)
}
