//! JUnit's XML, which CI services read: suites of cases.
//!
//! XML can't hold control characters, and CI services print what is here: text is made visible first, and escaped
//! for XML by the writer.

use std::io::{self, Write};

use glyph_analysis::text::visible;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

type Out<'a> = Writer<&'a mut dyn Write>;

/// Cases that belong together.
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
}

/// One thing that was checked.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) class: String,
    /// How long it took.
    pub(crate) seconds: Option<f64>,
    pub(crate) outcome: Outcome,
}

/// What became of it.
pub(crate) enum Outcome {
    Passed,
    /// It is not as it should be.
    Failure(Fault),
    /// It can't be judged.
    Error(Fault),
    Skipped(Fault),
}

/// What there is to say of it: in a line, and in more.
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) lines: Vec<String>,
}

impl Outcome {
    fn element(&self) -> Option<(&'static str, &Fault)> {
        match self {
            Self::Passed => None,
            Self::Failure(fault) => Some(("failure", fault)),
            Self::Error(fault) => Some(("error", fault)),
            Self::Skipped(fault) => Some(("skipped", fault)),
        }
    }
}

/// Writes suites, without those that have no case.
pub(crate) fn write(name: &str, suites: &[Suite], out: &mut dyn Write) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    xml.write_event(Event::Start(counted("testsuites", name, all)))?;
    for suite in suites.iter().filter(|suite| !suite.cases.is_empty()) {
        xml.write_event(Event::Start(counted("testsuite", &suite.name, || suite.cases.iter())))?;
        suite.cases.iter().try_for_each(|case| write_case(case, &mut xml))?;
        xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    writeln!(xml.into_inner())
}

fn counted<'c, I: Iterator<Item = &'c Case>>(
    element: &'static str,
    name: &str,
    cases: impl Fn() -> I,
) -> BytesStart<'static> {
    let mut start = BytesStart::new(element);
    start.push_attribute(("name", visible(name).as_ref()));
    start.push_attribute(("tests", cases().count().to_string().as_str()));
    for (attribute, element) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
        let is_such = |case: &&Case| case.outcome.element().is_some_and(|(name, _)| name == element);
        start.push_attribute((attribute, cases().filter(is_such).count().to_string().as_str()));
    }
    start
}

fn write_case(case: &Case, xml: &mut Out<'_>) -> io::Result<()> {
    let mut start = BytesStart::new("testcase");
    start.push_attribute(("name", visible(&case.name).as_ref()));
    start.push_attribute(("classname", visible(&case.class).as_ref()));
    if let Some(seconds) = case.seconds {
        start.push_attribute(("time", format!("{seconds:.3}").as_str()));
    }
    let Some((element, fault)) = case.outcome.element() else {
        return xml.write_event(Event::Empty(start));
    };
    xml.write_event(Event::Start(start))?;
    let mut element_start = BytesStart::new(element);
    element_start.push_attribute(("message", visible(&fault.message).as_ref()));
    if fault.lines.is_empty() {
        xml.write_event(Event::Empty(element_start))?;
    } else {
        let text: Vec<_> = fault.lines.iter().map(|line| visible(line)).collect();
        xml.write_event(Event::Start(element_start))?;
        xml.write_event(Event::Text(BytesText::new(&text.join("\n"))))?;
        xml.write_event(Event::End(BytesEnd::new(element)))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}
