//! This process and copies of it: a figure about memory or CPU wants a process of its own.

use std::{
    env,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use souk::load::usage;

const ROLE: &str = "SOUK_BENCH_ROLE";

/// What this copy is for; `None` in the process that was started by hand.
pub fn role() -> Option<String> {
    env::var(ROLE).ok()
}

/// This binary once more, as `role` with `input`.
pub fn copy(role: &str, input: &str) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.args([input]).env(ROLE, role);
    Ok(command)
}

/// Runs a [`copy`], and reads the numbers that it prints.
pub fn again(role: &str, input: &str) -> Result<Vec<f64>> {
    let output = copy(role, input)?.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the process {role} failed");
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().last().with_context(|| format!("the process {role} said nothing"))?;
    line.split(' ').map(|number| Ok(number.parse()?)).collect()
}

// What `usage` tells where it can, a bench must be told.

/// Memory of this process now.
pub fn resident_bytes() -> Result<u64> {
    resident_of(std::process::id())
}

pub fn resident_of(process: u32) -> Result<u64> {
    usage::resident(process).with_context(|| format!("no memory of process {process} is told"))
}

pub fn peak_of(process: u32) -> Result<u64> {
    usage::peak(process).with_context(|| format!("no memory of process {process} is told"))
}

/// User and system time since its start.
pub fn cpu_of(process: u32) -> Result<Duration> {
    usage::cpu(process).with_context(|| format!("no CPU time of process {process} is told"))
}
