//! A peer as a child process in a temporary directory on the real disk: it listens on loopback at a port that was
//! free, ends with this value, and by the kernel's hand when this process dies first.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use souk::load::usage;
use tempfile::TempDir;

use crate::common::disk;

const END_MAX: Duration = Duration::from_secs(10);
/// Of a log, in an error.
const LOG_LINES: usize = 15;

pub struct Program {
    pub dir: TempDir,
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Program {
    /// `command` gets the directory that it may write to; its errors go to `log` there.
    pub fn start(name: &str, command: impl FnOnce(&Path) -> Command) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(disk()?)?;
        let wanted = command(dir.path());
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(wanted.get_program()).args(wanted.get_args());
        for (key, value) in wanted.get_envs() {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        command.current_dir(wanted.get_current_dir().unwrap_or(dir.path()));
        let log = fs::File::create(dir.path().join("log"))?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let output = BufReader::new(child.stdout.take().context("piped")?);
        Ok(Self { dir, child, output })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads its output until a line has the word; it must say it, or end. One that does neither is ended by `run.sh`.
    pub fn says(&mut self, word: &str) -> Result<()> {
        let mut said = String::new();
        loop {
            said.clear();
            if self.output.read_line(&mut said)? == 0 {
                bail!("it ended without {word:?}:\n{}", self.last_words());
            }
            if said.contains(word) {
                return Ok(());
            }
        }
    }

    /// To its end, which must be a good one.
    pub fn finish(mut self) -> Result<()> {
        let mut said = String::new();
        while self.output.read_line(&mut said)? > 0 {}
        ensure!(self.child.wait()?.success(), "it failed: {said}\n{}", self.last_words());
        Ok(())
    }

    pub fn last_words(&self) -> String {
        let text = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The directory is removed afterwards, so the program gets SIGTERM first, then SIGKILL.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let until = Instant::now() + END_MAX;
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program in the PATH.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// CPU time of a process and of all below it, those that have ended and were waited for included.
pub fn cpu_of_tree(process: u32) -> Result<Duration> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may be gone by now.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        // Fields 4, and 14 to 17 of `proc_pid_stat(5)`.
        let parent: u32 = fields.get(1).and_then(|field| field.parse().ok()).unwrap_or(0);
        let ticks: u64 = fields.iter().skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
        all.push((id, parent, ticks));
    }
    let (mut tree, mut ticks, mut next) = (vec![process], 0, 0);
    while let Some(of) = tree.get(next).copied() {
        next += 1;
        tree.extend(all.iter().filter(|(_, parent, _)| *parent == of).map(|(id, ..)| *id));
        ticks += all.iter().find(|(id, ..)| *id == of).map_or(0, |(.., ticks)| *ticks);
    }
    Ok(usage::of_ticks(ticks))
}
