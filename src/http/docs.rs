//! The OpenAPI document's frame, and the pages that show it: `/api/openapi.json`, `/api/docs`, `/api/docs/errors`.
//! Everything is served from the binary, without external resources.

mod conventions;
mod errors_page;
mod live;
mod shapes;
mod statuses;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header},
    middleware::map_response,
    response::{Html, Response},
    routing::get,
};
use utoipa::openapi::{
    InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr, ServerBuilder,
    path::{Operation, PathItem},
    schema::ComponentsBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{Code, error::ProblemBody};

/// The document before any route is in it.
pub fn about() -> OpenApi {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("From `POST /api/auth/login`"));
    let guest = shapes::guest_scheme();
    let components = ComponentsBuilder::new()
        .schema_from::<ProblemBody<'static>>()
        .security_scheme(shapes::BEARER, SecurityScheme::Http(bearer.build()))
        .security_scheme(guest.0, guest.1);
    let license =
        LicenseBuilder::new().name(env!("CARGO_PKG_LICENSE")).identifier(Some(env!("CARGO_PKG_LICENSE"))).build();
    let info = InfoBuilder::new()
        .title("Souk")
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(license))
        .description(Some(ABOUT));
    let here = ServerBuilder::new().url("/").description(Some("This shop")).build();
    OpenApiBuilder::new().info(info.build()).servers(Some([here])).components(Some(components.build())).build()
}

const ABOUT: &str = "A live shop. Money is in minor units; times are RFC 3339 in UTC. Errors are problem+json with a stable \
`code`: see [the list](/api/docs/errors). Calls that move stock or money take an `Idempotency-Key`; entities carry their \
version as `ETag`, and changes take `If-Match`; lists go on by `cursor`. What changes can be listened to: a WebSocket at `/live`, server-sent \
events at `/live/sse?topics=stock.SKU1`; `docs/live.md` describes frames and bounds.";

pub use live::{admitted, describe as describe_live};
pub use shapes::BEARER;

/// Adds to every operation the shared parts: the rules of common parameters, every status with its codes.
pub fn finish(mut document: OpenApi, codes: &[Code]) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for (operation, writes) in operations(item) {
            conventions::apply(operation);
            statuses::complete(operation, writes, codes);
            operation.responses.responses.insert("default".to_owned(), RefOr::T(statuses::any_other()));
            shapes::for_anybody(operation);
        }
    }
    if let Some(components) = &mut document.components {
        shapes::refer_to_items(components);
    }
    // Axum's mark of a path's whole rest is not OpenAPI's.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    document
}

/// Each operation of a path.
pub fn operations_of(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    operations(item).map(|(operation, _)| operation)
}

/// Each operation, and whether it changes anything.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let reads = item.get.iter_mut().map(|operation| (operation, false));
    let writes = [&mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten();
    reads.chain(writes.map(|operation| (operation, true)))
}

/// Our own scripts, styles and requests only. The viewer and the list of errors style themselves inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async fn with_policy(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// `notices`: our own words, above the description and above the page of errors.
pub fn router<S: Clone + Send + Sync + 'static>(mut document: OpenApi, notices: &[&'static str]) -> Router<S> {
    if !notices.is_empty() {
        let about = document.info.description.unwrap_or_default();
        document.info.description = Some(format!("**{}**\n\n{about}", notices.join(" ")));
    }
    // Without this the page would send the document's address to a validator on the internet.
    let config = Config::from("/api/openapi.json").validator_url("none").try_it_out_enabled(true);
    let swagger: Router<S> = SwaggerUi::new("/api/docs").config(config).into();
    let json = HeaderValue::from_static("application/json");
    // Encoded once; this project's own types always encode.
    let text = document.to_json().unwrap_or_else(|error| format!("{{\"error\":{:?}}}", error.to_string()));
    // Bytes: each request shares the text.
    let (text, errors) = (Bytes::from(text), Bytes::from(errors_page::render(&super::page::notice_bars(notices))));
    swagger
        .route("/api/openapi.json", get(async move || ([(header::CONTENT_TYPE, json)], text)))
        .route("/api/docs/errors", get(async move || Html(errors)))
        .layer(map_response(with_policy))
}
