//! The shop's use cases called as functions, on the real runtime and on paused time: every outcome and every refusal.
//!
//! One file for each use case (payment has three), in the shop's words. `wiring` puts the runtime together, `shop` is the shop with its
//! verbs, `bank` the payment provider, `door` holds chosen commands back. Absent: HTTP, JSON and status codes
//! (`tests/api`), parallel clients over sockets (`tests/races`), crashes (the simulation).

#[path = "use_cases/bank.rs"]
mod bank;
#[path = "use_cases/by_hand.rs"]
mod by_hand;
#[path = "use_cases/cancel.rs"]
mod cancel;
#[path = "use_cases/checkout.rs"]
mod checkout;
#[path = "use_cases/door.rs"]
mod door;
#[path = "use_cases/late_money.rs"]
mod late_money;
#[path = "use_cases/payment.rs"]
mod payment;
#[path = "use_cases/payment_refused.rs"]
mod payment_refused;
#[path = "use_cases/prices.rs"]
mod prices;
#[path = "use_cases/shop.rs"]
mod shop;
#[path = "use_cases/wiring.rs"]
mod wiring;
