//! Expressions at random: well-formed ones, and such with a word too many, too few or in the wrong place.

/// Xorshift, so that a seed gives the same everywhere.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// Which Prometheus the syntax is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edition {
    /// Without what 3.0 brought.
    Two,
    Three,
}

const METRICS: [&str; 12] = [
    "a",
    "b_total",
    "job:x:rate5m",
    "_z",
    "sum",
    "by",
    "offset",
    "and",
    "start",
    "Inf_x",
    "group",
    "a_bucket",
];
const LABELS: [&str; 10] = ["l", "le", "on", "by", "job", "sum", "bool", "offset", "__name__", "_"];
const TEXTS: [&str; 10] =
    ["'v'", "\"\"", "`\\d+`", "\"a\\\"b\"", "'.+'", "\"\\n\\t\\x41\"", "'é😀'", "\"a|b\"", "`x`", "'[a-c]*'"];
const NUMBERS: [&str; 14] =
    ["0", "1", "2.5", ".5", "5.", "1e3", "1E-2", "0x1F", "010", "Inf", "nan", "+3", "-7", "123456789012345"];
const WINDOWS: [&str; 8] = ["5m", "1h30m", "30s", "1d", "2w", "1y1d", "500ms", "1h"];
const VECTOR_FUNCTIONS: [&str; 8] = ["abs", "ceil", "sort", "sort_desc", "timestamp", "ln", "hour", "absent"];
const RANGE_FUNCTIONS: [&str; 8] =
    ["rate", "increase", "irate", "delta", "max_over_time", "count_over_time", "absent_over_time", "changes"];
const AGGREGATIONS: [&str; 7] = ["sum", "avg", "MIN", "max", "count", "group", "StdDev"];

/// An expression of a random type.
pub(super) fn expression(random: &mut Random, edition: Edition) -> String {
    let mut writer = Writer { random, edition };
    match writer.random.below(8) {
        0 => writer.scalar(3),
        1 => writer.range(2),
        _ => writer.vector(4),
    }
}

/// The same with some of its words changed.
pub(super) fn damaged(random: &mut Random, text: &str) -> String {
    const ODD: [&str; 38] = [
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        "+",
        "-",
        "^",
        "==",
        "=~",
        "=",
        "!",
        "@",
        ":",
        "by",
        "on",
        "bool",
        "offset",
        "group_left",
        "without",
        "sum",
        "rate",
        "a",
        "5m",
        "1",
        "'x'",
        "\"",
        "#",
        "",
        "",
        "",
        "1x",
        "topk",
        "start()",
        "ignoring(l)",
        "foo",
    ];
    let mut words: Vec<String> = Vec::new();
    for c in text.chars() {
        match words.last_mut() {
            Some(word)
                if c.is_ascii_alphanumeric() && word.ends_with(|l: char| l.is_ascii_alphanumeric()) =>
            {
                word.push(c)
            }
            _ => words.push(c.to_string()),
        }
    }
    for _ in 0..=random.below(2) {
        let at = random.below(words.len());
        match random.below(4) {
            0 => drop(words.remove(at)),
            1 => words[at] = random.of(&ODD).to_owned(),
            2 => words.insert(at, format!(" {} ", random.of(&ODD))),
            _ => {
                let other = random.below(words.len());
                words.swap(at, other);
            }
        }
        if words.is_empty() {
            break;
        }
    }
    words.concat()
}

struct Writer<'r> {
    random: &'r mut Random,
    edition: Edition,
}

impl Writer<'_> {
    fn is_three(&mut self) -> bool {
        self.edition == Edition::Three && self.random.below(3) == 0
    }

    fn blank(&mut self) -> &'static str {
        ["", "", "", " ", "\n", "\t ", " # it\n"][self.random.below(7)]
    }

    fn duration(&mut self) -> &'static str {
        if self.is_three() {
            ["300", "60.5", "1e2", "0x10"][self.random.below(4)]
        } else {
            self.random.of(&WINDOWS)
        }
    }

    fn selector(&mut self) -> String {
        let name = if self.random.below(5) == 0 { "" } else { self.random.of(&METRICS) };
        let mut conditions = Vec::new();
        for _ in 0..self.random.below(3) {
            let op = ["=", "!=", "=~", "!~"][self.random.below(4)];
            let label = if self.is_three() { "\"l.x\"" } else { self.random.of(&LABELS) };
            let (one, two, value) = (self.blank(), self.blank(), self.random.of(&TEXTS));
            conditions.push(format!("{label}{one}{op}{two}{value}"));
        }
        if name.is_empty() && self.is_three() {
            conditions.insert(0, "\"m.x\"".to_owned());
        }
        let comma = if !conditions.is_empty() && self.random.below(4) == 0 { "," } else { "" };
        let blank = self.blank();
        match name {
            "" if conditions.is_empty() => "{l='v'}".to_owned(),
            name if conditions.is_empty() && self.random.below(2) == 0 => name.to_owned(),
            name => format!("{name}{blank}{{{}{comma}{}}}", conditions.join(","), self.blank()),
        }
    }

    fn shift(&mut self) -> String {
        let offset = match self.random.below(5) {
            0 => format!(" offset {}", self.duration()),
            1 => format!(" OFFSET -{}", self.duration()),
            _ => String::new(),
        };
        let at = match self.random.below(6) {
            0 => " @ start()",
            1 => " @ end( )",
            2 => [" @ 1.5", " @ -3", "@1e3", " @ +0x10"][self.random.below(4)],
            _ => "",
        };
        if self.random.below(2) == 0 { format!("{offset}{at}") } else { format!("{at}{offset}") }
    }

    fn range(&mut self, depth: usize) -> String {
        let (window, blank) = (self.duration(), self.blank());
        if depth > 0 && self.random.below(4) == 0 {
            let step = if self.random.below(2) == 0 { "" } else { self.duration() };
            let of = self.vector(depth - 1);
            return format!("({of})[{window}:{blank}{step}]{}", self.shift());
        }
        format!("{}{blank}[{window}]{}", self.selector(), self.shift())
    }

    fn scalar(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.below(2) == 0 {
            return if self.is_three() {
                self.random.of(&WINDOWS).to_owned()
            } else {
                self.random.of(&NUMBERS).to_owned()
            };
        }
        match self.random.below(5) {
            0 => format!("scalar({})", self.vector(depth - 1)),
            1 => "time( )".to_owned(),
            2 => format!("-{}", self.scalar(depth - 1)),
            3 => format!("({})", self.scalar(depth - 1)),
            _ => {
                let op = self.random.of(&["+", " - ", "*", "/", "%", "^", " atan2 ", "== bool ", ">bool "]);
                format!("{}{op}{}", self.scalar(depth - 1), self.scalar(depth - 1))
            }
        }
    }

    fn labels(&mut self) -> String {
        let count = self.random.below(3);
        let mut labels: Vec<&str> = (0..count).map(|_| self.random.of(&LABELS)).collect();
        if self.is_three() {
            labels.push("'l.x'");
        }
        let comma = if !labels.is_empty() && self.random.below(4) == 0 { "," } else { "" };
        format!("({}{comma})", labels.join(", "))
    }

    fn aggregate(&mut self, depth: usize) -> String {
        let three = self.is_three();
        let (op, param) = match self.random.below(6) {
            0 => (self.random.of(&["topk", "bottomk", "quantile"]), format!("{},", self.scalar(1))),
            1 => ("count_values", format!("{},", self.random.of(&TEXTS))),
            2 if three => (self.random.of(&["limitk", "limit_ratio"]), format!("{},", self.scalar(1))),
            _ => (self.random.of(&AGGREGATIONS), String::new()),
        };
        let (grouping, blank) = (self.random.of(&[" by ", " without", " BY"]), self.blank());
        let labels = self.labels();
        let of = format!("({param}{})", self.vector(depth - 1));
        match self.random.below(3) {
            0 => format!("{op}{blank}{of}"),
            1 => format!("{op}{grouping}{labels}{of}"),
            _ => format!("{op}{of}{grouping}{labels}"),
        }
    }

    fn binary(&mut self, depth: usize) -> String {
        let (lhs, rhs) = (self.vector(depth - 1), self.vector(depth - 1));
        let (blank, matching) = (self.blank(), self.random.of(&[" on", " ignoring", " ON "]));
        let matching =
            if self.random.below(2) == 0 { String::new() } else { format!("{matching}{}", self.labels()) };
        match self.random.below(4) {
            0 => format!("{lhs} {}{matching} {rhs}", self.random.of(&["and", "or", "unless", "AND"])),
            1 => format!("{lhs}{blank}{}{matching} {rhs}", self.random.of(&["==", "!= bool", ">", "<=bool"])),
            2 => format!("{lhs}{blank}{}{}", self.random.of(&["+", "-", "*", ">", "^"]), self.scalar(1)),
            _ => {
                let many = match self.random.below(4) {
                    0 if !matching.is_empty() => {
                        self.random.of(&[" group_left", " group_right()", " GROUP_LEFT(x)"])
                    }
                    _ => "",
                };
                let op = self.random.of(&["+", "-", "*", "/", "%", "^", " atan2"]);
                format!("{lhs}{blank}{op}{matching}{many} {rhs}")
            }
        }
    }

    fn vector(&mut self, depth: usize) -> String {
        if depth == 0 {
            return format!("{}{}", self.selector(), self.shift());
        }
        match self.random.below(12) {
            0 | 1 => format!("{}{}", self.selector(), self.shift()),
            2 => format!("{}({})", self.random.of(&VECTOR_FUNCTIONS), self.vector(depth - 1)),
            3 | 4 => {
                format!("{}({}{})", self.random.of(&RANGE_FUNCTIONS), self.blank(), self.range(depth - 1))
            }
            5 => format!("histogram_quantile({}, {})", self.scalar(1), self.vector(depth - 1)),
            6 => {
                let texts: Vec<&str> = (0..3).map(|_| self.random.of(&TEXTS)).collect();
                format!("label_join({}, {})", self.vector(depth - 1), texts.join(","))
            }
            7 => format!("{}{}", self.random.of(&["-", "+", "- "]), self.vector(depth - 1)),
            8 => format!("({}{})", self.vector(depth - 1), self.blank()),
            9 => self.aggregate(depth),
            _ => self.binary(depth),
        }
    }
}
