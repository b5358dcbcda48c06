//! The scenarios and their parameters as a person types them.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use crate::load::{
    Arrivals, LoadError, Plan, Report, Staff, Target, Watch, run,
    scenario::{
        board::Board, browse::Browse, chaos::Chaos, checkout::Checkout, fanout::Fanout, flash_sale::FlashSale,
        long_cart::LongCart,
    },
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
    /// Many shoppers, one SKU, few units: exactly so many are sold, and everybody sees it
    FlashSale {
        #[command(flatten)]
        common: Common,
        /// Shoppers; they come at --rate, and the run ends with the last
        #[arg(long, default_value_t = 1_000, value_name = "N")]
        shoppers: usize,
        /// Units that there are
        #[arg(long, default_value_t = 100, value_name = "N")]
        units: usize,
        /// Sockets on the SKU [default: one for each shopper]
        #[arg(long, value_name = "N")]
        sockets: Option<usize>,
        /// The SKU; must be named with --url, and is set to --units
        #[arg(long, value_name = "SKU")]
        sku: Option<String>,
    },
    /// Many sockets on few topics: how long until a change is seen, and by all
    Fanout {
        #[command(flatten)]
        common: Common,
        /// Sockets, each on one topic
        #[arg(long, default_value_t = 1_000, value_name = "N")]
        sockets: usize,
        /// SKUs that are watched and changed; --rate is of all of them together
        #[arg(long, default_value_t = 1, value_name = "N")]
        topics: usize,
    },
    /// Carts that grow line by line: one more line must cost the same at any length
    LongCart {
        #[command(flatten)]
        common: Common,
        /// Lines of a full cart; then a new one begins
        #[arg(long, default_value_t = 200, value_name = "N")]
        lines: usize,
    },
    /// Operators' boards in a storm of orders: each change reaches every board
    Board {
        #[command(flatten)]
        common: Common,
        /// Boards that are watched
        #[arg(long, default_value_t = 5, value_name = "N")]
        boards: usize,
        /// SKUs that are bought
        #[arg(long, default_value_t = 200, value_name = "N")]
        skus: usize,
    },
    /// Purchases while the run's own server is killed with -9 again and again: nothing acknowledged is lost
    Chaos {
        #[command(flatten)]
        common: Common,
        /// Seconds between two kills, on average
        #[arg(long, default_value_t = 3.0, value_name = "S")]
        kill_every: f64,
        /// SKUs that are bought
        #[arg(long, default_value_t = 50, value_name = "N")]
        skus: usize,
    },
}

#[derive(Clone, Debug, Args)]
pub struct Common {
    /// A shop that runs already, such as http://127.0.0.1:8080 [default: one of the run's own]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// An operator's access token, for --url
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["email", "password_env"])]
    token: Option<String>,
    /// An operator's e-mail, for --url [default: admin@souk.local]
    #[arg(long, value_name = "EMAIL")]
    email: Option<String>,
    /// The environment variable that holds the operator's password [default: SOUK_SUPERADMIN_PASSWORD]
    #[arg(long, value_name = "NAME")]
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
    /// HTTP connections [default: 64; long-cart 8]
    #[arg(long, value_name = "N")]
    connections: Option<usize>,
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
            Self::Browse { common, .. }
            | Self::Checkout { common, .. }
            | Self::FlashSale { common, .. }
            | Self::Fanout { common, .. }
            | Self::LongCart { common, .. }
            | Self::Board { common, .. }
            | Self::Chaos { common, .. } => common,
        }
    }

    pub async fn run(self, config: Option<PathBuf>, watch: &dyn Watch) -> Result<Report, LoadError> {
        let common = self.common().clone();
        let plan = |rate: f64| common.plan(rate, 64, config.clone());
        match self {
            Self::Browse { skus, .. } => {
                run(Browse::new(skus)?, &plan(300.0)?, named([("skus", skus.into())]), watch).await
            }
            Self::Checkout { skus, lines, .. } => {
                let own = named([("skus", skus.into()), ("lines", lines.into())]);
                run(Checkout::new(skus, lines)?, &plan(100.0)?, own, watch).await
            }
            Self::FlashSale { shoppers, units, sockets, sku, .. } => {
                let sale = FlashSale::new(shoppers, units, sockets, sku.clone())?;
                let own = [("shoppers", shoppers.into()), ("units", units.into()), ("sku", sku.into())];
                run(sale, &common.sale(plan(200.0)?, shoppers)?, named(own), watch).await
            }
            Self::Fanout { sockets, topics, .. } => {
                let own = named([("sockets", sockets.into()), ("topics", topics.into())]);
                run(Fanout::new(sockets, topics)?, &plan(20.0)?, own, watch).await
            }
            Self::LongCart { lines, .. } => {
                let plan = common.plan(200.0, 8, config)?;
                run(LongCart::new(lines)?, &plan, named([("lines", lines.into())]), watch).await
            }
            Self::Board { boards, skus, .. } => {
                let own = named([("boards", boards.into()), ("skus", skus.into())]);
                run(Board::new(boards, skus)?, &plan(100.0)?, own, watch).await
            }
            Self::Chaos { kill_every, skus, .. } => {
                let own = named([("kill_every", kill_every.into()), ("skus", skus.into())]);
                run(Chaos::new(kill_every, skus)?, &plan(50.0)?, own, watch).await
            }
        }
    }
}

type Named = BTreeMap<&'static str, serde_json::Value>;

fn named<const N: usize>(own: [(&'static str, serde_json::Value); N]) -> Named {
    BTreeMap::from(own)
}

impl Common {
    /// A flash sale lasts as long as its shoppers come.
    fn sale(&self, plan: Plan, shoppers: usize) -> Result<Plan, LoadError> {
        if self.seconds.is_some() || self.warm_up.is_some() {
            let words = "flash-sale ends with its last shopper and has no warm-up: --shoppers and --rate expected";
            return Err(LoadError::usage(format!("--seconds, --warm-up: {words}")));
        }
        // Random arrivals may take longer than the average; the count ends the run.
        let seconds = shoppers as f64 / plan.rate * 2.0 + 60.0;
        let plan = Plan { seconds, warm_up: 0.0, ..plan };
        plan.check().map(|()| plan)
    }

    /// Checked; `rate` and `connections` are the scenario's own defaults.
    fn plan(&self, rate: f64, connections: usize, config: Option<PathBuf>) -> Result<Plan, LoadError> {
        let plan = Plan {
            rate: self.rate.unwrap_or(rate),
            seconds: self.seconds.unwrap_or(10.0),
            warm_up: self.warm_up.unwrap_or(2.0),
            seed: self.seed,
            connections: self.connections.unwrap_or(connections),
            in_flight: self.in_flight,
            arrivals: match self.arrivals {
                Spread::Poisson => Arrivals::Poisson,
                Spread::Constant => Arrivals::Constant,
            },
            sweep: self.sweep,
            target: match &self.url {
                Some(url) => Target::Url { url: url.clone(), staff: self.staff()? },
                None if self.token.is_some() || self.email.is_some() || self.password_env.is_some() => {
                    let words = "--token, --email and --password-env are for --url: the run's own server has its own";
                    return Err(LoadError::usage(words));
                }
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
            // Requested by name, and missing: reported now.
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
