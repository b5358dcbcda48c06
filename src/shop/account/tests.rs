//! Log-in, guests and staff routes through the layers, with an identity in memory; no server, no socket.

use axum::{
    Router,
    body::Body,
    extract::FromRef,
    http::{Request, Response, StatusCode},
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::Service;

use super::{LoginResponse, ValidateResponse, login::routes};
use crate::{
    config::{Budgets, Http, Secret},
    domain::{account::Role, ids::UserId},
    http::{
        BodyMax, Door,
        auth::{Caller, MaybeCaller, Staff, guest_cookie, same_origin},
    },
    identity::{Identity, may, testing::world},
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

impl FromRef<Shop> for BodyMax {
    fn from_ref(_: &Shop) -> BodyMax {
        BodyMax(65_536)
    }
}

fn app(identity: &Identity) -> Router {
    let (router, _) = routes::<Shop>().split_for_parts();
    let door = Door::new(&Http::default(), &Budgets::default(), uuid::Uuid::nil());
    router
        .route("/write", post(async |Caller(a): Caller, Caller(b): Caller| format!("{} {}", a.by, a == b)))
        .route("/read", get(async |MaybeCaller(p): MaybeCaller| p.map_or("nobody".to_owned(), |p| p.by.to_string())))
        .route("/staff", get(async |Staff(p, ..): Staff<may::OrdersRead>| p.by.to_string()))
        .layer(from_fn(guest_cookie))
        .layer(from_fn_with_state((door.clone(), identity.clone()), same_origin))
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
    let bearer = |role| {
        let user = UserId(uuid::Uuid::from_u128(1));
        format!("Bearer {}", w.identity.issue(user, role, "x@y".to_owned()).unwrap().access_token)
    };
    let refused = send(&mut app, "GET", "/staff", &[], "").await;
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");
    assert_eq!(problem(refused).await, (401, "unauthenticated".to_owned()));
    let shopper = send(&mut app, "GET", "/staff", &[("authorization", &bearer(Role::Shopper))], "").await;
    assert_eq!(problem(shopper).await, (403, "forbidden".to_owned()));
    let forged = send(&mut app, "GET", "/staff", &[("authorization", "Bearer x.y")], "").await;
    assert_eq!(problem(forged).await, (401, "invalid_token".to_owned()));
    for role in [Role::Operator, Role::Superadmin] {
        let let_in = send(&mut app, "GET", "/staff", &[("authorization", &bearer(role))], "").await;
        assert_eq!(let_in.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn log_in_gives_a_token_that_validates_and_failures_are_slowed_down() {
    let w = world();
    w.identity.ensure_superadmin(Some(&Secret::new("correct horse"))).await.unwrap();
    let mut app = app(&w.identity);
    let json_type = [("content-type", "application/json")];
    let body = |password: &str| json!({"email": "admin@souk.local", "password": password}).to_string();
    let done = send(&mut app, "POST", "/api/auth/login", &json_type, &body("correct horse")).await;
    assert_eq!(done.headers()["cache-control"], "no-store");
    let done: LoginResponse = serde_json::from_str(&text(done).await).unwrap();
    assert_eq!((done.token_type.as_str(), done.expires_in, done.user.role), ("Bearer", 43_200, Role::Superadmin));
    let bearer = format!("Bearer {}", done.access_token);
    let valid = send(&mut app, "GET", "/api/auth/validate", &[("authorization", &bearer)], "").await;
    let valid: ValidateResponse = serde_json::from_str(&text(valid).await).unwrap();
    assert_eq!((valid.user.id, valid.user.email.as_deref()), (done.user.id, Some("admin@souk.local")));
    for _ in 0..5 {
        let wrong = send(&mut app, "POST", "/api/auth/login", &json_type, &body("wrong")).await;
        assert_eq!(problem(wrong).await, (401, "invalid_credentials".to_owned()));
    }
    let slowed = send(&mut app, "POST", "/api/auth/login", &json_type, &body("correct horse")).await;
    assert_eq!(slowed.headers()["retry-after"], "1");
    assert_eq!(problem(slowed).await, (429, "too_many_attempts".to_owned()));
}

#[tokio::test]
async fn malformed_log_ins_are_told_so() {
    let w = world();
    let mut app = app(&w.identity);
    let form = [("content-type", "text/plain")];
    let refused = send(&mut app, "POST", "/api/auth/login", &form, r#"{"email":"a@b","password":"x"}"#).await;
    assert_eq!(
        problem(refused).await,
        (415, "unsupported_media_type".to_owned()),
        "a form of another site cannot log in"
    );
    let refused = send(&mut app, "POST", "/api/auth/login", &[("content-type", "application/json")], "{").await;
    assert_eq!(problem(refused).await, (400, "bad_json".to_owned()));
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
