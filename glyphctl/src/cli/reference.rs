//! `docs/reference/`: the help of every command of both programs, as pages. `GLYPH_BLESS=1` writes them anew.

use clap::Command;

use super::Program;
use crate::committed::assert_committed;

/// How wide the help is in the pages.
const COLUMNS: usize = 100;

#[test]
fn the_pages_in_docs_are_the_help_of_the_programs() {
    for program in Program::ALL {
        assert_committed(&format!("reference/{}.md", program.name()), &page(program));
    }
}

fn page(program: Program) -> String {
    let mut command = program.command().disable_help_subcommand(true).term_width(COLUMNS);
    command.build();
    let name = program.name();
    let mut text = format!(
        "# {name}\n\nWhat `{name} --help` says, and that of every command. Made from the code by a test: don't edit it.\n"
    );
    section(&command, &mut text);
    text
}

fn section(command: &Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let is_top = !name.contains(' ');
    // What is the same everywhere is said once.
    let hidden = |arg: clap::Arg| {
        let everywhere = arg.is_global_set() || ["help", "version"].contains(&arg.get_id().as_str());
        arg.hide(everywhere && !is_top)
    };
    let help = command.clone().mut_args(hidden).render_long_help().to_string();
    let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    // The help has backticks in it.
    text.push_str(&format!("\n## {name}\n\n~~~text\n{}\n~~~\n", help.trim_end()));
    command.get_subcommands().for_each(|below| section(below, text));
}
