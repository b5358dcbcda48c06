//! Every scenario's parameters: rate, time, concurrency. Checked before anything is started.

use std::{path::PathBuf, time::Duration};

use super::{
    error::{LoadError, Result},
    schedule::Arrivals,
};

/// Steps of a sweep at most; each is as long as a run.
pub const SWEEP_STEPS: usize = 16;

#[derive(Clone, Debug)]
pub struct Plan {
    /// Operations a second that are due.
    pub rate: f64,
    /// Measured time, after the warm-up.
    pub seconds: f64,
    pub warm_up: f64,
    pub seed: u64,
    pub connections: usize,
    /// Operations due and unfinished, at most; further ones are counted as not started.
    pub in_flight: usize,
    pub arrivals: Arrivals,
    /// Raises the rate step by step until the shop no longer keeps up.
    pub sweep: bool,
    pub target: Target,
}

#[derive(Clone, Debug)]
pub enum Target {
    /// A server of the run's own, below `dir` (or the system's temporary directory).
    Own { binary: PathBuf, config: Option<PathBuf>, dir: Option<PathBuf> },
    /// A running server.
    Url { url: String, staff: Staff },
}

/// How operators' requests are authorised.
#[derive(Clone)]
pub enum Staff {
    Token(String),
    Login { email: String, password: String },
    Nobody,
}

/// Secrets stay out of every log.
impl std::fmt::Debug for Staff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(..)",
            Self::Login { .. } => "Login(..)",
            Self::Nobody => "Nobody",
        })
    }
}

impl Plan {
    pub fn check(&self) -> Result<()> {
        within("--rate", self.rate, 0.01, 1e6, "operations a second")?;
        within("--seconds", self.seconds, 0.05, 86_400.0, "seconds")?;
        within("--warm-up", self.warm_up, 0.0, 3_600.0, "seconds")?;
        count("--connections", self.connections, 1, 10_000)?;
        count("--in-flight", self.in_flight, 1, 1_000_000)
    }

    pub fn whole(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up + self.seconds)
    }

    pub fn is_own(&self) -> bool {
        matches!(self.target, Target::Own { .. })
    }
}

pub fn within(name: &str, value: f64, min: f64, max: f64, what: &str) -> Result<()> {
    match (min..=max).contains(&value) {
        true => Ok(()),
        // Also where it is not a number.
        false => Err(LoadError::usage(format!("{name} {value}: {min} to {max} {what} expected"))),
    }
}

pub fn count(name: &str, value: usize, min: usize, max: usize) -> Result<()> {
    match (min..=max).contains(&value) {
        true => Ok(()),
        false => Err(LoadError::usage(format!("{name} {value}: a whole number from {min} to {max} expected"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            rate: 10.0,
            seconds: 1.0,
            warm_up: 0.0,
            seed: 1,
            connections: 4,
            in_flight: 8,
            arrivals: Arrivals::Poisson,
            sweep: false,
            target: Target::Url { url: "http://127.0.0.1:1".into(), staff: Staff::Token("secret".into()) },
        }
    }

    #[test]
    fn bad_parameters_are_refused_with_what_is_expected() {
        assert_eq!(plan().check(), Ok(()));
        let bad = [
            (Plan { rate: 0.0, ..plan() }, "--rate 0: 0.01 to 1000000 operations a second expected"),
            (Plan { rate: f64::NAN, ..plan() }, "--rate NaN: 0.01 to 1000000 operations a second expected"),
            (Plan { seconds: -1.0, ..plan() }, "--seconds -1: 0.05 to 86400 seconds expected"),
            (Plan { warm_up: f64::INFINITY, ..plan() }, "--warm-up inf: 0 to 3600 seconds expected"),
            (Plan { connections: 0, ..plan() }, "--connections 0: a whole number from 1 to 10000 expected"),
            (Plan { in_flight: 0, ..plan() }, "--in-flight 0: a whole number from 1 to 1000000 expected"),
        ];
        for (plan, words) in bad {
            assert_eq!(plan.check(), Err(LoadError::usage(words)));
        }
    }

    #[test]
    fn a_plan_that_is_printed_tells_no_secret() {
        assert!(!format!("{:?}", plan()).contains("secret"));
    }
}
