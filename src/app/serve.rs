//! `souk serve`: start, run, end; and in a cluster start anew in the same process after a failure that a start mends.
//!
//! A node that folded what the log does not have (an odd copy of a server's, records that the servers lost) cannot go on:
//! states, rows, memory and frames rest on it. The start compares the state store with the log, empties it where they
//! differ and folds anew from what the log's leader confirms; so the node ends what it has and starts, as its supervisor
//! would do it (docs/adr/0018). Deliberately absent: a second way of repair inside the runtime; a start anew on one
//! machine, where a failure is the disk's and only a new process can trust what it reads.

use std::{collections::VecDeque, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, sleep},
};

use super::{offline, shop::Shop};
use crate::{
    actors::runtime::{Cause, Stopped},
    cli::{Endpoints, Failure},
    config::Config,
    persistence::{ballast, says_full},
};

/// From a start on a full disk to the next try.
const ROOM_PAUSE: Duration = Duration::from_secs(2);
/// Starts anew within [`PER`], at most; the next failure ends the process with what to do: a log that differs again and
/// again needs a person.
const ANEW_MAX: usize = 3;
const PER: Duration = Duration::from_secs(3600);

pub(super) async fn serve(
    mut config: Config,
    sample: bool,
    ready: impl FnOnce(Endpoints) + Send,
) -> Result<(), Failure> {
    let mut asked = AskedToEnd::listen()?;
    let (mut ready, mut anew) = (Some(ready), Anew::default());
    while let Some(mut shop) = started(&config, sample, &mut asked).await? {
        if let Some(ready) = ready.take() {
            ready(Endpoints {
                address: shop.address,
                scheme: shop.scheme,
                superadmin_password: shop.superadmin_password.take(),
                mail_page: shop.mail_page,
                durability: shop.engine.durability.to_owned(),
                cluster: shop.engine.cluster.clone(),
            });
        }
        // Where the system chose the port, clients know the one of the first start.
        config.http.listen = shop.address;
        let failed = shop.engine.failed();
        let stopped = tokio::select! {
            signal = asked.signalled() => {
                tracing::info!("{signal}: draining");
                shop.stop().await;
                return Ok(());
            }
            stopped = failed => stopped,
        };
        if !config.cluster.is_on() || stopped.cause != Cause::Log || !anew.may(Instant::now()) {
            return Err(explained(&stopped, &config));
        }
        tracing::warn!(why = %stopped.reason, "this node folded what the log does not have: it starts anew");
        metrics::counter!("souk_starts_anew_total").increment(1);
        shop.give_up().await;
    }
    Ok(())
}

/// A started shop; `None`: the process was asked to end while it waited for room on the disk.
async fn started(config: &Config, sample: bool, asked: &mut AskedToEnd) -> Result<Option<Shop>, Failure> {
    loop {
        let full = match Shop::start(config, sample).await {
            Ok(shop) => return Ok(Some(shop)),
            // A node of a cluster ends: the others serve, and its supervisor starts it again.
            Err(error) if says_full(&error.to_string()) && !config.cluster.is_on() => error,
            Err(error) => return Err(offline::explain(&error, config)),
        };
        if ballast::release(&config.data.dir) {
            continue;
        }
        tracing::error!(error = %full, again_after = ?ROOM_PAUSE, "the disk is full; the start goes on once there is room");
        tokio::select! {
            () = sleep(ROOM_PAUSE) => {}
            _ = asked.signalled() => return Ok(None),
        }
    }
}

/// Nothing can be acknowledged any more, and on one machine the page cache cannot be trusted.
fn explained(stopped: &Stopped, config: &Config) -> Failure {
    let hint = match config.cluster.is_on() {
        false => "check the disk, then start again: what was acknowledged is in the journal",
        true => "start again; docs/operations-cluster.md says what each reason means",
    };
    Failure::new(format!("the engine failed: {}", stopped.reason)).hint(hint)
}

/// The newest starts anew, at most [`ANEW_MAX`].
#[derive(Default)]
struct Anew(VecDeque<Instant>);

impl Anew {
    fn may(&mut self, now: Instant) -> bool {
        self.0.retain(|start| now.duration_since(*start) < PER);
        let may = self.0.len() < ANEW_MAX;
        if may {
            self.0.push_back(now);
        }
        may
    }
}

struct AskedToEnd {
    term: Signal,
    interrupt: Signal,
    /// A closed terminal: by itself it would end the process without a drain.
    hangup: Signal,
}

impl AskedToEnd {
    fn listen() -> Result<Self, Failure> {
        let of = |kind| signal(kind).map_err(|error| Failure::new(format!("signals: {error}")));
        Ok(Self {
            term: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
            hangup: of(SignalKind::hangup())?,
        })
    }

    async fn signalled(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_starts_anew_a_few_times_an_hour() {
        let (mut anew, begun) = (Anew::default(), Instant::now());
        let minute = Duration::from_secs(60);
        assert_eq!([0, 1, 2, 3, 30].map(|n| anew.may(begun + minute * n)), [true, true, true, false, false]);
        assert_eq!([60, 60, 61, 62].map(|n| anew.may(begun + minute * n)), [true, false, true, true]);
    }
}
