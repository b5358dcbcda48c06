//! Guests, accounts and staff routes through the layers, with an identity in memory; no server, no socket.

use axum::{
    Router,
    body::Body,
    extract::{FromRef, State},
    http::{Request, Response, StatusCode},
    middleware::{Next, from_fn_with_state},
    routing::{get, post},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::Service;

use crate::{
    config::{Budgets, Http},
    domain::role::RoleName,
    http::{
        Door,
        auth::{Caller, GuestSlot, MaybeCaller, Staff, same_origin},
    },
    identity::{Identity, cookies, may, testing::world},
};

#[derive(Clone)]
struct Shop(Identity, Door);

impl FromRef<Shop> for Door {
    fn from_ref(shop: &Shop) -> Door {
        shop.1.clone()
    }
}

impl FromRef<Shop> for Identity {
    fn from_ref(shop: &Shop) -> Identity {
        shop.0.clone()
    }
}

/// What the guard around all routes does with identity; its other parts need an engine.
async fn guarded(
    State((door, identity)): State<(Door, Identity)>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let guest = GuestSlot::attach(&mut request);
    let mut response = match same_origin(&door, &identity, request).await {
        Ok(request) => next.run(request).await,
        Err(refused) => refused,
    };
    guest.add_cookie(&mut response);
    response
}

fn app(identity: &Identity) -> Router {
    let door = Door::new(&Http::default(), &Budgets::default(), uuid::Uuid::nil());
    Router::new()
        .route("/write", post(async |Caller(a): Caller, Caller(b): Caller| format!("{} {}", a.by, a == b)))
        .route("/read", get(async |MaybeCaller(p): MaybeCaller| p.map_or("nobody".to_owned(), |p| p.by.to_string())))
        .route("/staff", get(async |Staff(p, ..): Staff<may::OrdersRead>| p.by.to_string()))
        .layer(from_fn_with_state((door.clone(), identity.clone()), guarded))
        .with_state(Shop(identity.clone(), door))
}

async fn send(app: &mut Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response<Body> {
    let request = headers.iter().fold(Request::builder().method(method).uri(path), |r, (n, v)| r.header(*n, *v));
    app.call(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn problem(response: Response<Body>) -> (u16, String) {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let (status, body): (_, Value) = (response.status(), serde_json::from_str(&text(response).await).unwrap());
    assert_eq!(body["status"], status.as_u16());
    assert!(body["type"].is_string() && body["title"].is_string() && body["detail"].is_string(), "{body}");
    (status.as_u16(), body["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_first_write_sets_one_cookie_and_the_next_is_the_same_guest() {
    let w = world();
    let mut app = app(&w.identity);
    let first = send(&mut app, "POST", "/write", &[], "").await;
    assert_eq!(first.headers().get_all("set-cookie").iter().count(), 1);
    let cookie = first.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let guest = text(first).await;
    assert!(guest.starts_with("guest:") && guest.ends_with(" true"), "{guest}");
    let second = send(&mut app, "POST", "/write", &[("cookie", &cookie)], "").await;
    assert!(!second.headers().contains_key("set-cookie"));
    assert_eq!(text(second).await, guest);
    let read = send(&mut app, "GET", "/read", &[("cookie", &cookie)], "").await;
    assert_eq!(format!("{} true", text(read).await), guest);
    let read = send(&mut app, "GET", "/read", &[], "").await;
    assert!(!read.headers().contains_key("set-cookie"));
    assert_eq!(text(read).await, "nobody");
}

#[tokio::test]
async fn staff_routes_want_an_operators_token() {
    let w = world();
    let mut app = app(&w.identity);
    let mut bearers = Vec::new();
    for (n, role) in [RoleName::customer(), RoleName::manager(), RoleName::superadmin()].into_iter().enumerate() {
        let granted = w.account(&format!("a{n}@example.org"), role).await;
        bearers.push(format!("Bearer {}", granted.access_token));
    }
    let refused = send(&mut app, "GET", "/staff", &[], "").await;
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");
    assert_eq!(problem(refused).await, (401, "unauthenticated".to_owned()));
    let shopper = send(&mut app, "GET", "/staff", &[("authorization", &bearers[0])], "").await;
    assert_eq!(problem(shopper).await, (403, "forbidden".to_owned()));
    let forged = send(&mut app, "GET", "/staff", &[("authorization", "Bearer x.y")], "").await;
    assert_eq!(problem(forged).await, (401, "invalid_token".to_owned()));
    for bearer in &bearers[1..] {
        let let_in = send(&mut app, "GET", "/staff", &[("authorization", bearer)], "").await;
        assert_eq!(let_in.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn other_sites_cannot_write_for_a_guest() {
    let w = world();
    let mut app = app(&w.identity);
    let foreign = [("host", "shop"), ("origin", "https://evil")];
    assert_eq!(problem(send(&mut app, "POST", "/write", &foreign, "").await).await.1, "foreign_origin");
    let cross = [("host", "shop"), ("sec-fetch-site", "cross-site")];
    assert_eq!(problem(send(&mut app, "POST", "/write", &cross, "").await).await.0, 403);
    assert_eq!(send(&mut app, "GET", "/read", &foreign, "").await.status(), StatusCode::OK);
    let own = [("host", "shop"), ("origin", "https://shop"), ("sec-fetch-site", "same-origin")];
    assert_eq!(send(&mut app, "POST", "/write", &own, "").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_browsers_session_is_an_account_and_another_site_cannot_use_it() {
    let w = world();
    let mut app = app(&w.identity);
    let granted = w.account("ada@example.org", RoleName::manager()).await;
    let [access, refresh] = cookies::set(&granted, 1_000_000, true);
    assert!(access.starts_with("__Host-souk_access=") && refresh.starts_with("__Host-souk_refresh="));
    let cookie = access.split(';').next().unwrap();
    let own = [("cookie", cookie), ("host", "shop"), ("origin", "https://shop")];
    let written = text(send(&mut app, "POST", "/write", &own, "").await).await;
    assert_eq!(written, format!("user:{} true", granted.user));
    assert_eq!(send(&mut app, "GET", "/staff", &own, "").await.status(), StatusCode::OK);
    let foreign = [("cookie", cookie), ("host", "shop"), ("origin", "https://evil")];
    assert_eq!(problem(send(&mut app, "POST", "/write", &foreign, "").await).await.1, "foreign_origin");
    w.identity.log_out(granted.user, granted.session).await.unwrap();
    assert_eq!(problem(send(&mut app, "GET", "/staff", &own, "").await).await.1, "unauthenticated");
}
