//! The scenarios and their parameters as a person types them.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use crate::load::{
    Arrivals, LoadError, Plan, Report, Staff, Target, Watch, run,
    scenario::{browse::Browse, checkout::Checkout},
};

#[derive(Debug, Subcommand)]
pub enum Scenario {
    /// An ordinary day: 10 lists and products, 2 adds, 3 looks at the cart, 1 purchase
    Browse {
        #[command(flatten)]
        common: Common,
        /// SKUs that are bought
        #[arg(long, default_value_t = 200, value_name = "N")]
        skus: usize,
    },
    /// New guests who fill a cart, order and pay
    Checkout {
        #[command(flatten)]
        common: Common,
        /// SKUs that are bought
        #[arg(long, default_value_t = 200, value_name = "N")]
        skus: usize,
        /// Lines of each order
        #[arg(long, default_value_t = 1, value_name = "N")]
        lines: usize,
    },
}

#[derive(Clone, Debug, Args)]
pub struct Common {
    /// A shop that runs already, such as http://127.0.0.1:8080 [default: one of the run's own]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// An operator's access token, for --url
    #[arg(long, value_name = "TOKEN", requires = "url", conflicts_with_all = ["email", "password_env"])]
    token: Option<String>,
    /// An operator's e-mail, for --url [default: admin@souk.local]
    #[arg(long, value_name = "EMAIL", requires = "url")]
    email: Option<String>,
    /// The environment variable that holds the operator's password [default: SOUK_SUPERADMIN_PASSWORD]
    #[arg(long, value_name = "NAME", requires = "url")]
    password_env: Option<String>,
    /// Operations that are due in a second
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// Measured time [default: 10]
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Time before it, whose operations are not measured [default: 2]
    #[arg(long, value_name = "S")]
    warm_up: Option<f64>,
    /// Decides arrivals and choices
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// HTTP connections
    #[arg(long, default_value_t = 64, value_name = "N")]
    connections: usize,
    /// Operations that are due and not answered, at most; more are counted as not started
    #[arg(long, default_value_t = 4_096, value_name = "N")]
    in_flight: usize,
    /// How arrivals are spread
    #[arg(long, value_enum, default_value = "poisson")]
    arrivals: Spread,
    /// Raise the rate by half, step by step, until the shop no longer keeps up
    #[arg(long)]
    sweep: bool,
    /// Where the run's own server keeps its data [default: a temporary directory]
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    dir: Option<PathBuf>,
    /// Write the report as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the report as one HTML page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spread {
    Poisson,
    Constant,
}

impl Scenario {
    pub fn common(&self) -> &Common {
        match self {
            Self::Browse { common, .. } | Self::Checkout { common, .. } => common,
        }
    }

    pub async fn run(self, config: Option<PathBuf>, watch: &dyn Watch) -> Result<Report, LoadError> {
        let common = self.common().clone();
        let plan = |rate: f64| common.plan(rate, config.clone());
        match self {
            Self::Browse { skus, .. } => {
                run(Browse::new(skus)?, &plan(300.0)?, BTreeMap::from([("skus", skus.into())]), watch).await
            }
            Self::Checkout { skus, lines, .. } => {
                let own = BTreeMap::from([("skus", skus.into()), ("lines", lines.into())]);
                run(Checkout::new(skus, lines)?, &plan(100.0)?, own, watch).await
            }
        }
    }
}

impl Common {
    /// Checked; `rate` is the scenario's own default.
    fn plan(&self, rate: f64, config: Option<PathBuf>) -> Result<Plan, LoadError> {
        let plan = Plan {
            rate: self.rate.unwrap_or(rate),
            seconds: self.seconds.unwrap_or(10.0),
            warm_up: self.warm_up.unwrap_or(2.0),
            seed: self.seed,
            connections: self.connections,
            in_flight: self.in_flight,
            arrivals: match self.arrivals {
                Spread::Poisson => Arrivals::Poisson,
                Spread::Constant => Arrivals::Constant,
            },
            sweep: self.sweep,
            target: match &self.url {
                Some(url) => Target::Url { url: url.clone(), staff: self.staff()? },
                None => Target::Own { binary: this_program()?, config, dir: self.dir.clone() },
            },
        };
        plan.check().map(|()| plan)
    }

    fn staff(&self) -> Result<Staff, LoadError> {
        if let Some(token) = &self.token {
            return Ok(Staff::Token(token.clone()));
        }
        let name = self.password_env.as_deref().unwrap_or("SOUK_SUPERADMIN_PASSWORD");
        let email = self.email.clone().unwrap_or_else(|| crate::load::own::EMAIL.to_owned());
        match std::env::var(name) {
            Ok(password) => Ok(Staff::Login { email, password }),
            // Asked for by name, and not there: said now.
            Err(_) if self.password_env.is_some() || self.email.is_some() => {
                Err(LoadError::usage(format!("the environment variable {name} with the password of {email} expected")))
            }
            Err(_) => Ok(Staff::Nobody),
        }
    }
}

fn this_program() -> Result<PathBuf, LoadError> {
    std::env::current_exe().map_err(|error| LoadError::failed(format!("this program's own path: {error}")))
}
