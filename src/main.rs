//! The program: hands arguments and environment to the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    souk::app::main()
}
