//! This process and copies of it: a figure about memory or CPU wants a process of its own.

use std::{
    env, fs,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

const ROLE: &str = "SOUK_BENCH_ROLE";

/// What this copy is for; `None` in the process that was started by hand.
pub fn role() -> Option<String> {
    env::var(ROLE).ok()
}

/// Runs this binary once more, as `role` with `input`, and reads the numbers that it prints.
pub fn again(role: &str, input: &str) -> Result<Vec<f64>> {
    let mut command = Command::new(env::current_exe()?);
    let output = command.args([input]).env(ROLE, role).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the process {role} failed");
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().last().with_context(|| format!("the process {role} said nothing"))?;
    line.split(' ').map(|number| Ok(number.parse()?)).collect()
}

pub fn resident_bytes() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// User and system time of a process since its start (fields 14 and 15 of `proc_pid_stat(5)`, in hundredths of a second).
pub fn cpu_of(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit(')').next().context("no name")?;
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}
