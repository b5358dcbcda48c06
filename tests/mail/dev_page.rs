//! `/dev/mail`: for a newcomer at the sample shop on this machine, and for nobody else.

use crate::shop::{Shop, eventually, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_reads_the_mails_of_the_sample_shop() {
    let shop = Shop::start().await;
    let sku = shop.sku_with(5).await;
    let guest = shop.guest();
    let order = guest.buy(&sku, 1).await;
    let reference = text(&order["reference"]).to_owned();
    let page = async || String::from_utf8(shop.guest().get("/dev/mail").await.bytes.to_vec()).unwrap();
    eventually("the confirmation is shown", async || page().await.contains(&reference)).await;
    let answer = shop.guest().get("/dev/mail").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.header("referrer-policy"),
        Some("no-referrer"),
        "links of mails tell nobody where they were read"
    );
    let html = page().await;
    assert!(!html.contains("<script") && !html.contains(" style="), "{html}");
    let at = html.find(&reference).expect("the mail");
    let link = html[..at].rsplit("href=\"").next().and_then(|rest| rest.split('"').next()).expect("a link");
    let one = shop.guest().get(link).await;
    assert_eq!(one.status, 200, "{link}");
    assert!(one.header("content-security-policy").unwrap().contains("sandbox"));
    assert!(String::from_utf8(one.bytes.to_vec()).unwrap().contains(&reference));
    for none in ["/dev/mail/x", "/dev/mail/..%2F..%2Fetc%2Fpasswd", "/dev/mail/%2e%2e"] {
        assert_eq!(shop.guest().get(none).await.status, 404, "{none}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_shop_has_no_such_page() {
    let shop = Shop::with(|_| {}).await;
    assert_eq!(shop.guest().get("/dev/mail").await.status, 404);
}
