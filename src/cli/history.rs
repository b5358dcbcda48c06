//! `souk history`: time travel. Every commit of one entity, and its state at any past moment.
//!
//! The state is folded here from the commits shown, with the entity's own `apply`: the output is the engine's state at
//! that moment, not a table's record of it.

mod words;

use std::io::{self, Write};

use clap::Args;
use serde_json::{Value, json};

use super::{Application, Failure, table::styled};
use crate::{
    actors::ports::journal::Commit,
    config::Config,
    domain::{
        key::EntityKey,
        kinds::{AnyState, Kind, redact},
        time::Timestamp,
    },
};

/// Show what happened to one entity, who did it, and its state at any moment
#[derive(Debug, Args)]
#[command(after_help = help())]
pub struct History {
    /// Kind of the entity
    kind: String,
    /// Its id: a SKU, a slug or a UUID
    id: String,
    /// Stop at this moment (UTC), as 2026-11-20, 2026-11-20T18:00 or 2026-11-20T18:00:00.123Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// One JSON object for machines: {key, version, commits, state}
    #[arg(long)]
    json: bool,
}

impl History {
    pub(super) async fn run(self, config: Config, app: &impl Application, out: &mut impl Write) -> Result<(), Failure> {
        let key = key(&self.kind, &self.id)?;
        let until = self.at.as_deref().map(moment).transpose()?;
        let mut commits = app.history(config, key.clone()).await?;
        if commits.is_empty() {
            return Err(Failure::new(format!("{key} does not exist")).hint("ids are case sensitive"));
        }
        // Versions, not times, are the order: a clock set back must not hide a commit in the middle.
        let shown = until.map_or(commits.len(), |until| commits.iter().take_while(|commit| commit.at <= until).count());
        let first = commits.first().map(|commit| commit.at.rfc3339()).unwrap_or_default();
        commits.truncate(shown);
        if commits.is_empty() {
            return Err(Failure::new(format!("{key} did not exist yet: its first commit is of {first}")));
        }
        let mut model = AnyState::new(key.kind);
        commits.iter().flat_map(|commit| &commit.events).for_each(|event| model.apply(event));
        let unreadable = |e: serde_json::Error| Failure::new(format!("{key}: {e}"));
        let mut state = serde_json::to_value(model.to_json().map_err(unreadable)?).map_err(unreadable)?;
        redact(key.kind, &mut state);
        for commit in &mut commits {
            let mut events: Value = serde_json::from_str(&commit.events_json).map_err(unreadable)?;
            redact(key.kind, &mut events);
            commit.events_json = events.to_string().into();
        }
        let text = if self.json {
            machine(&key, &commits, &state)?
        } else {
            person(&key, &commits, &state, styled(&io::stdout()))
        };
        Ok(writeln!(out, "{text}")?)
    }
}

fn help() -> String {
    format!(
        "Kinds: {}.

Examples:
  souk history stock TEE-M-RED
  souk history order 0199d3c1-6f00-7000-8000-000000000001 --at 2026-11-20T18:00
  souk history stock TEE-M-RED --json | jq .state",
        kinds()
    )
}

fn kinds() -> String {
    Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

fn key(kind: &str, id: &str) -> Result<EntityKey, Failure> {
    let Some(kind) = Kind::parse(kind) else {
        return Err(Failure::usage(format!("{kind:?} is no kind of entity")).hint(format!("one of {}", kinds())));
    };
    EntityKey::try_from(format!("{}/{id}", kind.name())).map_err(|e| Failure::usage(e.to_string()))
}

fn moment(text: &str) -> Result<Timestamp, Failure> {
    let hint = "for example 2026-11-20T18:00, always read as UTC";
    Timestamp::parse(text).ok_or_else(|| Failure::usage(format!("--at: {text:?} is not a moment")).hint(hint))
}

fn person(key: &EntityKey, commits: &[Commit], state: &Value, colours: bool) -> String {
    let (bold, dim, plain) = if colours { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
    let mut text = format!("{bold}{key}{plain}, {} commits\n", commits.len());
    for commit in commits {
        let Commit { version, at, by, command_id, .. } = commit;
        text +=
            &format!("\n{bold}version {version}{plain}  {}  by {by}  {dim}command {command_id}{plain}\n", at.rfc3339());
        for event in words::events(&commit.events_json) {
            text += &format!("  {event}\n");
        }
    }
    let (version, at) = commits.last().map(|last| (last.version, last.at.rfc3339())).unwrap_or_default();
    text += &format!("\n{bold}state at version {version}{plain}, {at}\n{state:#}");
    text
}

fn machine(key: &EntityKey, commits: &[Commit], state: &Value) -> Result<String, Failure> {
    let lines = commits.iter().map(|commit| {
        let events: Value = serde_json::from_str(&commit.events_json)?;
        let Commit { version, at, by, command_id, .. } = commit;
        Ok(json!({"version": version, "at": at.rfc3339(), "by": by, "command_id": command_id, "events": events}))
    });
    let lines: serde_json::Result<Vec<Value>> = lines.collect();
    let lines = lines.map_err(|e| Failure::new(format!("{key}: {e}")))?;
    let version = commits.last().map(|last| last.version);
    Ok(json!({"key": key.to_string(), "version": version, "commits": lines, "state": state}).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::CommandId;

    fn commit() -> Commit {
        Commit {
            key: EntityKey::new(Kind::Stock, "A"),
            version: 1,
            command_id: CommandId::default(),
            fingerprint: None,
            by: "user:ann".into(),
            at: Timestamp(0),
            events: Vec::new(),
            events_json: r#"[{"received":{"units":5}}]"#.into(),
        }
    }

    #[test]
    fn a_person_reads_blocks_and_the_state() {
        let state = json!({"available": 5});
        let text = person(&commit().key, &[commit()], &state, false);
        let expected = "stock/A, 1 commits\n\n\
            version 1  1970-01-01T00:00:00.000Z  by user:ann  command 00000000-0000-0000-0000-000000000000\n  received: units 5\n\n\
            state at version 1, 1970-01-01T00:00:00.000Z\n{\n  \"available\": 5\n}";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_machine_reads_one_object() {
        let state = json!({"available": 5});
        let text = machine(&commit().key, &[commit()], &state).expect("JSON");
        let read: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read["commits"][0]["events"], json!([{"received": {"units": 5}}]));
        assert_eq!((&read["version"], &read["state"]["available"]), (&json!(1), &json!(5)));
    }
}
