//! `shop::stock::by_hand`: staff sets units aside without an order, and gives them back.

use souk::{
    actors::gateway::AskError,
    domain::{ids::OrderId, stock::StockRejection},
    shop::stock::by_hand::{HoldRefusal, hold, release},
    testing::{eur, sku, units},
};
use uuid::Uuid;

use super::shop::{Shop, eventually, guest, staff};

const TTL_MS: i64 = 30_000;
const ID: OrderId = OrderId(Uuid::from_u128(50));

/// The levels after, or the refusal.
async fn set_aside(shop: &Shop, n: u32) -> Result<(u64, u64), HoldRefusal> {
    let call = shop.keyed(ID.0, &staff());
    let held = hold(&shop.services, &sku("SHIRT"), ID, units(n), TTL_MS, call).await?.view;
    Ok((held.available, held.held))
}

#[tokio::test(start_paused = true)]
async fn a_hold_sets_units_aside_once_and_ends_by_itself() {
    let shop = Shop::open().await;
    shop.sells("SHIRT", eur(1_000), 5).await;
    assert_eq!(set_aside(&shop, 3).await, Ok((2, 3)));
    assert_eq!(set_aside(&shop, 3).await, Ok((2, 3)), "a retry holds nothing more");
    eventually("its time is over", async || shop.levels("SHIRT").await == (5, 0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_with_other_units_is_refused() {
    let shop = Shop::open().await;
    shop.sells("SHIRT", eur(1_000), 5).await;
    assert_eq!(set_aside(&shop, 3).await, Ok((2, 3)));
    assert_eq!(set_aside(&shop, 2).await, Err(HoldRefusal::KeyReused { units: units(3) }));
    assert_eq!(shop.levels("SHIRT").await, (2, 3, 0));
}

#[tokio::test(start_paused = true)]
async fn more_than_is_there_is_refused_with_the_number() {
    let shop = Shop::open().await;
    shop.sells("SHIRT", eur(1_000), 5).await;
    let short = StockRejection::OutOfStock { requested: units(6), available: 5 };
    assert_eq!(set_aside(&shop, 6).await, Err(HoldRefusal::Stock(AskError::Refused(short))));
}

#[tokio::test(start_paused = true)]
async fn a_hold_by_hand_can_be_given_back() {
    let shop = Shop::open().await;
    shop.sells("SHIRT", eur(1_000), 5).await;
    assert_eq!(set_aside(&shop, 3).await, Ok((2, 3)));
    let levels = release(&shop.services, &staff(), &sku("SHIRT"), ID).await.unwrap().view;
    assert_eq!((levels.available, levels.held), (5, 0));
}

#[tokio::test(start_paused = true)]
async fn the_hold_of_an_order_cannot_be_taken_from_it() {
    let shop = Shop::open().await;
    shop.sells("SHIRT", eur(1_000), 5).await;
    let order = shop.order(1, &guest(1), "SHIRT", 2).await;
    let refused = release(&shop.services, &staff(), &sku("SHIRT"), order).await;
    assert_eq!(refused, Err(HoldRefusal::HoldOfOrder { order }));
    assert_eq!(shop.levels("SHIRT").await, (3, 2, 0));
}
