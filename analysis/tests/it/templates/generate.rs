//! Random templates: most of them make sense, some nearly do.

use rand::{Rng, SeedableRng, rngs::StdRng};

pub(super) struct Generator {
    rng: StdRng,
    /// Variables that are declared.
    variables: Vec<String>,
    /// How many loops it is in.
    loops: usize,
}

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), variables: Vec::new(), loops: 0 }
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.rng.random_range(0..of.len())]
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.rng.random_range(0..n) == 0
    }

    /// A whole template.
    pub(super) fn template(&mut self) -> String {
        self.variables.clear();
        self.loops = 0;
        let mut text = String::new();
        if self.one_in(12) {
            let body = self.nodes(1);
            text += &format!("{{{{ define \"d\" }}}}{body}{{{{ end }}}}");
            self.variables.clear();
        }
        text += &self.nodes(3);
        text
    }

    /// The template with a few characters changed.
    pub(super) fn damaged(&mut self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..self.rng.random_range(1..3) {
            if chars.is_empty() {
                break;
            }
            let at = self.rng.random_range(0..chars.len());
            match self.rng.random_range(0..4) {
                0 => drop(chars.remove(at)),
                1 => {
                    let c = self.pick(&[
                        "{", "}", "(", ")", "|", ".", "$", "\"", " ", "-", "a", "1", ":", "=", ",", "`", "'",
                        "\n", "é", "%", "/", "*",
                    ]);
                    chars.insert(at, c.chars().next().unwrap());
                }
                2 => {
                    let other = self.rng.random_range(0..chars.len());
                    chars.swap(at, other);
                }
                _ => chars.truncate(at.max(1)),
            }
        }
        chars.into_iter().collect()
    }

    fn nodes(&mut self, depth: u32) -> String {
        (0..self.rng.random_range(1..4)).map(|_| self.node(depth)).collect()
    }

    fn node(&mut self, depth: u32) -> String {
        let (open, close) = match self.rng.random_range(0..12) {
            0 => ("{{- ", " }}"),
            1 => ("{{ ", " -}}"),
            2 => ("{{", "}}"),
            3 => ("{{\n", "\t}}"),
            _ => ("{{ ", " }}"),
        };
        match self.rng.random_range(0..24) {
            0..3 => self.pick(&["text ", " a\n b ", "}} {", "é", "\n"]).to_owned(),
            3..6 => {
                let name = self.pick(&["$a", "$b", "$c"]);
                let value = self.pipeline(depth);
                let sign =
                    if self.variables.iter().any(|v| v == name) && self.one_in(2) { "=" } else { ":=" };
                self.variables.push(name.to_owned());
                format!("{open}{name} {sign} {value}{close}")
            }
            6 if depth > 0 => self.branch("if", depth, open, close),
            7 if depth > 0 => self.branch("with", depth, open, close),
            8..11 if depth > 0 => self.range(depth, open, close),
            11 if self.loops > 0 => format!("{open}{}{close}", self.pick(&["break", "continue"])),
            13 => self.pick(&["{{/* comment */}}", "{{- /* comment */ -}}", " {{- \"x\" -}} "]).to_owned(),
            14 if depth > 0 && self.one_in(3) => {
                let dot = self.pipeline(depth - 1);
                let outer = (std::mem::take(&mut self.variables), std::mem::take(&mut self.loops));
                let body = self.nodes(depth - 1);
                (self.variables, self.loops) = outer;
                format!("{open}block \"b\" {dot}{close}{body}{{{{ end }}}}")
            }
            12 => {
                let name = self.pick(&["d", "d", "d", "e"]);
                let dot = self.pipeline(depth);
                format!("{open}template \"{name}\" {dot}{close}")
            }
            _ => {
                let pipeline = self.pipeline(depth);
                format!("{open}{pipeline}{close}")
            }
        }
    }

    fn branch(&mut self, word: &str, depth: u32, open: &str, close: &str) -> String {
        let declared = self.variables.len();
        let condition = self.pipeline(depth - 1);
        let mut text = format!("{open}{word} {condition}{close}{}", self.nodes(depth - 1));
        self.variables.truncate(declared);
        if word == "if" && self.one_in(3) {
            let condition = self.pipeline(depth - 1);
            text += &format!("{{{{ else if {condition} }}}}{}", self.nodes(depth - 1));
            self.variables.truncate(declared);
        }
        if self.one_in(2) {
            text += &format!("{{{{else}}}}{}", self.nodes(depth - 1));
            self.variables.truncate(declared);
        }
        text + "{{ end }}"
    }

    fn range(&mut self, depth: u32, open: &str, close: &str) -> String {
        let declared = self.variables.len();
        let of = match self.rng.random_range(0..6) {
            0..2 => "$labels".to_owned(),
            2 => self.vector(),
            3 => ".Labels".to_owned(),
            4 => format!("args {} {}", self.argument(1), self.argument(1)),
            _ => self.pipeline(depth - 1),
        };
        let names = match self.rng.random_range(0..3) {
            0 => "",
            1 => {
                self.variables.push("$b".to_owned());
                "$b := "
            }
            _ => {
                self.variables.extend(["$a".to_owned(), "$b".to_owned()]);
                "$a, $b := "
            }
        };
        self.loops += 1;
        let body = self.nodes(depth - 1);
        self.loops -= 1;
        self.variables.truncate(declared);
        let other =
            if self.one_in(3) { format!("{{{{ else }}}}{}", self.nodes(depth - 1)) } else { String::new() };
        self.variables.truncate(declared);
        format!("{open}range {names}{of}{close}{body}{other}{{{{end}}}}")
    }

    fn pipeline(&mut self, depth: u32) -> String {
        let mut text = self.command(depth);
        while self.one_in(3) {
            text += &format!(" | {}", self.last_command());
        }
        text
    }

    /// What is given a value by a pipe.
    fn last_command(&mut self) -> String {
        match self.rng.random_range(0..10) {
            0..3 => {
                let function = self.pick(FUNCTIONS_OF_ONE);
                function.to_owned()
            }
            3..5 => format!("printf {}", self.format()),
            5 => format!(
                "{} {}",
                self.pick(&["eq", "lt", "gt", "and", "or", "ne", "le", "ge"]),
                self.argument(1)
            ),
            6 => format!("reReplaceAll \"[a-m]+\" {}", self.text()),
            7 => format!("print {}", self.argument(1)),
            8 => format!("index {}", self.argument(1)),
            _ => self
                .pick(&["len", "first", "value", "label \"job\"", "html", "js", "urlquery", "not"])
                .to_owned(),
        }
    }

    fn command(&mut self, depth: u32) -> String {
        match self.rng.random_range(0..15) {
            14 => {
                let method = self.pick(&[
                    "Year",
                    "Month",
                    "Unix",
                    "Format \"2006-01-02 15:04\"",
                    "Format \"Jan 2 3:04:05.00PM MST\"",
                    "Weekday",
                    "UTC.Hour",
                    "Add 90000000000",
                    "Nope",
                    "YearDay",
                ]);
                format!("(toTime {}).{method}", self.number())
            }
            0..4 => self.argument(depth),
            4 => {
                let count = self.rng.random_range(0..4);
                let args: Vec<String> = (0..count).map(|_| self.argument(1)).collect();
                format!("printf {} {}", self.format(), args.join(" "))
            }
            5 => format!("{} {}", self.pick(FUNCTIONS_OF_ONE), self.argument(depth)),
            6 => {
                let function =
                    self.pick(&["humanize", "humanize1024", "humanizeDuration", "humanizePercentage"]);
                format!("{function} {}", self.number())
            }
            7 => {
                let function = self.pick(&["eq", "ne", "lt", "le", "gt", "ge"]);
                if self.one_in(2) {
                    let of = if self.one_in(2) { Self::number } else { Self::text };
                    return format!("{function} {} {}", of(self), of(self));
                }
                format!("{function} {} {}", self.argument(1), self.argument(1))
            }
            8 => {
                let count = self.rng.random_range(1..4);
                let args: Vec<String> = (0..count).map(|_| self.argument(1)).collect();
                format!(
                    "{} {}",
                    self.pick(&["and", "or", "print", "println", "html", "js", "args"]),
                    args.join(" ")
                )
            }
            9 => format!(
                "slice {} {} {}",
                self.text(),
                self.pick(&["0", "1", "2", "5"]),
                self.pick(&["", "3", "1"])
            ),
            10 => format!("index {} {}", self.argument(1), self.argument(1)),
            11 => {
                let function = self.pick(&["match", "reReplaceAll \"b|o\"", "label"]);
                format!("{function} {} {}", self.text(), self.text())
            }
            12 => self.vector(),
            _ => format!(
                "{} {}",
                self.pick(&["toUpper", "title", "stripPort", "toLower", "graphLink"]),
                self.text()
            ),
        }
    }

    fn vector(&mut self) -> String {
        let query = self.pick(&[
            "sort(v)",
            "sort(v > 0)",
            "v{case='1'}",
            "none",
            "sum(v{case=~'0|1|2'})",
            "sort_desc(v{case=~'1|2|3'})",
            "1",
            "count by (job) (v)",
            "sort(v{case=~'2|3'} * 2)",
        ]);
        match self.rng.random_range(0..4) {
            0 => format!("query \"{query}\" | sortByLabel \"case\""),
            1 => format!("query \"{query}\" | first"),
            _ => format!("query \"{query}\""),
        }
    }

    fn argument(&mut self, depth: u32) -> String {
        match self.rng.random_range(0..16) {
            0..3 => self.number(),
            3..6 => self.text(),
            6 => self.pick(&["true", "false", "nil"]).to_owned(),
            7 => self
                .pick(&[".", "$", ".Labels", ".Value", "$labels", "$externalLabels", ".ExternalURL"])
                .to_owned(),
            8 => self
                .pick(&[".Nope", ".Labels.job.x", "$value.x", "$labels.nope", ".job", "'a'", "2i"])
                .to_owned(),
            9..11 if !self.variables.is_empty() => {
                let at = self.rng.random_range(0..self.variables.len());
                let suffix = self.pick(&["", "", "", ".Value", ".Labels", ".Labels.case", ".arg0", ".x"]);
                format!("{}{suffix}", self.variables[at])
            }
            11..14 if depth > 0 => {
                let suffix = self.pick(&["", "", "", "", ".Value", ".x", ".arg0"]);
                format!("({}){suffix}", self.pipeline(depth - 1))
            }
            _ => {
                self.pick(&["$value", ".Value", "$labels.job", "$labels.case", ".Labels.instance"]).to_owned()
            }
        }
    }

    fn number(&mut self) -> String {
        match self.rng.random_range(0..5) {
            0 => self.rng.random_range(-20..200).to_string(),
            1 => {
                let exponent = self.rng.random_range(-12..24);
                format!("{}e{exponent}", self.rng.random_range(-9999..99999) as f64 / 1000.0)
            }
            2 => self.pick(&["$value", ".Value"]).to_owned(),
            3 => self
                .pick(&[
                    "0", "1", "0.5", "-1", "0x10", "1e3", "100000.0", "1e-5", "1_000", "0.1", "3600",
                    "86400.5",
                ])
                .to_owned(),
            _ => format!("{:?}", self.rng.random_range(0.0..1000.0)),
        }
    }

    fn text(&mut self) -> String {
        match self.rng.random_range(0..4) {
            0 => self
                .pick(&["$labels.job", "$labels.instance", ".Labels.case", "$labels.nope", ".ExternalURL"])
                .to_owned(),
            1 => self
                .pick(&["`raw`", "\"\"", "\"1.5\"", "\"a b&c\"", "\"é\\n\"", "\"<b>\"", "\"1h\"", "\"x:1\""])
                .to_owned(),
            _ => format!(
                "\"{}\"",
                self.pick(&["abc", "hello world", "foo.bar:80", "10", "case", "job", "arg0", "a'b"])
            ),
        }
    }

    fn format(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.rng.random_range(1..4) {
            text += self.pick(&["", "", "a", " ", "%%"]);
            text.push('%');
            for _ in 0..self.rng.random_range(0..3) {
                text += self.pick(&["", "", "+", "-", "#", "0", " "]);
            }
            text += self.pick(&["", "", "", "5", "8", "12", "[1]", "[2]", "*"]);
            text += self.pick(&["", "", "", ".2", ".0", ".", ".5", ".*"]);
            text += self.pick(&[
                "v", "v", "s", "d", "f", "e", "g", "q", "x", "X", "t", "c", "U", "T", "b", "o", "E", "G",
                "z", "",
            ]);
        }
        format!("\"{text}\"")
    }
}

const FUNCTIONS_OF_ONE: &[&str] = &[
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "toUpper",
    "toLower",
    "title",
    "len",
    "print",
    "html",
    "js",
    "urlquery",
    "not",
    "stripPort",
    "stripDomain",
    "graphLink",
    "tableLink",
    "safeHtml",
    "toTime",
    "parseDuration",
    "first",
    "value",
    "strvalue",
    "printf \"%v\"",
    "printf \"%T\"",
    "args",
    "query",
];
