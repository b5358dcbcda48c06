//! The listener of plain HTTP beside HTTPS: every request is sent to the same path of the same host over HTTPS.
//!
//! The host is the client's word, so it is followed only where the certificate names it: a link that carries another
//! `Host` through some cache leads nowhere. Deliberately absent: everything else; no answer of the shop is given in the
//! clear.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header, uri::Authority},
    middleware,
    response::{IntoResponse, Response},
};

use super::certificate::Current;
use crate::{
    config::without_brackets,
    http::{Code, Door, Problem, guard},
};

const HTTPS: u16 = 443;

/// `port`: where browsers reach HTTPS.
pub fn router(shown: Current, port: u16, door: Door) -> Router {
    let around = middleware::from_fn_with_state(door, guard::around_live);
    Router::new()
        .fallback(move |request: Request| async move {
            let host = request.headers().get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
            match host.filter(|host| shown.borrow().names(without_brackets(host.host()))) {
                Some(host) => over_https(host.host(), port, request.uri()),
                None => {
                    let refused = Problem::new(Code::BAD_REQUEST, "this server has no certificate for that host");
                    refused.into_response()
                }
            }
        })
        .layer(around)
}

/// 308: the method and the body stay what they are.
fn over_https(host: &str, port: u16, asked: &Uri) -> Response {
    let port = if port == HTTPS { String::new() } else { format!(":{port}") };
    // `OPTIONS *` asks for no path.
    let path = asked.path_and_query().map(|path| path.as_str()).filter(|path| path.starts_with('/')).unwrap_or("/");
    match HeaderValue::try_from(format!("https://{host}{port}{path}")) {
        Ok(there) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, there)]).into_response(),
        Err(_) => Problem::new(Code::BAD_REQUEST, "the address cannot be repeated").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Method};
    use tower::ServiceExt;

    use super::*;
    use crate::{
        app::certificate,
        config::{Budgets, Http},
    };

    async fn asked(method: Method, host: &str, path: &str, port: u16) -> (u16, Option<String>) {
        let dir = tempfile::tempdir().expect("a directory");
        let tls = certificate::tests::write(dir.path(), &["shop.example", "::1"]);
        let (shown, _) = certificate::open(&tls).expect("fit");
        let router = router(shown, port, Door::new(&Http::default(), &Budgets::default(), uuid::Uuid::nil()));
        let request = Request::builder().method(method).uri(path).header("host", host).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        assert!(!response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), "browsers ignore it in the clear");
        let there = response.headers().get(header::LOCATION).map(|there| there.to_str().unwrap().to_owned());
        (response.status().as_u16(), there)
    }

    #[tokio::test]
    async fn the_path_stays_and_the_host_is_one_of_the_certificate() {
        let to = |there: &str| (308, Some(there.to_owned()));
        let long = "/api/products?limit=3&q=%C3%A9";
        assert_eq!(asked(Method::GET, "shop.example", long, 443).await, to(&format!("https://shop.example{long}")));
        assert_eq!(asked(Method::POST, "SHOP.example:80", "/", 8443).await, to("https://SHOP.example:8443/"));
        assert_eq!(asked(Method::GET, "[::1]:80", "/", 443).await, to("https://[::1]/"));
        assert_eq!(
            asked(Method::GET, "shop.example", "//evil.example/", 443).await,
            to("https://shop.example//evil.example/")
        );
        assert_eq!(asked(Method::OPTIONS, "shop.example", "*", 443).await, to("https://shop.example/"));
        let absolute = asked(Method::GET, "shop.example", "http://evil.example/a", 443).await;
        assert_eq!(absolute, to("https://shop.example/a"));
        for host in ["evil.example", "shop.example@evil.example", "evil.example:443", "127.0.0.1"] {
            assert_eq!(asked(Method::GET, host, "/", 443).await, (400, None), "{host}");
        }
    }
}
