//! The page at `/`: plain files embedded in the binary, no build step, no framework.
//!
//! It is a client of the public API like any other. The content security policy allows our own scripts, styles,
//! pictures and connections and nothing inline, so text from a catalogue can never become code. Browsers revalidate
//! files each time and get 304 by the `ETag`: a new binary is a new page at once.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
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

/// `/` and `/page/<file>`. Fits any state. `notices`: our own words, above everything else on the page.
pub fn router<S: Clone + Send + Sync + 'static>(notices: &[&'static str]) -> Router<S> {
    let files: Arc<[Served]> = FILES.iter().map(|file| Served { file, text: with_notices(file, notices) }).collect();
    let index = files.clone();
    Router::new().route("/", get(|headers: HeaderMap| async move { answer(&index, INDEX, &headers) })).route(
        "/page/{file}",
        get(|Path(file): Path<String>, headers: HeaderMap| async move { answer(&files, &file, &headers) }),
    )
}

/// A file as this process sends it.
struct Served {
    file: &'static File,
    text: Bytes,
}

/// In the HTML itself, so that no script is needed to see it.
fn with_notices(file: &File, notices: &[&'static str]) -> Bytes {
    match file.kind.starts_with("text/html") && !notices.is_empty() {
        true => file.text.replacen("<body>", &format!("<body>\n{}", notice_bars(notices)), 1).into(),
        false => Bytes::from_static(file.text.as_bytes()),
    }
}

pub(super) fn notice_bars(notices: &[&'static str]) -> String {
    notices.iter().map(|notice| format!("<p class=\"warning\" role=\"note\">{notice}</p>\n")).collect()
}

fn answer(files: &[Served], name: &str, asked: &HeaderMap) -> Response {
    let Some(Served { file, text }) = files.iter().find(|served| served.file.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, file.kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    // Hashed in some microseconds, on a rarely requested page.
    let response = unless_known(asked, etag_of(text), || text.clone().into_response());
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
        let response = router::<()>(&[]).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
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

    #[tokio::test]
    async fn a_notice_stands_on_the_page_without_a_script() {
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = router::<()>(&["No money is taken."]).oneshot(request).await.unwrap();
        let html = response.into_body().collect().await.unwrap().to_bytes();
        let html = String::from_utf8(html.to_vec()).unwrap();
        assert!(html.contains("<body>\n<p class=\"warning\" role=\"note\">No money is taken.</p>"), "{html}");
        assert!(!fetch("/", None).await.2.contains("class=\"warning\""));
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
