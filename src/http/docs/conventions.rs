//! The rules of the parameters shared by every capability, in one place: lengths, patterns, meaning.

use utoipa::openapi::{
    KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
    path::{Operation, Parameter, ParameterIn},
};

use crate::{
    domain::ids::Sku,
    http::{idempotency::KEY_BYTES_MAX, listing::CURSOR_BYTES_MAX},
};

/// Gives the shared parameters of an operation their whole rules.
pub fn apply(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        match (&parameter.parameter_in, parameter.name.as_str()) {
            (ParameterIn::Header, "idempotency-key") => rule(
                parameter,
                "Names this request: repeated with the same body it has one effect and the same answer",
                text(KEY_BYTES_MAX, r"^[ -~]{1,255}$"),
            ),
            (ParameterIn::Header, "if-match") => rule(
                parameter,
                "The entity's ETag as it was read; another version is refused with 412. `*` is any version",
                text(32, r#"^(\*|(W/)?"?[0-9]{1,20}(-gzip|-br|-zstd)?"?)$"#),
            ),
            (ParameterIn::Query, "cursor") if is_text(parameter) => {
                rule(parameter, "`next` of the page before", or_empty(text(CURSOR_BYTES_MAX, r"^[A-Za-z0-9_-]*$")));
            }
            (ParameterIn::Path, "sku") => {
                rule(parameter, "A SKU, percent-encoded (`/` as `%2F`)", text(Sku::LEN_MAX, r"^[^\x00-\x1f\x7f]+$"));
            }
            // Not shared: the capability declares its rules.
            _ => {}
        }
    }
}

fn rule(parameter: &mut Parameter, description: &str, schema: Schema) {
    parameter.description = Some(description.to_owned());
    parameter.schema = Some(RefOr::T(schema));
}

/// A history's cursor is a version, which its own schema declares.
fn is_text(parameter: &Parameter) -> bool {
    let Some(RefOr::T(Schema::Object(object))) = &parameter.schema else { return true };
    !matches!(&object.format, Some(SchemaFormat::KnownFormat(KnownFormat::UInt64)))
}

fn text(max: usize, pattern: &str) -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    Schema::Object(text.min_length(Some(1)).max_length(Some(max)).pattern(Some(pattern)).build())
}

/// An empty cursor is the first page.
fn or_empty(schema: Schema) -> Schema {
    match schema {
        Schema::Object(object) => Schema::Object(ObjectBuilder::from(object).min_length(Some(0)).build()),
        other => other,
    }
}
