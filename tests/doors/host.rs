//! The shape of every door's answers: one `Host`, the headers of all responses, problems, policies of pages.

use hyper::Method;

use super::{
    raw::{Raw, status},
    sockets::HANDSHAKE,
};
use crate::shop::Shop;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_one_host_is_refused_on_every_way_in() {
    let shop = Shop::start().await;
    for path in ["/api/products", "/live", "/live/sse?topics=stock.A", "/healthz"] {
        for hosts in ["", "host: a\r\nhost: b\r\n", "host: a b\r\n"] {
            let mut client = Raw::of(&shop).await;
            client.say(format!("GET {path} HTTP/1.1\r\n{hosts}connection: close\r\n\r\n")).await;
            let answer = client.rest().await;
            assert_eq!(status(&answer), 400, "{path} {hosts:?}: {answer}");
            assert!(answer.contains("application/problem+json") && answer.contains("\"bad_request\""), "{answer}");
        }
    }
    let mut old = Raw::of(&shop).await;
    old.say("GET /healthz HTTP/1.0\r\n\r\n").await;
    assert_eq!(status(&old.rest().await), 200, "HTTP/1.0 knows no Host");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_feeds_refusals_look_like_all_others() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    let foreign = [("origin", "https://evil.example")];
    for (method, path, headers, expected, code) in [
        (Method::GET, "/live", &[][..], 426, "upgrade_required"),
        (Method::GET, "/live", &foreign[..], 403, "foreign_origin"),
        (Method::GET, "/live/sse", &[][..], 400, "bad_query"),
        (Method::GET, "/live/sse?topics=stock.A", &foreign[..], 403, "foreign_origin"),
        (Method::POST, "/live/sse?topics=stock.A", &[][..], 405, "method_not_allowed"),
    ] {
        let answer = guest.send(method, path, headers, None).await;
        for header in ["x-request-id", "x-content-type-options", "x-frame-options", "referrer-policy"] {
            assert!(answer.header(header).is_some(), "{path} has no {header}");
        }
        answer.refused(expected, code);
    }
    let forged = shop.with_token("eyJhbGciOiJub25lIn0.e30.");
    forged.get("/live/sse?topics=board").await.refused(401, "invalid_token");
}

/// One list, one answer: for a page that may write may listen, and a page that may not is told so alike.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_list_of_origins_holds_for_writes_sockets_and_streams() {
    let shop = Shop::with(|config| config.http.trusted_origins = vec!["https://www.shop.example".into()]).await;
    let guest = shop.guest();
    for (origin, ours) in [("https://www.shop.example", true), ("https://evil.example", false)] {
        let from = [("origin", origin)];
        let lines = serde_json::json!({"quantity": 1});
        let write = guest.send(Method::PUT, "/api/cart/lines/THING-01", &from, Some(lines)).await;
        let more = format!("{HANDSHAKE}origin: {origin}\r\n");
        let mut socket = Raw::of(&shop).await;
        socket.ask("GET /live", &more).await;
        let mut stream = Raw::of(&shop).await;
        stream.ask("GET /live/sse?topics=stock.THING-01", &format!("origin: {origin}\r\n")).await;
        let (socket, stream) = (socket.head().await, stream.head().await);
        if ours {
            assert_eq!((write.status, status(&socket), status(&stream)), (200, 101, 200), "{origin}");
        } else {
            write.refused(403, "foreign_origin");
            assert_eq!((status(&socket), status(&stream)), (403, 403), "{origin}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_for_people_run_our_own_scripts_only() {
    let shop = Shop::start().await;
    for path in ["/", "/api/docs/", "/api/docs/errors", "/api/docs/swagger-ui.css"] {
        let answer = shop.guest().send(Method::GET, path, &[], None).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{path} has no policy"));
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("script-src 'self' 'unsafe"), "{policy}");
    }
}
