//! The program: hands arguments and environment to the command line, and the application to that.

use std::process::ExitCode;

use souk::cli;

fn main() -> ExitCode {
    let environment =
        std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
    cli::main(std::env::args_os(), environment, &assembly::App)
}

// SKELETON-BEGIN: the integrator replaces this module by `souk::app::App`.
mod assembly {
    use std::{io, path::PathBuf};

    use souk::{
        actors::ports::journal::Commit,
        cli::{Application, Copied, Endpoints, Failure, Imported, Progress, Verified},
        config::Config,
        domain::key::EntityKey,
    };

    pub struct App;

    fn absent<T>() -> Result<T, Failure> {
        Err(Failure::new("this build has no application in it"))
    }

    impl Application for App {
        async fn serve(&self, _: Config, _: bool, _: impl FnOnce(Endpoints) + Send) -> Result<(), Failure> {
            absent()
        }
        async fn import(&self, _: Config, _: PathBuf, _: &Progress) -> Result<Imported, Failure> {
            absent()
        }
        async fn verify(&self, _: Config, _: &Progress) -> Result<Verified, Failure> {
            absent()
        }
        async fn export(&self, _: Config, _: &mut (impl io::Write + Send), _: &Progress) -> Result<Copied, Failure> {
            absent()
        }
        async fn restore(&self, _: Config, _: &mut (impl io::BufRead + Send), _: &Progress) -> Result<Copied, Failure> {
            absent()
        }
        async fn history(&self, _: Config, _: EntityKey) -> Result<Vec<Commit>, Failure> {
            absent()
        }
        fn openapi(&self) -> Result<String, Failure> {
            absent()
        }
    }
}
// SKELETON-END
