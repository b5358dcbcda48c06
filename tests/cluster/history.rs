//! The operations of a cluster's clients, with their responses: one line of JSON for each operation and each fault.
//!
//! Times are microseconds of one monotonic clock, the test process's own. An operation's window is from its first
//! request to the response that ended it, from any node. Deliberately absent: nodes' own records; a history holds only
//! events that a client could see.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use serde::{Deserialize, Serialize};

pub type Micros = u64;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Op {
    pub id: u64,
    pub who: String,
    /// The node of the last request.
    pub node: usize,
    pub from: Micros,
    pub to: Micros,
    /// Requests sent for it, all with the same key.
    pub tries: u32,
    pub action: Action,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Receive {
        sku: String,
        units: u64,
        key: String,
    },
    Hold {
        sku: String,
        units: u64,
        key: String,
    },
    /// `key` is that of the hold.
    Release {
        sku: String,
        key: String,
    },
    Look {
        sku: String,
    },
    /// `email` names the order before its id is known.
    Checkout {
        email: String,
        lines: Vec<(String, u64)>,
    },
    Pay {
        order: String,
        token: String,
    },
    Cancel {
        order: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Stock {
        version: u64,
        available: u64,
    },
    /// Units set aside by hand, under the server's name for it.
    Held {
        hold: String,
        version: u64,
        available: u64,
    },
    Placed {
        order: String,
        version: u64,
    },
    /// Taken; not decided within the time, or over by then.
    Undecided {
        order: String,
    },
    OutOfStock {
        available: Option<u64>,
    },
    Paid {
        number: Option<u64>,
    },
    Cancelled,
    Refused {
        status: u16,
        code: String,
    },
    /// No final response: the operation may be executed later, or never.
    Unknown {
        why: String,
    },
}

/// A line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    Op(Op),
    Note { at: Micros, text: String },
}

pub struct History {
    started: Instant,
    next: AtomicU64,
    kept: Mutex<(Vec<Line>, BufWriter<File>)>,
}

/// An operation that was begun.
pub struct Begun {
    id: u64,
    who: String,
    from: Micros,
    action: Action,
}

impl History {
    pub fn at(path: &Path) -> Self {
        let file = BufWriter::new(File::create(path).expect("a file for the history"));
        Self { started: Instant::now(), next: AtomicU64::new(1), kept: Mutex::new((Vec::new(), file)) }
    }

    pub fn now(&self) -> Micros {
        self.started.elapsed().as_micros() as Micros
    }

    pub fn begin(&self, who: &str, action: Action) -> Begun {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        Begun { id, who: who.to_owned(), action, from: self.now() }
    }

    pub fn end(&self, begun: Begun, node: usize, tries: u32, outcome: Outcome) {
        let Begun { id, who, from, action } = begun;
        self.keep(Line::Op(Op { id, who, node, from, to: self.now(), tries, action, outcome }));
    }

    pub fn note(&self, text: impl Into<String>) {
        self.keep(Line::Note { at: self.now(), text: text.into() });
    }

    fn keep(&self, line: Line) {
        let mut kept = self.kept.lock().unwrap();
        serde_json::to_writer(&mut kept.1, &line).expect("a line of JSON");
        kept.1.write_all(b"\n").expect("room on the disk");
        // A killed test run keeps its history, too.
        kept.1.flush().expect("room on the disk");
        kept.0.push(line);
    }

    pub fn lines(&self) -> Vec<Line> {
        self.kept.lock().unwrap().0.clone()
    }

    pub fn ops(&self) -> Vec<Op> {
        ops(&self.lines())
    }
}

pub fn ops(lines: &[Line]) -> Vec<Op> {
    let each = lines.iter().filter_map(|line| match line {
        Line::Op(op) => Some(op.clone()),
        Line::Note { .. } => None,
    });
    each.collect()
}

#[test]
fn a_history_can_be_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.jsonl");
    let history = History::at(&path);
    let begun = history.begin("ann", Action::Look { sku: "A".into() });
    history.note("kill -9 of node 1");
    history.end(begun, 2, 3, Outcome::Stock { version: 7, available: 4 });
    let read: Vec<Line> = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(ops(&read), history.ops());
    let op = &ops(&read)[0];
    assert!(op.from <= op.to && op.tries == 3 && read.len() == 2);
}
