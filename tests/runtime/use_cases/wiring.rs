//! Puts the runtime together as the app does, with the app's read models, over memory: the one file that knows the parts.

use std::{sync::Arc, time::Duration};

use souk::{
    actors::{
        ports::ConnectorEntry,
        probe::NoFaults as NoHarm,
        runtime::{Parts, Runtime},
        settings::{ActorSettings, ConnectorSettings},
    },
    config::Live,
    connectors::payment::PaymentConnector,
    live::Hub,
    persistence::{
        memory_journal::{MemoryJournal, MemoryStorage, NoFaults},
        state_store::MemoryStateStore,
    },
    shop::{self, Front, Services},
    testing::PausedClock,
    transport::{loopback::Loopback, single_node::SingleNode},
};
use uuid::Uuid;

use super::{
    bank::{self, Bank},
    door::{Door, Guarded},
};
use crate::stage::SHARDS;

/// How long a use case waits for the engine.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);
/// Calls that the bank takes at once.
pub const BANK_CALLS_MAX: usize = 2;

pub async fn start(bank: Arc<Bank>, door: Door) -> (Runtime, Services) {
    let front = Front::default();
    let hub = Hub::start(Live::default(), shop::topics(&front));
    let settings = ActorSettings::default();
    let bounds = ConnectorSettings { in_flight_max: BANK_CALLS_MAX, ..ConnectorSettings::default() };
    let connector = Arc::new(PaymentConnector::new(bank));
    let parts = Parts {
        journal: Arc::new(MemoryJournal::open(MemoryStorage::new(Uuid::from_u128(7), SHARDS), Arc::new(NoFaults))),
        store: Arc::new(MemoryStateStore::default()),
        projections: shop::projections(&front).into(),
        listener: Arc::new(hub),
        clock: Arc::new(PausedClock::start()),
        connectors: vec![ConnectorEntry { connector, settings: bounds }],
        transport: Box::new(move |local| Arc::new(Guarded { door, inner: Arc::new(Loopback::new(local)) })),
        placement: Arc::new(SingleNode::new(settings.node.clone(), SHARDS)),
        probe: Arc::new(NoHarm),
        settings,
    };
    let (runtime, gateway) = Runtime::start(parts).await.expect("the runtime starts");
    let providers = vec![bank::NAME.to_owned()];
    (runtime, Services { gateway, front, providers, order_mails: false, command_timeout: COMMAND_TIMEOUT })
}
