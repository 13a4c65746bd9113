//! The verdict as JUnit's XML: a test suite for each section, a test case for each check.
//!
//! XML can't hold control characters, and CI services print what is here: text is made visible first, and escaped
//! for XML by the writer.

use std::{
    io::{self, Write},
    path::Path,
};

use glyph_analysis::{
    gate::{Check, Judgement, Section, State},
    text::visible,
};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use super::pointers::pointers;

type Out<'a> = Writer<&'a mut dyn Write>;

/// What becomes of a check.
#[derive(PartialEq, Eq)]
enum Outcome {
    Passed,
    Failure,
    Error,
    Skipped,
}

impl Outcome {
    fn of(check: &Check) -> Self {
        match check.state {
            State::Pass => Self::Passed,
            State::Fail => Self::Failure,
            State::Undecided if check.tolerated => Self::Skipped,
            State::Undecided => Self::Error,
        }
    }

    fn element(&self) -> Option<&'static str> {
        match self {
            Self::Passed => None,
            Self::Failure => Some("failure"),
            Self::Error => Some("error"),
            Self::Skipped => Some("skipped"),
        }
    }
}

/// Writes it.
pub(super) fn write(judgement: &Judgement, recording: &Path, out: &mut dyn Write) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&Check> = judgement.checks.iter().collect();
    xml.write_event(Event::Start(counted("testsuites", "glyphctl check", &all)))?;
    for section in Section::ALL {
        let checks: Vec<&Check> = all.iter().copied().filter(|check| check.section == section).collect();
        if !checks.is_empty() {
            xml.write_event(Event::Start(counted("testsuite", section.as_str(), &checks)))?;
            checks.iter().try_for_each(|check| case(check, recording, &mut xml))?;
            xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
        }
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    writeln!(xml.into_inner())
}

fn counted(element: &'static str, name: &str, checks: &[&Check]) -> BytesStart<'static> {
    let mut start = BytesStart::new(element);
    start.push_attribute(("name", name));
    start.push_attribute(("tests", checks.len().to_string().as_str()));
    for (attribute, outcome) in
        [("failures", Outcome::Failure), ("errors", Outcome::Error), ("skipped", Outcome::Skipped)]
    {
        let count = checks.iter().filter(|check| Outcome::of(check) == outcome).count();
        start.push_attribute((attribute, count.to_string().as_str()));
    }
    start
}

fn case(check: &Check, recording: &Path, xml: &mut Out<'_>) -> io::Result<()> {
    let mut start = BytesStart::new("testcase");
    start.push_attribute(("name", visible(&check.name).as_ref()));
    start.push_attribute(("classname", format!("glyph.{}", check.section.as_str()).as_str()));
    let Some(element) = Outcome::of(check).element() else {
        return xml.write_event(Event::Empty(start));
    };
    xml.write_event(Event::Start(start))?;
    let message = visible(&check.message);
    let mut fault = BytesStart::new(element);
    fault.push_attribute(("message", message.as_ref()));
    let lines: Vec<_> = pointers(check, recording);
    if lines.is_empty() {
        xml.write_event(Event::Empty(fault))?;
    } else {
        let text: Vec<_> = lines.iter().map(|line| visible(line)).collect();
        xml.write_event(Event::Start(fault))?;
        xml.write_event(Event::Text(BytesText::new(&text.join("\n"))))?;
        xml.write_event(Event::End(BytesEnd::new(element)))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}
