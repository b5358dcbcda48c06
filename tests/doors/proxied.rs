//! Behind the shop's own proxies: what they tell is believed of them alone, and of the client only what they have heard.

use souk::config::Config;

use super::raw::{Raw, status};
use crate::shop::Shop;

/// A shop whose proxy names the clients' addresses.
pub async fn proxied(change: impl FnOnce(&mut Config)) -> Shop {
    Shop::with(|config| {
        config.http.trusted_hops = 1;
        config.payments.sandbox.allow_public = true;
        change(config);
    })
    .await
}

/// A stream's place is its client's, as long as the stream is open.
async fn stream(shop: &Shop, peer: u8, headers: &str) -> (u16, Raw) {
    let mut stream = Raw::from(shop, peer).await;
    stream.ask("GET /live/sse?topics=stock.THING-01", headers).await;
    (status(&stream.head().await), stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_who_the_proxy_has_heard_whatever_it_says_itself() {
    let shop = proxied(|config| {
        config.http.trusted_proxies = vec!["127.0.0.5".parse().expect("a network")];
        config.live.connections_per_address_max = 1;
    })
    .await;
    let (first, _held) = stream(&shop, 5, "x-forwarded-for: 192.0.2.1\r\n").await;
    assert_eq!(first, 200);
    let forged = "x-forwarded-for: 198.51.100.9\r\nforwarded: for=198.51.100.9\r\nx-forwarded-for: 192.0.2.1\r\n";
    assert_eq!(stream(&shop, 5, forged).await.0, 503, "the same client, with an address of its own making before");
    let (other, _other) = stream(&shop, 5, "x-forwarded-for: 192.0.2.2\r\n").await;
    assert_eq!(other, 200, "another client of the proxy");
    let (direct, _direct) = stream(&shop, 6, "x-forwarded-for: 192.0.2.1\r\n").await;
    assert_eq!(direct, 200, "no proxy: its own address counts");
    assert_eq!(
        stream(&shop, 6, "x-forwarded-for: 192.0.2.3\r\n").await.0,
        503,
        "and whatever it writes it is the same"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scheme_and_host_are_the_proxys_to_tell() {
    let shop = proxied(|config| config.http.trusted_proxies = vec!["127.0.0.5".parse().expect("a network")]).await;
    let write = async |peer: u8, more: &str| {
        let mut client = Raw::from(&shop, peer).await;
        let body = "content-type: application/json\r\ncontent-length: 14\r\nconnection: close\r\n";
        client.ask("PUT /api/cart/lines/THING-01", &format!("{body}{more}")).await;
        client.say(r#"{"quantity":1}"#).await;
        client.rest().await
    };
    let proxied = "x-forwarded-for: 192.0.2.1\r\nx-forwarded-proto: https\r\nx-forwarded-host: shop.example\r\n";
    let own = write(5, &format!("{proxied}origin: https://shop.example\r\n")).await;
    assert!(status(&own) == 200 && own.contains("set-cookie: __Host-souk_session="), "{own}");
    assert!(own.contains("strict-transport-security: max-age=31536000"), "{own}");
    for origin in ["http://shop.example", "https://evil.example"] {
        let foreign = write(5, &format!("{proxied}origin: {origin}\r\n")).await;
        assert!(status(&foreign) == 403 && foreign.contains("foreign_origin"), "{origin}: {foreign}");
    }
    let unproxied = write(6, &format!("{proxied}origin: https://shop.example\r\n")).await;
    assert_eq!(status(&unproxied), 403, "the host of a stranger's header is not ours: {unproxied}");
    let plain = write(6, proxied).await;
    assert!(status(&plain) == 200 && !plain.contains("strict-transport-security"), "{plain}");
}
