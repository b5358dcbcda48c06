//! The program: hands arguments and environment to the command line, and the application to that.

use std::process::ExitCode;

use souk::{app::App, cli};

fn main() -> ExitCode {
    let environment =
        std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
    cli::main(std::env::args_os(), environment, &App)
}
