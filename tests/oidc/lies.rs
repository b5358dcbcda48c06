//! Answers that a certified provider never gives: none of them opens an account, or makes one.

use serde_json::{Value, json};
use souk::config::{Config, OidcPreset, OidcProvider};

use super::{
    browser::Browser,
    certified::{PUBLIC_URL, SECRET, configured},
    lying::{Lying, Says, Signed, asked},
};
use crate::shop::Shop;

async fn shop_before(lying: &Lying) -> Shop {
    shop_with(configured("lying", &lying.issuer)).await
}

async fn shop_with(provider: OidcProvider) -> Shop {
    let oidc = vec![provider];
    Shop::with(|config: &mut Config| {
        config.http.public_url = PUBLIC_URL.to_owned();
        config.http.trusted_hops = 1;
        // Beside a proxy it would sell for nothing.
        config.payments.sandbox.enabled = false;
        config.identity.oidc = oidc;
    })
    .await
}

/// The page that a visit ends at, where the provider lies in its token.
async fn ends_at(shop: &Shop, lying: &Lying, lie: impl FnOnce(&mut Says)) -> String {
    visit(&mut Browser::somewhere(shop), lying, lie).await
}

async fn visit(browser: &mut Browser<'_>, lying: &Lying, lie: impl FnOnce(&mut Says)) -> String {
    let page = browser.start("lying").await;
    lying.say(&page, lie);
    let state = &asked(&page)["state"];
    browser.back(&format!("/api/auth/oidc/lying/callback?code=c&state={state}")).await
}

const UNTRUSTED: &str = "/account#sso_error=sso_untrusted";

#[tokio::test]
async fn what_a_provider_asks_for_is_asked_with_pkce_state_and_nonce() {
    let lying = Lying::start(false).await;
    let shop = shop_before(&lying).await;
    let page = Browser::new(&shop).start("lying").await;
    let sent = asked(&page);
    assert!(page.starts_with(&format!("{}/authorize?", lying.issuer)), "{page}");
    assert_eq!((sent["response_type"].as_str(), sent["client_id"].as_str()), ("code", "souk"));
    assert_eq!((sent["code_challenge_method"].as_str(), sent["code_challenge"].len()), ("S256", 43));
    assert_eq!((sent["state"].len(), sent["nonce"].len()), (43, 43));
    assert_eq!(sent["scope"], "openid+email+profile");
    assert_eq!(sent["redirect_uri"], "https%3A%2F%2Fshop.example%2Fapi%2Fauth%2Foidc%2Flying%2Fcallback");
    let again = asked(&Browser::new(&shop).start("lying").await);
    assert!(["state", "nonce", "code_challenge"].iter().all(|code| sent[*code] != again[*code]));
}

#[tokio::test]
async fn a_token_that_is_not_ours_now_and_its_own_opens_nothing() {
    let lying = Lying::start(false).await;
    let shop = shop_before(&lying).await;
    type Lie = (&'static str, fn(&mut Says));
    let lies: [Lie; 15] = [
        ("another nonce", |says| says.claims["nonce"] = json!("another")),
        ("no nonce", |says| says.claims["nonce"] = json!(null)),
        ("another issuer", |says| says.claims["iss"] = json!("https://accounts.google.com")),
        ("another audience", |says| says.claims["aud"] = json!("another")),
        ("a further audience", |says| says.claims["aud"] = json!(["souk", "another"])),
        ("issued to another", |says| says.claims["azp"] = json!("another")),
        ("too old", |says| says.claims["exp"] = json!(1_700_000_000)),
        ("no end", |says| says.claims["exp"] = json!(null)),
        ("nobody", |says| says.claims["sub"] = json!(null)),
        ("another key", |says| says.signed = Signed::By(2)),
        ("an unknown key", |says| (says.header["kid"], says.signed) = (json!("key-2"), Signed::By(2))),
        ("no signature", |says| (says.header, says.signed) = (json!({"alg": "none"}), Signed::ByNobody)),
        ("our secret's", |says| (says.header, says.signed) = (json!({"alg": "HS256"}), Signed::BySecret(SECRET))),
        ("another access token", |says| says.claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("a critical extension", |says| says.header["crit"] = json!(["exp"])),
    ];
    for (lie, change) in lies {
        assert_eq!(ends_at(&shop, &lying, change).await, UNTRUSTED, "{lie}");
    }
    let large = |says: &mut Says| says.claims["name"] = json!("a".repeat(300_000));
    assert_eq!(ends_at(&shop, &lying, large).await, "/account#sso_error=sso_unavailable", "beyond the bound");
    assert_eq!(ends_at(&shop, &lying, |_| {}).await, "/account", "the truth");
    let users = shop.staff().get("/api/users?limit=100").await.ok();
    assert_eq!(users["items"].as_array().map(Vec::len), Some(2), "hers and the superadmin's: {users}");
}

#[tokio::test]
async fn an_address_counts_only_where_the_provider_vouches_for_it() {
    let lying = Lying::start(false).await;
    let shop = shop_before(&lying).await;
    let unverified = "/account#sso_error=sso_unverified_email";
    assert_eq!(ends_at(&shop, &lying, |says| says.claims["email_verified"] = json!(false)).await, unverified);
    let silent = |says: &mut Says| drop(says.claims.as_object_mut().unwrap().remove("email_verified"));
    assert_eq!(ends_at(&shop, &lying, silent).await, unverified);
    assert_eq!(ends_at(&shop, &lying, |says| says.claims["email"] = json!("no address")).await, unverified);
    // Microsoft's word is Microsoft's.
    let organisation = |says: &mut Says| {
        says.claims["email_verified"] = json!(false);
        says.claims["xms_edov"] = json!(true);
    };
    assert_eq!(ends_at(&shop, &lying, organisation).await, unverified);
    // What the token leaves out is asked for elsewhere, and is of the same person or of nobody.
    let elsewhere = |userinfo: Value| {
        move |says: &mut Says| {
            drop(says.claims.as_object_mut().unwrap().remove("email"));
            says.userinfo = userinfo;
        }
    };
    let eve = json!({"sub": "eve", "email": "eve@example.org", "email_verified": true});
    assert_eq!(ends_at(&shop, &lying, elsewhere(eve)).await, UNTRUSTED);
    let bare = json!({"sub": "ada", "email": "ada@example.org"});
    assert_eq!(ends_at(&shop, &lying, elsewhere(bare)).await, unverified, "the token's word is of no other address");
    let whole = json!({"sub": "ada", "email": "ada@example.org", "email_verified": true});
    assert_eq!(ends_at(&shop, &lying, elsewhere(whole)).await, "/account");
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_told_and_a_fault_of_it_is_its_own() {
    let lying = Lying::start(false).await;
    let shop = shop_before(&lying).await;
    let refused = |says: &mut Says| says.refusal = Some((400, json!({"error": "invalid_grant"})));
    assert_eq!(ends_at(&shop, &lying, refused).await, "/account#sso_error=sso_refused");
    let odd = |says: &mut Says| says.refusal = Some((200, json!({"id_token": 7})));
    assert_eq!(ends_at(&shop, &lying, odd).await, UNTRUSTED);
    let broken = |says: &mut Says| says.refusal = Some((500, json!("out of order")));
    assert_eq!(ends_at(&shop, &lying, broken).await, "/account#sso_error=sso_unavailable");
}

#[tokio::test]
async fn of_many_organisations_each_answers_for_itself_and_vouches_in_microsofts_way() {
    const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let lying = Lying::of_organisations().await;
    let provider = OidcProvider { preset: OidcPreset::Microsoft, ..configured("lying", &lying.issuer) };
    let shop = shop_with(provider).await;
    let said = |tenant: &'static str, issuer: &'static str, verified: Value| {
        let issuer = format!("{}/{issuer}/v2.0", lying.issuer);
        move |says: &mut Says| {
            drop(says.claims.as_object_mut().unwrap().remove("email_verified"));
            (says.claims["iss"], says.claims["tid"]) = (json!(issuer), json!(tenant));
            says.claims["xms_edov"] = verified;
        }
    };
    let another = "00000000-6c67-4c5b-b112-36a304b66dad";
    assert_eq!(ends_at(&shop, &lying, said(another, TENANT, json!(true))).await, UNTRUSTED);
    assert_eq!(ends_at(&shop, &lying, said("evil", "evil", json!(true))).await, UNTRUSTED);
    let unnamed = |says: &mut Says| says.claims["iss"] = json!(format!("{}/{{tenantid}}/v2.0", lying.issuer));
    assert_eq!(ends_at(&shop, &lying, unnamed).await, UNTRUSTED);
    let unverified = "/account#sso_error=sso_unverified_email";
    assert_eq!(ends_at(&shop, &lying, said(TENANT, TENANT, json!(null))).await, unverified);
    assert_eq!(ends_at(&shop, &lying, said(TENANT, TENANT, json!(1))).await, "/account");
    assert_eq!(ends_at(&shop, &lying, said(another, another, json!(1))).await, "/account#sso_error=sso_owner_asked");
    // Nobody else may name a document's issuer so.
    let other = shop_with(configured("lying", &lying.issuer)).await;
    other.guest().get("/api/auth/oidc/lying/start").await.refused(503, "sso_unavailable");
}

#[tokio::test]
async fn answers_that_come_to_nothing_wait_longer_each_time_for_their_address_alone() {
    let lying = Lying::start(false).await;
    let shop = shop_before(&lying).await;
    let mut eve = Browser::somewhere(&shop);
    let refused = |says: &mut Says| says.refusal = Some((400, json!({"error": "invalid_grant"})));
    for _ in 0..5 {
        assert_eq!(visit(&mut eve, &lying, refused).await, "/account#sso_error=sso_refused");
    }
    let asked = lying.exchanged();
    assert_eq!(visit(&mut eve, &lying, |_| {}).await, "/account#sso_error=too_many_attempts");
    assert_eq!(lying.exchanged(), asked, "the provider is spared");
    assert_eq!(ends_at(&shop, &lying, |_| {}).await, "/account", "another address");
}
