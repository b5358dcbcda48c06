//! The live feed in the OpenAPI document: its two endpoints, the client's messages, and every frame.
//!
//! OpenAPI cannot describe a WebSocket's messages; so the schemas `LiveMessage` and `LiveFrame`, made from the
//! registered topic families, describe them, and both paths refer to these schemas.

use serde_json::{Value, json};
use utoipa::openapi::{OpenApi, PathItem, RefOr, Schema};

use crate::{
    identity::Access,
    live::{TopicFamily, Topics},
};

/// Adds the paths and schemas. A text that does not parse is left out, and the snapshot's test notices.
pub fn describe(document: &mut OpenApi, topics: &Topics) {
    for (name, schema) in [("LiveMessage", messages()), ("LiveFrame", frames(topics))] {
        if let (Some(components), Ok(schema)) =
            (document.components.as_mut(), serde_json::from_value::<RefOr<Schema>>(schema))
        {
            components.schemas.insert(name.to_owned(), schema);
        }
    }
    for (path, item) in [("/live", socket(topics)), ("/live/sse", stream(topics))] {
        if let Ok(item) = serde_json::from_value::<PathItem>(item) {
            document.paths.paths.insert(path.to_owned(), item);
        }
    }
}

fn messages() -> Value {
    let texts = json!({"type": "array", "items": {"type": "string", "maxLength": 160}, "maxItems": 256});
    let message = |op: &str, members: Value, required: Value| {
        let mut properties = json!({"op": {"type": "string", "enum": [op]}});
        merge(&mut properties, members);
        json!({"type": "object", "title": format!("{op} message"), "properties": properties, "required": required})
    };
    let since = json!({"type": "object", "description": "Versions the client has: a topic that is not newer is not sent",
        "additionalProperties": {"type": "integer", "minimum": 0}});
    json!({"description": "What a client sends over `/live`, as JSON text", "oneOf": [
        message("subscribe", json!({"topics": texts, "since": since}), json!(["op", "topics"])),
        message("unsubscribe", json!({"topics": texts}), json!(["op", "topics"])),
        message("authenticate", json!({"access_token": {"type": "string"}}), json!(["op", "access_token"])),
        message("ping", json!({}), json!(["op"])),
    ]})
}

fn frames(topics: &Topics) -> Value {
    let version = json!({"type": "integer", "minimum": 0, "description": "Newer frames have higher versions"});
    let view = |family: &dyn TopicFamily| json!({"$ref": format!("#/components/schemas/{}", family.schema())});
    let one = topics.one_entity().iter().map(|family| {
        json!({"type": "object", "title": format!("{} frame", family.pattern()), "required": ["topic", "version", "view"], "properties": {
            "topic": {"type": "string", "pattern": format!("^{}\\.", family.name())},
            "version": version, "view": view(&**family)}})
    });
    let many = topics.many_entities().iter().map(|family| {
        json!({"type": "object", "title": format!("{} frame", family.name()), "required": ["topic", "key", "version", "view"], "properties": {
            "topic": {"type": "string", "enum": [family.name()]},
            "key": {"type": "string", "description": "Which entity"},
            "version": version,
            "gone": {"type": "boolean", "description": "The entity has left this topic"},
            "view": view(&**family)}})
    });
    let op = |title: &str, members: Value, required: Value| json!({"type": "object", "title": format!("{title} frame"), "properties": members, "required": required});
    let said = [
        op(
            "error",
            json!({"op": {"type": "string", "enum": ["error"]}, "topic": {"type": "string", "maxLength": 160},
            "code": {"type": "string"}, "message": {"type": "string"}}),
            json!(["op", "code", "message"]),
        ),
        op(
            "reset",
            json!({"op": {"type": "string", "enum": ["reset"]}, "topic": {"type": "string"}}),
            json!(["op", "topic"]),
        ),
        op("authenticated", json!({"op": {"type": "string", "enum": ["authenticated"]}}), json!(["op"])),
        op("pong", json!({"op": {"type": "string", "enum": ["pong"]}}), json!(["op"])),
    ];
    let all: Vec<Value> = one.chain(many).chain(said).collect();
    json!({"description": "What the server sends over `/live` and, but for `pong` and `authenticated`, over `/live/sse`",
        "anyOf": all})
}

fn socket(topics: &Topics) -> Value {
    let description =
        format!("A WebSocket. The client sends `LiveMessage`, the server `LiveFrame`. Topics: {}.", topics.known());
    json!({"get": {"operationId": "listen", "tags": ["Live"], "security": [{}, {"guest": []}, {"bearer": []}], "summary": "The live feed, as a WebSocket",
        "description": description, "x-permission": Access::Public.name(), "x-topics": admitted(topics), "responses": {
            "101": {"description": "The connection speaks WebSocket from here on", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/LiveFrame"}}}},
            "426": {"description": "`upgrade_required`: the request is no WebSocket's handshake"},
            "403": {"description": "`foreign_origin`: another site's page may not listen"}}}})
}

fn stream(topics: &Topics) -> Value {
    let description = format!("Server-sent events: each event's data is a `LiveFrame`. Topics: {}.", topics.known());
    let list = |name: &str, place: &str, required: bool, description: &str| {
        json!({"name": name, "in": place, "required": required, "description": description,
            "schema": {"type": "string", "maxLength": 16_384}})
    };
    json!({"get": {"operationId": "stream", "tags": ["Live"], "security": [{}, {"guest": []}, {"bearer": []}], "summary": "The live feed, as server-sent events",
        "description": description, "x-permission": Access::Public.name(), "x-topics": admitted(topics),
        "parameters": [
            list("topics", "query", true, "1 to 64 topics, joined by commas; `\\,` is a comma inside a name"),
            list("since", "query", false, "`topic:version` pairs, joined by commas: what the client has"),
            list("last-event-id", "header", false, "Where to go on after a reconnect"),
        ],
        "responses": {
            "200": {"description": "Events until the client goes", "content": {
                "text/event-stream": {"schema": {"$ref": "#/components/schemas/LiveFrame"}}}},
            "400": {"description": "`too_many_topics`"},
            "403": {"description": "`foreign_origin`: another site's page may not listen"}}}})
}

/// Whom each topic admits, by its pattern, as `x-permission` says it of an operation. The connection itself is open to
/// everybody: each subscription is judged.
pub fn admitted(topics: &Topics) -> Value {
    let said = |access: Access| match access.others() {
        Some(others) => json!({"permission": access.name(), "permission_others": others.name()}),
        None => json!({"permission": access.name()}),
    };
    let one = topics.one_entity().iter().map(|family| (family.pattern().to_owned(), said(family.access())));
    let many = topics.many_entities().iter().map(|family| (family.name().to_owned(), said(family.access())));
    one.chain(many).collect::<serde_json::Map<_, _>>().into()
}

fn merge(into: &mut Value, members: Value) {
    if let (Value::Object(into), Value::Object(members)) = (into, members) {
        into.extend(members);
    }
}
