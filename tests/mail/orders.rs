//! A whole shop with a mail server: what a shopper is written, in the order of what happened.

use serde_json::json;

use super::sink::{Fault, Sink, Taken};
use crate::shop::{Person, Shop, eventually, fresh_key, text};

async fn shop_with(sink: &Sink) -> Shop {
    let url = sink.url();
    Shop::with(|config| {
        config.mail.smtp_url = url;
        config.mail.from = "Souk <shop@souk.example>".to_owned();
        config.mail.retry_pause_ms = 100;
        config.actors.alarm_poll_ms = 100;
    })
    .await
}

fn subjects(taken: &[Taken]) -> Vec<String> {
    taken.iter().filter_map(|mail| mail.header("Subject").map(str::to_owned)).collect()
}

async fn has_taken(sink: &Sink, n: usize) -> Vec<Taken> {
    eventually(&format!("{n} mails"), async || sink.taken().len() >= n).await;
    sink.taken()
}

async fn captured(guest: &Person<'_>, id: &str) {
    let path = format!("/api/orders/{id}");
    eventually("the money is taken", async || guest.get(&path).await.ok()["payment_status"] == "captured").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shopper_is_written_what_becomes_of_an_order() {
    let sink = Sink::start([]).await;
    let shop = shop_with(&sink).await;
    let (sku, guest, staff) = (shop.sku_with(5).await, shop.guest(), shop.staff());
    let order = guest.buy(&sku, 2).await;
    let (id, reference) = (text(&order["id"]).to_owned(), text(&order["reference"]).to_owned());
    let number = order["number"].as_u64().expect("a number");
    let first = has_taken(&sink, 1).await.remove(0);
    assert_eq!(first.header("Subject"), Some(format!("Your order {number}").as_str()));
    assert_eq!(first.to, ["RCPT TO:<ada@example.org>"]);
    assert!(first.text.contains(&reference), "{}", first.text);
    assert!(!first.text.contains("Lovelace") && !first.text.contains("James"), "no name, no street");
    // The lookup by which a guest finds the order takes exactly what the mail says.
    let found =
        guest.post("/api/orders/lookup", json!({"reference": reference, "email": "ada@example.org"})).await.ok();
    assert_eq!(found["number"], number);

    captured(&guest, &id).await;
    let body = json!({"lines": [{"sku": sku, "quantity": 1}], "carrier": "Post", "tracking": "JJ 1"});
    let path = format!("/api/orders/{id}/fulfilments");
    staff.keyed(hyper::Method::POST, &path, &fresh_key(), body).await.created();
    let parcel = has_taken(&sink, 2).await.remove(1);
    assert_eq!(parcel.header("Subject"), Some(format!("A parcel of your order {number} is on its way").as_str()));
    let wanted = vec![format!("Your order {number}"), format!("A parcel of your order {number} is on its way")];
    assert_eq!(subjects(&sink.taken()), wanted);

    let other = guest.buy(&sku, 1).await;
    has_taken(&sink, 3).await;
    // An authorisation would be voided, and nothing comes back.
    captured(&guest, text(&other["id"])).await;
    guest.delete(&format!("/api/orders/{}", text(&other["id"]))).await;
    let number = other["number"].as_u64().expect("a number");
    let mut last = subjects(&has_taken(&sink, 5).await[3..]);
    last.sort();
    assert_eq!(last, [format!("Money back for your order {number}"), format!("Your order {number} is cancelled")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_sent_once_whatever_the_server_does_first() {
    let plan = [Fault::Closes, Fault::PutsOff, Fault::Closes, Fault::PutsOff];
    let sink = Sink::start(plan).await;
    let shop = shop_with(&sink).await;
    let sku = shop.sku_with(5).await;
    shop.guest().buy(&sku, 1).await;
    assert_eq!(has_taken(&sink, 1).await.len(), 1);
    shop.guest().buy(&sku, 1).await;
    let ids: std::collections::BTreeSet<_> =
        has_taken(&sink, 2).await.iter().filter_map(|mail| mail.header("Message-ID").map(str::to_owned)).collect();
    assert_eq!((ids.len(), sink.taken().len()), (2, 2), "each once");
}

/// The one window that SMTP leaves open: the server has the mail, and its answer is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_acceptance_is_the_same_message_again() {
    let sink = Sink::start([Fault::ClosesAfterData]).await;
    let shop = shop_with(&sink).await;
    let sku = shop.sku_with(5).await;
    shop.guest().buy(&sku, 1).await;
    let taken = has_taken(&sink, 2).await;
    assert_eq!(taken[0], taken[1], "to the byte, so that the recipient's side can tell");
    shop.guest().buy(&sku, 1).await;
    assert_eq!(has_taken(&sink, 3).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_written_where_mails_are_switched_off() {
    let sink = Sink::start([]).await;
    let url = sink.url();
    let shop = Shop::with(|config| {
        config.mail.smtp_url = url;
        config.mail.from = "shop@souk.example".to_owned();
        config.mail.orders = false;
    })
    .await;
    let sku = shop.sku_with(5).await;
    let order = shop.guest().buy(&sku, 1).await;
    // A mail is one of the order's steps: one that is still to be queued would not be in the history yet.
    shop.at_rest(&order).await;
    let history = shop.staff().get(&format!("/api/orders/{}/history", text(&order["id"]))).await.ok();
    assert!(!history.to_string().contains("mail_queued"), "{history}");
    assert_eq!(sink.calls(), 0);
}
