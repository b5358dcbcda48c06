//! What utoipa leaves out of the document: pages that refer to their items' schemas, and the security of calls that
//! need no account.

use utoipa::openapi::{
    Components, Ref, RefOr, Schema,
    path::Operation,
    schema::ArrayItems,
    security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
};

use crate::identity::COOKIE;

const GUEST: &str = "guest";
pub const BEARER: &str = "bearer";

/// A `Page_X` has the whole schema of X inside; generated clients would have every type twice.
pub fn refer_to_items(components: &mut Components) {
    let known: Vec<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        let item = name.strip_prefix("Page_").filter(|item| known.iter().any(|known| known == item));
        let (Some(item), RefOr::T(Schema::Object(page))) = (item, schema) else { continue };
        if let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items") {
            items.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(item))));
        }
    }
}

pub fn guest_scheme() -> (&'static str, SecurityScheme) {
    let cookie = ApiKeyValue::with_description(
        COOKIE,
        "A guest's session, set by the first write; over HTTPS its name begins with `__Host-`",
    );
    (GUEST, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
}

/// Nobody needs to say who is calling; an account's own things need its token, a guest's own its cookie.
pub fn for_anybody(operation: &mut Operation) {
    let scheme = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
    operation.security.get_or_insert_with(|| vec![SecurityRequirement::default(), scheme(GUEST), scheme(BEARER)]);
}
