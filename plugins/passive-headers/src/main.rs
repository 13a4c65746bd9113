//! The plugin as a program of its own.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match glyph_plugin::run(passive_headers::PassiveHeaders::default()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("passive-headers: {e}");
            ExitCode::from(2)
        }
    }
}
