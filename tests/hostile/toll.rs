//! What an attack has done so far: requests, connections, and the shop's answers by status and code.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::client::Answer;

#[derive(Default)]
pub struct Toll {
    pub requests: AtomicU64,
    pub connections: AtomicU64,
    answers: Mutex<BTreeMap<String, u64>>,
}

impl Toll {
    /// One request with its answer; gives the answer on.
    pub fn asked(&self, answer: Result<Answer, String>) -> Option<Answer> {
        self.requests.fetch_add(1, Relaxed);
        match &answer {
            Ok(answer) if answer.status < 400 => self.answered(&answer.status.to_string()),
            Ok(answer) => self.answered(&format!(
                "{} {}",
                answer.status,
                answer.json["code"].as_str().unwrap_or("without a code")
            )),
            Err(_) => self.answered("no answer"),
        }
        answer.ok()
    }

    pub fn answered(&self, how: &str) {
        let mut answers = self.answers.lock().unwrap();
        match answers.get_mut(how) {
            Some(count) => *count += 1,
            None => drop(answers.insert(how.to_owned(), 1)),
        }
    }

    /// Answers whose text begins so.
    pub fn count(&self, how: &str) -> u64 {
        self.answers.lock().unwrap().iter().filter(|(told, _)| told.starts_with(how)).map(|(_, count)| count).sum()
    }

    /// The most frequent answers, as text.
    pub fn told(&self) -> String {
        let answers = self.answers.lock().unwrap();
        let mut all: Vec<_> = answers.iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let told: Vec<_> = all.iter().take(5).map(|(how, count)| format!("{how}: {count}")).collect();
        told.join(", ")
    }
}
