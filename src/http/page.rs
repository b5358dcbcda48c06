//! The page at `/`: plain files embedded in the binary, no build step, no framework.
//!
//! It is a client of the public API like any other. The content security policy allows our own scripts, styles,
//! pictures and connections and nothing inline, so text from a catalogue can never become code. Browsers revalidate
//! files each time and get 304 by the `ETag`: a new binary is a new page at once.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::conditional::{etag_of, unless_known};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct File {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($name:literal is $kind:literal),* $(,)?) => {
        &[$(File { name: $name, kind: $kind, text: include_str!(concat!("../../web/live-page/", $name)) }),*]
    };
}

const INDEX: &str = "index.html";
const FILES: &[File] = files! {
    "index.html" is "text/html; charset=utf-8",
    "page.css" is "text/css; charset=utf-8",
    "icon.svg" is "image/svg+xml",
    "page.js" is "text/javascript; charset=utf-8",
    "api.js" is "text/javascript; charset=utf-8",
    "cards.js" is "text/javascript; charset=utf-8",
    "cart.js" is "text/javascript; charset=utf-8",
    "dom.js" is "text/javascript; charset=utf-8",
    "live.js" is "text/javascript; charset=utf-8",
    "product.js" is "text/javascript; charset=utf-8",
    "order.js" is "text/javascript; charset=utf-8",
    "purchase.js" is "text/javascript; charset=utf-8",
};

/// `/` and `/page/<file>`. Fits any state.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/", get(|headers: HeaderMap| async move { answer(INDEX, &headers) })).route(
        "/page/{file}",
        get(|Path(file): Path<String>, headers: HeaderMap| async move { answer(&file, &headers) }),
    )
}

fn answer(name: &str, asked: &HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, file.kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    // Hashed in some microseconds, on a rarely requested page.
    let response = unless_known(asked, etag_of(file.text.as_bytes()), || file.text.into_response());
    (headers, response).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn fetch(path: &str, known: Option<&str>) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::get(path);
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        let response = router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_page_and_everything_it_names_is_served() {
        let (status, headers, html) = fetch("/", None).await;
        assert_eq!(status, StatusCode::OK);
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("default-src 'none'"));
        let quoted = |text: &str| text.split('"').map(str::to_owned).collect::<Vec<_>>();
        let mut wanted: Vec<String> = quoted(&html).into_iter().filter(|path| path.starts_with("/page/")).collect();
        assert!(wanted.len() >= 3, "{wanted:?}");
        for file in FILES.iter().filter(|file| file.name.ends_with(".js")) {
            wanted.extend(
                quoted(file.text).iter().filter_map(|part| part.strip_prefix("./")).map(|part| format!("/page/{part}")),
            );
        }
        for path in wanted {
            assert_eq!(fetch(&path, None).await.0, StatusCode::OK, "{path}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_known_is_not_sent_again() {
        let (_, headers, _) = fetch("/page/page.js", None).await;
        let tag = headers[header::ETAG].to_str().unwrap();
        let (status, _, body) = fetch("/page/page.js", Some(tag)).await;
        assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""));
        assert_eq!(fetch("/page/page.js", Some("\"other\"")).await.0, StatusCode::OK);
        assert_eq!(fetch("/page/none.js", None).await.0, StatusCode::NOT_FOUND);
    }

    #[test]
    fn nothing_is_inline() {
        for file in FILES.iter().filter(|file| file.name.ends_with(".html")) {
            assert!(
                !file.text.contains("<style") && !file.text.contains(" style=") && !file.text.contains(" onclick=")
            );
            assert_eq!(file.text.matches("<script").count(), file.text.matches("<script type=\"module\" src=").count());
        }
    }
}
