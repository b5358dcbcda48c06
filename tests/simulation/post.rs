//! The mail server: what it has taken over survives every crash of the shop, its answers do not always arrive.
//!
//! On one node it looks into the log at each mail: one whose acceptance is committed must never come again. What may come
//! again is the documented window, a mail whose acceptance never reached the log or its sender; it is counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use souk::{
    actors::{
        ports::{Clock, ConnectorEntry, ConnectorFault},
        settings::{BreakerSettings, ConnectorSettings},
    },
    connectors::mail::{Handed, MailConnector, MailTransport, Outgoing, Patience, bounds::BoundsSettings},
    domain::{
        ids::MailId,
        kinds::{AnyView, Kind},
        mail::{Letter, MailStatus, MailView},
        order::{OrderMail, OrderStatus, OrderView},
    },
    identity::{MailTokens, SigningSecret},
    persistence::memory_journal::MemoryStorage,
    shop::{self, mail::Links},
};
use tokio::time::sleep;

use crate::{
    checks::{self, Models},
    faults::Weather,
    rng::Rng,
};

/// Survives crashes.
#[derive(Clone, Default)]
pub struct Post {
    /// How often each mail was taken over.
    pub taken: Arc<Mutex<BTreeMap<MailId, u64>>>,
    pub wrong: Arc<Mutex<Vec<String>>>,
}

/// The server as one life of one node knows it.
pub struct Server {
    pub post: Post,
    pub storage: MemoryStorage,
    pub rng: Rng,
    pub weather: Weather,
    /// No other node can have recorded an acceptance: a deposed owner that was frozen may send once more before it learns.
    pub alone: bool,
    /// Mails whose acceptance this process was told.
    pub told: Mutex<BTreeSet<MailId>>,
}

impl Server {
    /// As the shop registers it. Few calls at once, short pauses and few tries, so that each bound is met.
    pub fn registered(self, clock: Arc<dyn Clock>) -> ConnectorEntry {
        let patience =
            Patience { tries_max: 4, pause: Duration::from_secs(2), give_up_after: Duration::from_secs(3_600) };
        let bounds = BoundsSettings { per_address_hour_max: u32::MAX, per_user_hour_max: u32::MAX };
        let tokens = MailTokens::new(&SigningSecret::from_bytes([7; 32]));
        let links = Links::new(tokens, "http://localhost");
        let render = move |letter: &Letter| shop::mail::render(letter, &links);
        let connector = MailConnector::new(Arc::new(self), Arc::new(render), patience, bounds, clock);
        let breaker = BreakerSettings { failures: 5, rest: Duration::from_secs(5) };
        let settings = ConnectorSettings { in_flight_max: 2, timeout: Duration::from_secs(4), breaker };
        ConnectorEntry { connector: Arc::new(connector), settings }
    }

    fn take(&self, mail: MailId) {
        let key = mail.key();
        let committed = || {
            let models = checks::fold_of(&self.storage, |of| *of == key);
            models.get(&key).is_some_and(|(_, model)| status(&model.view()) == MailStatus::Accepted)
        };
        if (self.alone && committed()) || self.told.lock().unwrap().contains(&mail) {
            self.post.wrong.lock().unwrap().push(format!("mail {mail} came again after its acceptance was recorded"));
        }
        *self.post.taken.lock().unwrap().entry(mail).or_default() += 1;
    }
}

impl MailTransport for Server {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn send(&self, mail: Outgoing) -> BoxFuture<'_, Result<Handed, ConnectorFault>> {
        async move {
            let (rng, faults) = (&self.rng, self.weather.now().provider_faults);
            // Now and then longer than the shop waits.
            let slow = if rng.one_in(faults) { 6_000 } else { 20 };
            sleep(rng.millis(slow)).await;
            match () {
                () if rng.one_in(faults) => return Err(ConnectorFault::Unavailable("not reached".into())),
                () if rng.one_in(faults) => return Ok(Handed::NotNow { code: "smtp_451".into() }),
                () if rng.one_in(faults.saturating_mul(6)) => return Ok(Handed::Refused { code: "smtp_550".into() }),
                () => self.take(mail.id),
            }
            sleep(rng.millis(slow)).await;
            if rng.one_in(faults) {
                return Err(ConnectorFault::Unavailable("closed before the answer".into()));
            }
            self.told.lock().unwrap().insert(mail.id);
            Ok(Handed::Accepted)
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        async move {
            sleep(self.rng.millis(20)).await;
            match self.rng.one_in(self.weather.now().provider_faults) {
                true => Err(ConnectorFault::Unavailable("down".into())),
                false => Ok(()),
            }
        }
        .boxed()
    }
}

fn status(view: &AnyView) -> MailStatus {
    match view {
        AnyView::Mail(mail) => mail.status,
        _ => MailStatus::None,
    }
}

fn mails(models: &Models) -> impl Iterator<Item = (MailId, MailView)> {
    models.iter().filter(|(key, _)| key.kind == Kind::Mail).filter_map(|(key, (_, model))| match model.view() {
        AnyView::Mail(view) => Some((key.id.parse().ok()?, view)),
        _ => None,
    })
}

/// Mails without an end (none, once the shop is at rest).
pub fn under_way(storage: &MemoryStorage) -> Vec<String> {
    let models = checks::fold_of(storage, |key| key.kind == Kind::Mail);
    let open = mails(&models).filter(|(_, mail)| mail.status == MailStatus::Queued);
    open.map(|(id, mail)| format!("G4: mail {id} is still {mail:?}")).collect()
}

/// A run's counts.
#[derive(Debug, Default)]
pub struct Mails {
    pub accepted: u64,
    pub not_accepted: u64,
    /// Of the documented window.
    pub again: u64,
}

/// Each event that is told of has its mail; an accepted mail was taken over; none came again but in the window.
pub fn check(post: &Post, models: &Models, orders: &[OrderView], broken: &mut Vec<String>) -> Mails {
    broken.append(&mut post.wrong.lock().unwrap());
    let taken = post.taken.lock().unwrap().clone();
    let mut sum = Mails { again: taken.values().map(|times| times - 1).sum(), ..Mails::default() };
    for (id, mail) in mails(models) {
        match mail.status {
            MailStatus::Accepted if taken.contains_key(&id) => sum.accepted += 1,
            MailStatus::Accepted => broken.push(format!("mail {id} counts as accepted, and nobody has it")),
            MailStatus::Refused | MailStatus::GivenUp => sum.not_accepted += 1,
            MailStatus::None | MailStatus::Queued => broken.push(format!("G4: mail {id} is {mail:?}")),
        }
    }
    for order in orders {
        let Some(placed) = &order.placement else { continue };
        let confirmed = order.number.map(|_| OrderMail::Confirmed);
        let cancelled = confirmed.clone().filter(|_| order.lifecycle == OrderStatus::Cancelled);
        let cancelled = cancelled.map(|_| OrderMail::Cancelled);
        let parcels = order.fulfilments.iter().map(|parcel| OrderMail::Parcel { fulfilment: parcel.id });
        for owed in confirmed.into_iter().chain(cancelled).chain(parcels) {
            if !models.contains_key(&owed.id(placed.order).key()) {
                broken.push(format!("order {} never wrote {owed:?}", placed.order));
            }
        }
    }
    for id in taken.keys().filter(|id| !models.contains_key(&id.key())) {
        broken.push(format!("mail {id} was sent and never queued"));
    }
    sum
}
