//! Attacks on the way between the shop and its providers: codes, states and answers that belong elsewhere; and providers
//! that are dead.

use std::time::Duration;

use serde_json::json;
use souk::config::{Config, OidcProvider};
use tokio::{net::TcpListener, time::timeout};

use super::{
    browser::Browser,
    certified::{Certified, PUBLIC_URL, configured, person},
    lying::{Lying, asked},
};
use crate::shop::{Shop, fresh_email};

async fn shop_with(oidc: Vec<OidcProvider>) -> Shop {
    Shop::with(|config: &mut Config| {
        config.http.public_url = PUBLIC_URL.to_owned();
        config.identity.oidc = oidc;
    })
    .await
}

#[tokio::test]
async fn a_return_is_good_once_and_in_its_own_browser() {
    let people = json!({"ada": person(&fresh_email()), "eve": {"email": fresh_email(), "email_verified": false}});
    let own = Certified::start("own", &people);
    let shop = shop_with(vec![own.configured()]).await;
    let mut ada = Browser::new(&shop);
    let page = ada.start("own").await;
    let path = ada.at_provider(&page, Some("ada")).await;
    let before = ada.jar.clone();

    // Eve has stolen the address that Ada returns to; and she makes Ada's browser return with an answer for Eve.
    let mut eve = Browser::new(&shop);
    eve.get(&path).await.refused(400, "sso_not_begun");
    eve.start("own").await;
    eve.get(&path).await.refused(400, "sso_not_begun");
    let page = eve.start("own").await;
    let hers = eve.at_provider(&page, Some("eve")).await;
    ada.get(&hers).await.refused(400, "sso_not_begun");

    assert_eq!(ada.back(&path).await, "/account");
    ada.get(&path).await.refused(400, "sso_not_begun");
    ada.jar = before;
    assert_eq!(ada.back(&path).await, "/account#sso_error=sso_refused", "the code was used");
    assert_eq!(eve.back(&hers).await, "/account#sso_error=sso_unverified_email");
    let mut nobody = Browser::new(&shop);
    let page = nobody.start("own").await;
    let path = nobody.at_provider(&page, None).await;
    assert_eq!(nobody.back(&path).await, "/account#sso_error=sso_refused");
    nobody.get("/api/auth/oidc/own/callback").await.refused(400, "sso_not_begun");
    nobody.get("/api/auth/oidc/own/callback?state=a&state=b").await.refused(400, "bad_query");
}

#[tokio::test]
async fn the_answer_of_one_provider_is_not_taken_for_anothers() {
    let own = Certified::start("own", &json!({"ada": person(&fresh_email())}));
    let (lying, silent) = (Lying::start(true).await, Lying::start(false).await);
    let providers =
        [("lying", &lying.issuer), ("silent", &silent.issuer)].map(|(name, issuer)| configured(name, issuer));
    let shop = shop_with([vec![own.configured()], providers.to_vec()].concat()).await;
    let mut ada = Browser::new(&shop);
    let page = ada.start("own").await;
    let path = ada.at_provider(&page, Some("ada")).await;
    ada.get(&path.replace("/own/", "/lying/")).await.refused(400, "sso_not_begun");

    // Ada begins with the one that lies; that one sends her on to the other, and hopes for the code that she brings.
    for name in ["lying", "silent"] {
        let state = asked(&ada.start(name).await)["state"].clone();
        let issuer = own.issuer.replace(':', "%3A").replace('/', "%2F");
        let brought = format!("/api/auth/oidc/{name}/callback?code=honest&state={state}&iss={issuer}");
        assert_eq!(ada.back(&brought).await, "/account#sso_error=sso_untrusted");
    }
    let state = asked(&ada.start("lying").await)["state"].clone();
    let unnamed = format!("/api/auth/oidc/lying/callback?code=honest&state={state}");
    assert_eq!(ada.back(&unnamed).await, "/account#sso_error=sso_untrusted", "it promised to name itself");
    assert_eq!((lying.exchanged(), silent.exchanged()), (0, 0), "nobody got the code");
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_or_by_an_unknown_provider() {
    let shop = shop_with(vec![configured("own", "http://127.0.0.1:9")]).await;
    for path in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "account", "%2Fa%0d%0ab"] {
        let start = format!("/api/auth/oidc/own/start?return_to={path}");
        let refusal = shop.guest().get(&start).await.refused(422, "invalid_field");
        assert_eq!(refusal["field"], "return_to", "{path}");
    }
    shop.guest().get("/api/auth/oidc/other/start").await.refused(404, "unknown_oidc_provider");
    shop.guest().get("/api/auth/oidc/other/callback?code=a&state=b").await.refused(404, "unknown_oidc_provider");
    shop.guest().post("/api/auth/oidc/own/link", json!({"return_to": "/"})).await.refused(401, "unauthenticated");
    shop.guest().post("/api/auth/links/confirm", json!({"token": "x.y"})).await.refused(410, "bad_link");
}

#[tokio::test]
async fn a_dead_provider_delays_its_own_log_ins_alone() {
    // One that nobody listens at, and one that takes every connection and never answers.
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = format!("http://{}", taken.local_addr().unwrap());
    let own = Certified::start("own", &json!({"ada": person(&fresh_email())}));
    let providers = vec![configured("gone", "http://127.0.0.1:9"), configured("mute", &mute), own.configured()];
    let shop = shop_with(providers).await;
    let start = async |name: &str| shop.guest().get(&format!("/api/auth/oidc/{name}/start")).await;
    let refused = |answer: crate::shop::Answer| {
        assert!(answer.header("retry-after").is_some());
        answer.refused(503, "sso_unavailable");
    };
    refused(start("gone").await);
    let (first, second, mut ada) = (start("mute"), start("mute"), Browser::new(&shop));
    let (first, second, page) = tokio::join!(first, second, ada.log_in("own", "ada"));
    assert_eq!(page, "/account");
    refused(first);
    refused(second);
    // Who comes next is told at once: it was asked a moment ago.
    refused(timeout(Duration::from_secs(2), start("mute")).await.expect("at once"));
}
