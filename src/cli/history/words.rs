//! An event's JSON as a line for people: `{"cart_settled":{"units":2}}` reads `cart settled: units 2`.
//!
//! Made from the JSON, not from the types: a new event needs nothing here.

use serde_json::{Map, Value};

/// One line for each event of a commit's JSON array.
pub fn events(json: &str) -> Vec<String> {
    match serde_json::from_str(json) {
        Ok(Value::Array(events)) => events.iter().map(event).collect(),
        Ok(other) => vec![event(&other)],
        Err(_) => vec![json.to_owned()],
    }
}

fn event(event: &Value) -> String {
    match event {
        // serde's external tag: one key, the event's name.
        Value::Object(map) if map.len() == 1 => {
            map.iter().map(|(name, fields)| format!("{}: {}", spaced(name), inner(fields))).collect()
        }
        Value::String(name) => spaced(name),
        other => inner(other),
    }
}

fn inner(value: &Value) -> String {
    match value {
        Value::Object(map) if is_money(map) => money(map),
        Value::Object(map) => {
            let fields = map.iter().map(|(name, value)| format!("{} {}", spaced(name), nested(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
        other => nested(other),
    }
}

fn nested(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(inner).collect::<Vec<_>>().join("; ")),
        Value::Object(map) if is_money(map) => money(map),
        Value::Object(_) => format!("({})", inner(value)),
    }
}

fn is_money(map: &Map<String, Value>) -> bool {
    map.len() == 2 && map.get("amount").is_some_and(Value::is_i64) && map.get("currency").is_some_and(Value::is_string)
}

/// In minor units: how many of them make a major one is not known here.
fn money(map: &Map<String, Value>) -> String {
    map.values().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect::<Vec<_>>().join(" ")
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_as_words() {
        let json = r#"[{"stock_held":{"order":"o1","units":2,"until":null}},"cleared",{"priced":{"total":{"amount":1999,"currency":"EUR"},"lines":[{"sku":"A"},{"sku":"B"}]}}]"#;
        let expected =
            ["stock held: order o1, units 2, until none", "cleared", "priced: lines [sku A; sku B], total 1999 EUR"];
        assert_eq!(events(json), expected);
    }

    #[test]
    fn what_is_not_json_is_shown_as_it_is() {
        assert_eq!(events("[torn"), ["[torn"]);
    }
}
