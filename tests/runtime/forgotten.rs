//! Carts come and go: one that nobody touches is forgotten, and one that nobody filled is never made. And what may be
//! written while the disk is nearly full.

use std::{sync::Arc, time::Duration};

use souk::{
    actors::{
        gateway::{AskError, Asked, Call, Gateway},
        ports::{Space, journal::Shard},
    },
    domain::{
        cart::{Cart, CartCommand, CartRejection, Item},
        ids::{Sku, UserId},
        key::EntityKey,
        kinds::Kind,
        stock::Stock,
    },
    persistence::state_store::MemoryStateStore,
    testing::{self, eur},
};
use tokio::time::sleep;

use crate::stage::{SHARDS, Stage, WITHIN, call, eventually, order, receive};

const CART: &str = "01920000-0000-7000-8000-000000000001";
const DAY: Duration = Duration::from_secs(86_400);

fn sku() -> Sku {
    testing::sku("MUG")
}

async fn ask(gateway: &Gateway, command: CartCommand, call: Call) -> Asked<Cart> {
    gateway.ask::<Cart>(CART, command, call).await
}

fn lines(units: u32, add: bool) -> CartCommand {
    let item = Item { sku: sku(), name: "Mug".to_owned(), unit_price: eur(990) };
    CartCommand::SetLines { owner: UserId::default(), lines: vec![(item, units)], add }
}

async fn put(gateway: &Gateway, n: u128, units: u32) -> Asked<Cart> {
    ask(gateway, lines(units, false), call(n)).await
}

fn key() -> EntityKey {
    EntityKey::new(Kind::Cart, CART)
}

fn stored(stage: &Stage) -> (Option<u64>, bool, usize, usize) {
    let state = stage.store.load(&key()).unwrap();
    let shard = Shard(key().shard_of(SHARDS));
    let alarms = stage.store.rows(Space::TAIL, "alarms", &shard.0.to_be_bytes(), None, 9).unwrap();
    let history = stage.store.history(&key(), 1, 99).unwrap();
    (state.as_ref().map(|it| it.version), state.is_some_and(|it| it.json.is_empty()), alarms.len(), history.len())
}

#[tokio::test(start_paused = true)]
async fn a_cart_that_nobody_touches_is_forgotten_and_may_begin_anew() {
    let mut stage = Stage::new();
    stage.settings.actors.alarm_poll_ms = 60_000;
    let life = stage.start().await;
    put(&life.gateway, 1, 1).await.unwrap();
    put(&life.gateway, 2, 5).await.unwrap();
    eventually("it is stored", || stored(&stage) == (Some(2), false, 1, 2)).await;
    sleep(DAY * 29).await;
    assert_eq!(life.gateway.read::<Cart>(CART, WITHIN).await.unwrap().view.items, 5);
    sleep(DAY * 3).await;
    eventually("its state, rows and history are gone", || stored(&stage) == (Some(3), true, 0, 0)).await;
    assert_eq!(life.gateway.status().residents, 0, "the alarm's actor is idle by now");
    let read = life.gateway.read::<Cart>(CART, WITHIN).await.unwrap();
    assert_eq!((read.version, read.view.items, read.view.owner), (3, 0, None), "its version never falls");
    assert_eq!(life.gateway.status().residents, 0, "and nobody wakes for it");
    let again = put(&life.gateway, 3, 7).await.unwrap();
    assert_eq!((again.version, again.view.items, again.view.owner), (4, 7, Some(UserId::default())));
    eventually("the new life is stored", || stored(&stage) == (Some(4), false, 1, 1)).await;
    life.runtime.drain(WITHIN).await;
    // From the log alone it is the same cart.
    let anew = Stage { store: Arc::new(MemoryStateStore::default()), ..stage.clone() };
    let life = anew.start().await;
    let read = life.gateway.read::<Cart>(CART, WITHIN).await.unwrap();
    assert_eq!((read.version, read.view.items), (4, 7));
    eventually("and stored as before", || stored(&anew) == stored(&stage)).await;
}

#[tokio::test(start_paused = true)]
async fn commands_to_a_cart_that_nobody_filled_wake_nobody() {
    let stage = Stage::new();
    let life = stage.start().await;
    let refused = ask(&life.gateway, CartCommand::RemoveLine { sku: sku() }, call(1)).await;
    assert_eq!(refused, Err(AskError::Refused(CartRejection::NoSuchLine { sku: sku() })));
    let begun = ask(&life.gateway, CartCommand::BeginCheckout { order: order(1) }, call(2)).await.unwrap();
    assert_eq!((begun.version, begun.changed), (0, false));
    let expecting = Call { expected_version: Some(4), ..call(3) };
    let conflict = ask(&life.gateway, lines(1, false), expecting).await;
    assert_eq!(conflict, Err(AskError::VersionConflict { expected: 4, actual: 0 }));
    assert_eq!((life.gateway.status().residents, stage.store.load(&key()).unwrap()), (0, None));
    let filled = put(&life.gateway, 4, 1).await.unwrap();
    assert_eq!((filled.version, life.gateway.status().residents), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn in_the_reserve_what_was_accepted_goes_on_and_nothing_begins() {
    let stage = Stage::new();
    let life = stage.start().await;
    ask(&life.gateway, lines(2, true), call(1)).await.unwrap();
    stage.gate.tight.send_replace(true);
    let refused = put(&life.gateway, 2, 9).await;
    let Err(AskError::NoRoom { retry_after_ms: 1.., reason }) = refused else { panic!("{refused:?}") };
    assert_eq!((&*reason, life.gateway.tight().as_deref()), ("the plan says so", Some("the plan says so")));
    assert!(life.gateway.ready().is_ok(), "who only pays must still be sent here");
    // What writes nothing is answered as ever: a retry, a change that is none, a refusal, a read.
    let retry = ask(&life.gateway, lines(2, true), call(1)).await.unwrap();
    assert_eq!((retry.view.items, retry.changed), (2, false));
    assert!(!put(&life.gateway, 3, 2).await.unwrap().changed);
    let too_many = put(&life.gateway, 4, 1_000).await;
    assert!(matches!(too_many, Err(AskError::Refused(CartRejection::BadQuantity { .. }))), "{too_many:?}");
    assert_eq!(life.gateway.read::<Cart>(CART, WITHIN).await.unwrap().version, 1);
    // Staff's work, and what makes room.
    assert_eq!(receive(&life.gateway, "A", 5, 3).await.unwrap().view.received, 3);
    assert!(ask(&life.gateway, CartCommand::RemoveLine { sku: sku() }, call(6)).await.unwrap().changed);
    assert_eq!(life.gateway.read::<Stock>("A", WITHIN).await.unwrap().version, 1);
    stage.gate.tight.send_replace(false);
    assert_eq!(put(&life.gateway, 7, 9).await.unwrap().view.items, 9);
}
