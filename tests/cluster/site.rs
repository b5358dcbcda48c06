//! The shop from its clients' side: several nodes, any of which serves. A client without a response, or with "not now",
//! retries at the next node with the same key, until a deadline; only then is the outcome unknown.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    client::{Answer, Call, Person},
    history::{Action, History, Outcome},
};

/// How long a client waits for one node: longer than its own time-outs, shorter than most faults.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// How long an operation is tried at all.
const OP_MAX: Duration = Duration::from_secs(25);
/// Between two tries of one operation; a client that is refused does not hammer.
const PAUSE: Duration = Duration::from_millis(30);
/// Orders that listeners follow, so that a connection's topics stay below its bound.
const FOLLOWED_MAX: usize = 150;

/// A try without a response, or without the expected one.
#[derive(Clone, Debug)]
pub struct Failed {
    pub node: usize,
    /// `None`: no response at all.
    pub status: Option<u16>,
    #[allow(dead_code, reason = "read by whoever reads the failure")]
    pub what: String,
}

pub struct Site {
    pub history: Arc<History>,
    pub staff: Person,
    pub nodes: Vec<watch::Receiver<Option<String>>>,
    /// Changed by recorded commands alone, so that every version is accounted for.
    pub strict: Vec<String>,
    /// Bought and cancelled.
    pub sold: Vec<String>,
    /// Version and available units of each SKU before anybody came.
    pub first: BTreeMap<String, (u64, u64)>,
    pub closing: AtomicBool,
    pub failed: Mutex<Vec<Failed>>,
    pub answered: AtomicU64,
    pub followed: watch::Sender<Vec<String>>,
    next: AtomicU64,
}

pub struct Asked {
    pub node: usize,
    pub tries: u32,
    pub answer: Result<Answer, String>,
}

impl Site {
    pub fn new(
        history: Arc<History>,
        staff: Person,
        nodes: Vec<watch::Receiver<Option<String>>>,
        strict: Vec<String>,
        sold: Vec<String>,
        first: BTreeMap<String, (u64, u64)>,
    ) -> Arc<Self> {
        Arc::new(Self {
            history,
            staff,
            nodes,
            strict,
            sold,
            first,
            closing: AtomicBool::new(false),
            failed: Mutex::default(),
            answered: AtomicU64::new(0),
            followed: watch::Sender::new(Vec::new()),
            next: AtomicU64::new(1),
        })
    }

    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub fn open(&self) -> bool {
        !self.closing.load(Ordering::Relaxed)
    }

    /// Completed operations so far, for a wait on progress of the load.
    pub fn answers(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    pub fn follow(&self, order: &str) {
        self.followed.send_if_modified(|followed| {
            let room = followed.len() < FOLLOWED_MAX;
            if room {
                followed.push(order.to_owned());
            }
            room
        });
    }

    /// One request to one node.
    pub async fn once(&self, person: &Person, node: usize, call: &Call) -> Result<Answer, String> {
        let url = self.nodes[node].borrow().clone().ok_or("it does not run")?;
        timeout(ANSWER_MAX, person.send(&url, call)).await.map_err(|_| "no answer in time".to_owned())?
    }

    /// Asks node after node, beginning with any.
    pub async fn ask(&self, person: &Person, call: &Call) -> Asked {
        let first = self.number() as usize;
        let (started, mut tries) = (Instant::now(), 0);
        loop {
            let node = (first + tries as usize) % self.nodes.len();
            tries += 1;
            let why = match self.once(person, node, call).await {
                Ok(answer) if is_one(&answer) => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    return Asked { node, tries, answer: Ok(answer) };
                }
                Ok(answer) => {
                    self.fails(node, Some(answer.status), format!("{} {}: {}", call.method, call.path, answer.json))
                }
                Err(why) => self.fails(node, None, format!("{} {}: {why}", call.method, call.path)),
            };
            if started.elapsed() > OP_MAX {
                return Asked { node, tries, answer: Err(why) };
            }
            sleep(PAUSE).await;
        }
    }

    fn fails(&self, node: usize, status: Option<u16>, what: String) -> String {
        self.failed.lock().unwrap().push(Failed { node, status, what: what.clone() });
        what
    }

    /// A recorded operation; gives its outcome.
    pub async fn does(
        &self,
        who: &str,
        person: &Person,
        action: Action,
        call: &Call,
        outcome: impl FnOnce(&Answer) -> Outcome,
    ) -> Outcome {
        let begun = self.history.begin(who, action);
        let asked = self.ask(person, call).await;
        let outcome = match &asked.answer {
            Ok(answer) => outcome(answer),
            Err(why) => Outcome::Unknown { why: why.clone() },
        };
        self.history.end(begun, asked.node, asked.tries, outcome.clone());
        outcome
    }
}

/// A response that counts: not "later", and not a view that may be old.
fn is_one(answer: &Answer) -> bool {
    !matches!(answer.status, 429 | 502 | 503 | 504) && !answer.headers.contains_key("souk-stale")
}

pub fn refused(answer: &Answer) -> Outcome {
    let code = answer.json["code"].as_str().unwrap_or("none").to_owned();
    Outcome::Refused { status: answer.status, code }
}
