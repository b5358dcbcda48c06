//! The sample shop's pictures: drawn on request, the same for ever.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::{
    catalogue::sample::picture,
    http::{Code, Path, Problem, auth::Public},
};

/// A picture of the sample shop
#[utoipa::path(get, path = "/media/sample/{*path}", tag = "Catalogue",
    params(("path" = String, Path, description = "As a product's images name it")),
    responses((status = 200, description = "A drawing", content_type = "image/svg+xml", body = String),
        (status = 404, description = "`not_found`"),
    ))]
pub async fn get_sample_picture(_: Public, Path(path): Path<String>) -> Result<Response, Problem> {
    let whole = format!("/media/sample/{path}");
    let drawing =
        picture::from_path(&whole).ok_or_else(|| Problem::new(Code::NOT_FOUND, "there is no such picture"))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        // The drawing depends on the path alone.
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        // A drawing opened by itself must not run scripts.
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'")),
    ];
    Ok((headers, drawing).into_response())
}
