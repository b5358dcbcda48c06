//! The engineer at three in the morning: the built binary's messages and behaviour when its directory, disk,
//! configuration or input is wrong.

#[path = "common/authenticator.rs"]
mod authenticator;
#[path = "crash/client.rs"]
mod client;
#[path = "operate/directory.rs"]
mod directory;
#[path = "operate/disk.rs"]
mod disk;
#[path = "operate/handles.rs"]
mod handles;
#[path = "operate/import.rs"]
mod import;
#[path = "operate/leftovers.rs"]
mod leftovers;
#[path = "operate/logs.rs"]
mod logs;
#[path = "operate/mail.rs"]
mod mail;
#[path = "common/outbox.rs"]
mod outbox;
#[path = "crash/process.rs"]
mod process;
#[path = "operate/record.rs"]
mod record;
#[path = "operate/secrets.rs"]
mod secrets;
#[path = "operate/security.rs"]
mod security;
#[path = "common/smtp_sink.rs"]
mod sink;

use client::{Call, Person, text};
use process::{Home, Server};
use serde_json::{Value, json};

pub const CSV: &str = "Handle,Title,Vendor,Type,Published,Variant SKU,Variant Inventory Qty,Variant Price,Status
mug-0,Mug 0,Oda,Mugs,TRUE,MUG-0,30,9.90,active
mug-1,Mug 1,Oda,Mugs,TRUE,MUG-1,30,19.90,active
";

/// A shop with two SKUs.
pub async fn shop(env: &[(&'static str, &str)]) -> Home {
    let home = Home::new(env);
    stock(&home).await;
    home
}

/// Puts the two SKUs into an empty shop.
pub async fn stock(home: &Home) {
    let file = home.write("mugs.csv", CSV);
    home.run(&["import", file.to_str().expect("a path")]).await.ok();
}

/// A guest buys one unit; gives the order.
pub async fn buy(server: &Server, guest: &Person, key: &str) -> Value {
    let send = async |call: &Call| guest.send(&server.url, call).await.expect("an answer").ok();
    send(&Call::put("/api/cart/lines/MUG-0", json!({"quantity": 1}))).await;
    let order = send(&Call::checkout(key)).await;
    send(&Call::pay(key, text(&order["id"]), "tok_ok")).await;
    send(&Call::get(format!("/api/orders/{}", text(&order["id"])))).await
}

/// The keys of personal data beside an imported journal.
async fn keys_too(from: &Home, to: &Home) {
    let keys = to.data.join("keys");
    from.run(&["journal", "keys", "--out", keys.to_str().expect("a path")]).await.ok();
}
