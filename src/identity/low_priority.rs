//! Threads for long computations, which get the processor where others leave it: a flood of passwords must not take it
//! from a checkout. Not Tokio's blocking threads, which the journal and the state store use, too.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

/// Beside a busy thread of the usual priority such a one gets about a tenth of a core (weight 110 of 1024 + 110).
const NICER: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The threads end when this is dropped and their work is done.
pub struct LowPriority(Sender<Job>);

impl LowPriority {
    pub fn start(name: &str, threads: usize) -> Self {
        let (sender, jobs) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads {
            let jobs = jobs.clone();
            if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(move || work(&jobs)) {
                tracing::error!(%error, name, "a thread cannot be started");
            }
        }
        Self(sender)
    }

    /// Does the job some time. Its bound is the caller's: here is no bound. A job that cannot be done is dropped.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) {
        let _ = self.0.send(Box::new(job));
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    // On Linux of this thread alone.
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::warn!(%error, "long computations run with the usual priority");
    }
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Its caller learns of it by what the job dropped.
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a computation panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_runs_at_low_priority_and_a_panic_ends_only_itself() {
        let usual = rustix::process::getpriority_process(None).unwrap();
        let threads = LowPriority::start("test", 1);
        let (tell, told) = mpsc::channel();
        threads.run(|| panic!("a fault of a job"));
        threads.run(move || tell.send(rustix::process::getpriority_process(None)).unwrap());
        assert_eq!(told.recv().unwrap().unwrap(), (usual + NICER).min(19));
        assert_eq!(rustix::process::getpriority_process(None).unwrap(), usual, "of the job's thread alone");
    }
}
