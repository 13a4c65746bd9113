//! A program that writes a file, or to standard output.

use std::{
    env,
    fs::File,
    io::{self, BufWriter, ErrorKind, Write},
    process::ExitCode,
};

/// Where it writes to.
pub type Out = BufWriter<Box<dyn Write>>;

/// What it is told on the command line.
pub trait Args: Sized {
    /// Its name.
    const NAME: &'static str;
    /// What `--help` prints.
    const USAGE: &'static str;

    /// The command line, or none if it asks for help.
    ///
    /// # Errors
    /// If an option is unknown, has no value or a wrong one, or is missing.
    fn parse(words: impl Iterator<Item = String>) -> Result<Option<Self>, String>;

    /// The file to write, if one is named.
    fn out(&self) -> Option<&str>;

    /// Writes what is asked for.
    ///
    /// # Errors
    /// If it can't be written.
    fn write(&self, out: &mut Out) -> io::Result<()>;
}

/// Runs it: exit code 2 if it can't do what it is told.
pub fn main<A: Args>() -> ExitCode {
    let args = match A::parse(env::args().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => {
            print!("{}", A::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprint!("{}: {why}\n\n{}", A::NAME, A::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        // `… | head` has all it wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {}: {error}", A::NAME, args.out().unwrap_or("standard output"));
            ExitCode::from(2)
        }
    }
}

fn run(args: &impl Args) -> io::Result<()> {
    let sink: Box<dyn Write> = match args.out() {
        Some(path) => Box::new(File::create(path)?),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(1 << 20, sink);
    args.write(&mut out)?;
    out.flush()
}

/// A number, in which underscores may stand.
///
/// # Errors
/// If it is none.
pub fn number(flag: &str, value: &str) -> Result<u64, String> {
    value.replace('_', "").parse().map_err(|e| format!("{flag} {value}: {e}"))
}
